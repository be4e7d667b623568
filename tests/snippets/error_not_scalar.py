import torch

x = torch.ones(2, 2, requires_grad=True)
out = (x + 1).pow(2)
print(out)
out.backward()
