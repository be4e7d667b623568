import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x * 3
y += 1
y.mul_(2)
print(y)
z = torch.zeros(3)
z[0] = x[0] * 5
z[1:] = x**2
print(z, z.grad_fn)
z.sum().backward()
print(x.grad)
y[0] = 7.0
y.sum().backward()
print(x.grad)
