import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
h = x * 2
h.retain_grad()
loss = (h**2).sum()
loss.backward()
print(h.grad, h.retains_grad, x.grad)
