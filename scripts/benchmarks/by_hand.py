"""What a user would write by hand for the job of `gradcalc eval "5*x**3+2*x**2+4*x+8" --x 2`."""

import sympy
import torch
from rich.console import Console
from rich.table import Table

x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
f = 5 * x**3 + 2 * x**2 + 4 * x + 8
f.backward()

symbol = sympy.Symbol("x")
derivative = sympy.diff(5 * symbol**3 + 2 * symbol**2 + 4 * symbol + 8, symbol)

table = Table("value", "grad_fn", "autograd", "SymPy: derivative", "SymPy: value")
table.add_row(str(f.item()), f.grad_fn.name(), str(x.grad.item()), str(derivative), str(derivative.subs(symbol, 2)))
Console().print(table)
