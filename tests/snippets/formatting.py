import torch

loss = torch.tensor(0.123456789)
items = {"loss": loss.item(), "steps": 12}
print(f"{loss:.3f} {loss.item():8.2e}|{'left':<8}|{'right':>8}|{'mid':^9}| {12:05d} {1234567:,} {0.25:.1%}")
print(f"{items['loss']:.2f} {len(items)=} {loss!r} {[1, 2.5, None, True, 'a']} {(1,)} {items}")
print("%s has %d items, %5.2f" % ("it", 3, 2.71828), "{} {name:>6}".format(1, name="x"), end="!\n")
print(1, "two", 3.0, sep="-")
print("a" * 3 + "b", [0] * 3, (1, 2) + (3,), "x,y".split(","), " ".join(["p", "q"]), "t".upper())
print(7 // 2, 7 % 3, -7 // 2, 2**10, 2**-1, 5 / 2, True + 1, 1 < 2 < 3, not 1, None is None, 3 in [1, 3])
print(round(2.567, 2), abs(-3), min(3, 1), max([1, 5]), sum([1, 2, 3]), int("7"), float("1e3"), str(2.0), bool(0))
