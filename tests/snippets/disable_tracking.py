import torch

x = torch.ones(2, 2, requires_grad=True)
y = x + 2
print(y.requires_grad, (x**2).requires_grad)
with torch.no_grad():
    print((x**2).requires_grad)
    z = x * 3
    with torch.enable_grad():
        w = x * 4
print(z.requires_grad, w.requires_grad)
print(y.detach().requires_grad, x.eq(y.detach()).all())
torch.set_grad_enabled(False)
print((x * 2).requires_grad)
torch.set_grad_enabled(True)
print((x * 2).requires_grad)
