import torch

torch.manual_seed(0)
X = torch.randn(20, 2)
true_w = torch.tensor([2.0, -3.4])
y = X @ true_w + 4.2 + 0.01 * torch.randn(20)
w = torch.zeros(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)


def net(X, w, b):
    """The linear regression model."""
    return torch.matmul(X, w) + b


def squared_loss(y_hat, y):
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2


def sgd(params, lr, batch_size):
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()


for epoch in range(10):
    loss = squared_loss(net(X, w, b), y)
    loss.sum().backward()
    sgd([w, b], 0.5, 20)
    with torch.no_grad():
        print(f"epoch {epoch + 1}, loss {float(squared_loss(net(X, w, b), y).mean()):f}")
print(f"error in estimating w: {true_w - w.reshape(true_w.shape)}")
