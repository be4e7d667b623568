import torch


def f(a):
    b = a * 2
    for _ in range(20):
        if b.norm() >= 1000:
            break
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c


torch.manual_seed(5)
a = torch.randn(size=(), requires_grad=True)
d = f(a)
d.backward()
print(a.grad == d / a)
total = 0.0
for i, value in enumerate([1.0, 2.0, 3.0]):
    if i == 1:
        continue
    total += value
squares = [i * i for i in range(6) if i % 2 == 0]
pairs = [(i, j) for i in range(2) for j in range(i, 3)]
print(total, squares, pairs, sorted([3, 1, 2], reverse=True), list(zip("ab", range(2))))
