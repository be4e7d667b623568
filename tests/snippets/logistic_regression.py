import torch
import torch.nn.functional as F

torch.manual_seed(3)
X = torch.randn(12, 3)
y = (X[:, 0] > 0).float()
w = torch.zeros(3, requires_grad=True)
b = torch.zeros((), requires_grad=True)
for step in range(5):
    logits = X @ w + b
    loss = F.binary_cross_entropy_with_logits(logits, y)
    loss.backward()
    with torch.no_grad():
        for p in (w, b):
            p.sub_(0.5 * p.grad)
            p.grad = None
    print("step %d: loss %.4f" % (step, loss))
accuracy = ((torch.sigmoid(X @ w + b) > 0.5) == y.bool()).float().mean()
print("accuracy {:.2%}".format(accuracy.item()))
