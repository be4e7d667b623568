import torch

x = torch.ones(
    3, requires_grad=True
)
y = (
    (x * 2)
    .exp()
    .sum()
)
print(
    y.item()
    > 1
)
z = (
    x
    .reshape(3)
    .matmul(
        torch.ones(4)
    )
)
