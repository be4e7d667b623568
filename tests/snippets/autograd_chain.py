import math
import torch

a = torch.linspace(0.0, 2.0 * math.pi, steps=25, requires_grad=True)
print(a)
b = torch.sin(a)
print(b)
c = 2 * b
d = c + 1
out = d.sum()
print(out)
print("d:", d.grad_fn)
print(d.grad_fn.next_functions[0][0])
print(a.grad_fn)
out.backward()
print(a.grad)
