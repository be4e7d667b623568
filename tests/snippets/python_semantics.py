import math
import torch
from math import pi, sqrt as root


def outer(a, b=2, *, c=3):
    total = a

    def inner(k):
        return total * k + b

    return [inner(i) for i in range(3)], c


print(outer(1), outer(2, b=5), outer(a=3, c=4))
print(1 < 2 < 3, 1 < 3 < 2, 3 > 2 >= 2 != 1, not 0, 1 and 0, 0 or "x", 5 if root(4) == 2 else 6)
items = [3, 1, 2]
items.append(4)
items.extend([5, 6])
items.insert(0, 9)
print(items.pop(), items.index(1), items.count(3), items[1:4], items[::-1], items[-1], len(items))
items.sort()
items.reverse()
items[0] = 7
items += [8]
print(items, items.copy() == items, 7 in items, 70 not in items)
table = {"a": 1, "b": [1, 2]}
table["c"] = 3
for key, value in table.items():
    print(key, value, end=";")
print(table.get("z", 0), list(table.keys()), list(table.values()), sorted(table))
print("a-b".replace("-", "+"), " x ".strip(), "ab".zfill(4), "x".center(5) + "|", "a,b".split(","), "abc".startswith("a"))
print(-7 % 3, 7 // -2, 2**0.5, (-8) ** (1 / 3), 1e3, 10**20, -(2**3), +1, ~5, 6 & 3, 6 | 3, 6 ^ 3)
print(f"{pi:.3f} {math.e!r:>20} {'x'!s:<3}| {1:>{4}} {{}} {3.0:g} {True}")
print("%d%% of %s" % (50, [1]), "{0}{1}{0}".format("a", "b"), str(1.0) + repr("q"), "a" "b")
print(list(map(lambda v: v * 2, [1, 2])), list(reversed([1, 2])), divmod(7, 3), any([0, 1]), all([]), pow(2, 3))
print([[i * j for j in range(2)] for i in range(2)], [c for c in "ab" for _ in range(2)], sum(i for i in range(4) if i % 2))
(a, b), c = (1, 2), 3
a, b = b, a
x = y = [0]
x[0] = a
print(a, b, c, x, y, x is y, None is None)
i = 0
for i in range(5):
    if i == 1:
        continue
    if i == 3:
        break
    pass
print(i, max(3, 1), min([2, 1]), max([], default=0), round(2.5), abs(-2), int("3"), bool([]), tuple([1]), list("ab"))
t = torch.arange(3.0)
print([v.item() for v in t], list(t), max(t), sum(t), [float(v) for v in t], t.tolist(), 2 in t, t.mean() > 0.5)
assert a == 2, "not reached"
