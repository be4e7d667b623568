import torch


def softmax(X):
    X_exp = torch.exp(X)
    partition = X_exp.sum(1, keepdim=True)
    return X_exp / partition


def cross_entropy(y_hat, y):
    return -torch.log(y_hat[range(len(y_hat)), y])


torch.manual_seed(2)
X = torch.rand((2, 5), requires_grad=True)
prob = softmax(X)
print(prob, prob.sum(1))
y = torch.tensor([0, 2])
loss = cross_entropy(prob, y).mean()
loss.backward()
print(loss, X.grad)
