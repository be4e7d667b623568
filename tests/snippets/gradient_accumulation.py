import torch

w = torch.tensor([1.0, -1.0], requires_grad=True)
batches = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
for i, batch in enumerate(batches):
    loss = (w @ batch - 1) ** 2 / 2
    loss.backward()
    print(i, w.grad)
    if (i + 1) % 2 == 0:
        with torch.no_grad():
            w -= 0.01 * w.grad
        w.grad.zero_()
print(w)
