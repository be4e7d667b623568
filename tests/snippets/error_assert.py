import torch

x = torch.ones(2)
assert x.sum() == 2
assert x.sum() == 3, f"the sum is {x.sum()}"
