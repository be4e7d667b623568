import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = torch.exp(x)
y += 1
print(y.detach())
y.sum().backward()
