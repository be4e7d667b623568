import torch

x = torch.ones(2)
print(x[1])
print([1][0], x[2])
