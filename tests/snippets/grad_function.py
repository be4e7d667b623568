import torch

x = torch.tensor(3.0, requires_grad=True)
y = torch.tensor(4.0, requires_grad=True)
z = x**2 * y + y**3
dz_dx, dz_dy = torch.autograd.grad(z, (x, y))
print(dz_dx, dz_dy, x.grad)
z = torch.sin(x) * y
print(torch.autograd.grad(z, x, retain_graph=True)[0], torch.autograd.grad(outputs=z, inputs=[y]))
