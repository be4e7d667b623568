import math
import torch
import torch.nn.functional as F

torch.manual_seed(7)
q, k, v = [torch.randn(3, 4, requires_grad=True) for _ in range(3)]
scores = q @ k.transpose(-2, -1) / math.sqrt(k.size(-1))
weights = F.softmax(scores, dim=-1)
out = weights @ v
print(weights.sum(dim=-1), out.shape)
out.pow(2).mean().backward()
for name, t in {"q": q, "k": k, "v": v}.items():
    print(name, t.grad.norm())
