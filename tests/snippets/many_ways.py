import copy
import pickle
import subprocess
import sys

import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, x):
        return self.layer(x)


torch.manual_seed(0)
net = Net()
net(torch.ones(3, 2)).sum().backward()
print(net.layer.weight.grad, copy.deepcopy(net).layer.weight.shape)
x = torch.ones(3, requires_grad=True)
compiled = torch.compile(lambda x: (x * x).sum())
compiled(x).backward()
print(x.grad)
print(torch.func.grad(lambda x: (x**2).sum())(torch.ones(2)))
print(torch.func.vmap(lambda x: x * 2)(torch.ones(2, 2)))
print(torch.func.jacrev(torch.sin)(torch.ones(2)))
print(torch.autograd.functional.hessian(lambda x: (x**3).sum(), torch.ones(2)))
try:
    torch.ones(2) @ torch.ones(3)
except RuntimeError as error:
    print(type(error), str(error)[:40])
print(subprocess.run([sys.executable, "-c", "print(1 + 1)"], capture_output=True, text=True).stdout)
print(torch.optim.Adam(net.parameters()).state_dict()["param_groups"][0]["lr"])
with torch.autocast("cpu", dtype=torch.bfloat16):
    loss = net(torch.ones(3, 2)).float().pow(2).mean()
loss.backward()
hook = x.register_hook(lambda g: g * 2)
(x * x).sum().backward()
print(x.grad, pickle.loads(pickle.dumps(x)).shape)
