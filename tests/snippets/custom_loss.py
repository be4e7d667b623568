import torch


def log_cosh(prediction, target):
    error = prediction - target
    return torch.mean(torch.log(torch.cosh(error)))


def weighted(prediction, target, *, weight=2.0):
    error = target - prediction
    return torch.where(error > 0, weight * error, -error).mean()


p = torch.tensor([0.5, 1.5, -1.0], requires_grad=True)
t = torch.tensor([0.0, 2.0, 1.0])
for loss in (log_cosh, lambda a, b: weighted(a, b, weight=3.0)):
    value = loss(p, t)
    value.backward()
    print(f"{value.item():>10.5f}", p.grad.tolist())
    p.grad = None
