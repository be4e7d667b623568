import torch

x = torch.arange(1.0, 4.0, requires_grad=True)
y = torch.stack([x[0] * x[1], x[1] * x[2], x.prod()])
rows = [torch.autograd.grad(y, x, v, retain_graph=True)[0] for v in torch.eye(3)]
print(torch.stack(rows))
