import torch
import torch.nn.functional as F

x = torch.linspace(-2, 2, 5, requires_grad=True)
zero = torch.zeros(5)
for name in ["mse", "l1", "smooth", "huber"]:
    if name == "mse":
        loss = F.mse_loss(x, zero, reduction="sum")
    elif name == "l1":
        loss = F.l1_loss(x, zero, reduction="sum")
    elif name == "smooth":
        loss = F.smooth_l1_loss(x, zero, reduction="sum", beta=0.5)
    else:
        loss = F.huber_loss(x, zero, reduction="sum", delta=1.5)
    (g,) = torch.autograd.grad(loss, x)
    print(name, loss, g)
