import torch

tensor = torch.ones(4, 4)
print(f"First row: {tensor[0]}")
print(f"First column: {tensor[:, 0]}")
print(f"Last column: {tensor[..., -1]}")
tensor[:, 1] = 0
print(tensor)
t1 = torch.cat([tensor, tensor, tensor], dim=1)
print(t1)
y1 = tensor @ tensor.T
y2 = tensor.matmul(tensor.T)
z1 = tensor * tensor
z2 = tensor.mul(tensor)
print(y1, z1, (y1 == y2).all(), (z1 == z2).all())
agg = tensor.sum()
agg_item = agg.item()
print(agg_item)
print(f"{tensor} \n")
tensor.add_(5)
print(tensor)
