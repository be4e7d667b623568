def f(a, b):
    return a + b


print(f(1, 2), f(b=1, a=2))
print(f(1))
