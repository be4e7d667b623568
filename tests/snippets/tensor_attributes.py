import torch

tensor = torch.rand(3, 4)
print(f"Shape of tensor: {tensor.shape}")
print(f"Datatype of tensor: {tensor.dtype}")
print(f"Device tensor is stored on: {tensor.device}")
print(tensor.ndim, tensor.size(), tensor.size(0), tensor.numel(), len(tensor))
print(tensor.requires_grad, tensor.is_leaf, tensor.grad, tensor.grad_fn)
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
print(tensor.to(device).device)
