import numpy as np
import torch

t = torch.ones(5)
print(f"t: {t}")
n = t.numpy()
print(f"n: {n}")
t.add_(1)
print(f"t: {t}")
print(f"n: {n}")
m = np.ones(5)
u = torch.from_numpy(m)
m += 1
print(f"u: {u}", m.shape, np.sqrt(m).sum(), np.pi)
