import torch

a = torch.rand(3, requires_grad=True)
b = a * 2
c = torch.zeros(3)
d = b.detach()
e = torch.ones(3).requires_grad_()
f = torch.rand(3, requires_grad=True).double()
for name, tensor in [("a", a), ("b", b), ("c", c), ("d", d), ("e", e), ("f", f)]:
    print(f"{name}: is_leaf={tensor.is_leaf} requires_grad={tensor.requires_grad} grad_fn={tensor.grad_fn is not None}")
