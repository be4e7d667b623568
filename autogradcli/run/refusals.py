"""What of Python's syntax a snippet may use, and what is said of the rest."""

import ast

ALLOWED: frozenset[type[ast.AST]] = frozenset(
    {
        *(ast.Module, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Import, ast.ImportFrom, ast.alias),
        *(ast.For, ast.If, ast.Pass, ast.Break, ast.Continue, ast.With, ast.withitem, ast.Assert),
        *(ast.FunctionDef, ast.Lambda, ast.Return, ast.arguments, ast.arg, ast.keyword),
        *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Call),
        *(ast.List, ast.Tuple, ast.Dict, ast.ListComp, ast.GeneratorExp, ast.comprehension),
        *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr, ast.FormattedValue),
        *(ast.Load, ast.Store, ast.And, ast.Or, ast.Not, ast.UAdd, ast.USub, ast.Invert),
        *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult),
        *(ast.BitAnd, ast.BitOr, ast.BitXor),
        *(ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In, ast.NotIn),
    }
)
"""The kinds of nodes that the interpreter has a meaning for; nothing else gets past the parser."""

_FOR = "type for i in range(1000): and leave it with break"
_REASONS: dict[type[ast.AST], tuple[str, str | None]] = {
    ast.While: ("while may never end", _FOR),
    ast.Try: ("an error is not caught here: it is what the report is about", "leave try and except away"),
    ast.Raise: ("a snippet does not raise errors of its own", "type assert condition"),
    ast.ClassDef: ("a snippet has no classes", "type functions, and tensors with requires_grad=True for parameters"),
    ast.Global: ("a function does not change the names of the text around it", "give the value back with return"),
    ast.Nonlocal: ("a function does not change the names of the text around it", "give the value back with return"),
    ast.Delete: ("names are not deleted", "for a gradient type x.grad = None; else leave the line away"),
    ast.AsyncFunctionDef: ("nothing waits here", "type def"),
    ast.AsyncFor: ("nothing waits here", "type for"),
    ast.AsyncWith: ("nothing waits here", "type with"),
    ast.Await: ("nothing waits here", None),
    ast.Yield: ("generators are not part of the subset", "give back a list"),
    ast.YieldFrom: ("generators are not part of the subset", "give back a list"),
    ast.NamedExpr: ("a name is given its value on a line of its own", "type name = value before this line"),
    ast.Starred: ("arguments and items are written out one by one", None),
    ast.Match: ("match is not part of the subset", "type if and elif"),
    ast.Set: ("sets are not part of the subset", "type a list"),
    ast.SetComp: ("sets are not part of the subset", "type a list"),
    ast.DictComp: ("a dictionary is written out", "type {'name': value}"),
    ast.LShift: ("bits are not shifted here", "type * 2**n"),
    ast.RShift: ("bits are not shifted here", "type // 2**n"),
    ast.Del: ("names are not deleted", None),
}


def refusal(node: ast.AST) -> tuple[str, str | None]:
    """Why a node is not part of the subset, and the way to write it, where there is one."""
    if type(node) in _REASONS:
        return _REASONS[type(node)]
    return f"{type(node).__name__} is not part of the subset of Python that gradcalc runs", None


ATTRIBUTES: dict[str, tuple[str, str | None]] = {
    "register_hook": ("hooks are not part of the subset", "type y.retain_grad() and read y.grad"),
    "register_post_accumulate_grad_hook": ("hooks are not part of the subset", "read x.grad after backward"),
    "load": ("no file is read", "type the numbers, or torch.manual_seed(0) and torch.randn"),
    "save": ("no file is written", "print what you want to keep"),
    "optim": ("optimisers are not part of the subset", "type with torch.no_grad(): w -= lr * w.grad"),
    "nn": ("of torch.nn there is torch.nn.functional alone", "type the layer as a formula: x @ w + b"),
    "Parameter": ("layers are not part of the subset", "type torch.tensor(..., requires_grad=True)"),
    "Linear": ("layers are not part of the subset", "type F.linear(x, w, b) or x @ w.T + b"),
    "Module": ("layers are not part of the subset", "type a function of tensors"),
    "Sequential": ("layers are not part of the subset", "type a function of tensors"),
    "Function": ("derivatives of your own are not part of the subset", "type the function in torch's operations"),
    "MSELoss": ("layers are not part of the subset", "type F.mse_loss(prediction, target)"),
    "CrossEntropyLoss": ("layers are not part of the subset", "type F.cross_entropy(logits, target)"),
    "BCELoss": ("layers are not part of the subset", "type F.binary_cross_entropy(p, target)"),
    "BCEWithLogitsLoss": (
        "layers are not part of the subset",
        "type F.binary_cross_entropy_with_logits(logits, target)",
    ),
    "Variable": ("a tensor is a variable by itself", "type torch.tensor(..., requires_grad=True)"),
    "compile": ("a snippet is run as it stands", "leave torch.compile away"),
    "cuda": ("gradcalc computes on the CPU", "leave .cuda() away"),
    "jacobian": ("functionals are not part of the subset", "type torch.autograd.grad(y, x, grad_outputs)"),
    "hessian": ("functionals are not part of the subset", "type torch.autograd.grad(y, x, create_graph=True)"),
    "gradcheck": ("gradcalc checks every gradient itself", "leave gradcheck away"),
    "Tensor": ("classes are not reachable", "type torch.tensor([1.0, 2.0])"),
    "FloatTensor": ("classes are not reachable", "type torch.tensor([1.0, 2.0])"),
    "LongTensor": ("classes are not reachable", "type torch.tensor([1, 2])"),
    "data_ptr": ("addresses of memory are not reachable", None),
    "storage": ("raw memory is not reachable", "type x.tolist()"),
    "untyped_storage": ("raw memory is not reachable", "type x.tolist()"),
}
"""What people write that is out of reach, with the reason and what to type instead."""

NAMES: dict[str, tuple[str, str | None]] = {
    "open": ("no file is opened", "type the numbers into the snippet"),
    "input": ("nothing is asked of the person at the terminal", "type the value into the snippet"),
    "eval": ("no text is run as a program", "type the expression itself"),
    "exec": ("no text is run as a program", "type the statements themselves"),
    "compile": ("no text is run as a program", "type the statements themselves"),
    "getattr": ("attributes are written with a point", "type x.name"),
    "setattr": ("attributes are written with a point", "type x.grad = None"),
    "delattr": ("attributes are not deleted", "type x.grad = None"),
    "hasattr": ("attributes are written with a point", "type x.name"),
    "vars": ("the interpreter's inside is not reachable", None),
    "globals": ("the interpreter's inside is not reachable", None),
    "locals": ("the interpreter's inside is not reachable", None),
    "dir": ("the interpreter's inside is not reachable", None),
    "type": ("classes are not reachable", "type x.dtype or x.shape"),
    "isinstance": ("classes are not reachable", "type x.dtype or x.shape"),
    "object": ("classes are not reachable", None),
    "super": ("classes are not reachable", None),
    "id": ("addresses of memory are not reachable", "type a is b"),
    "breakpoint": ("there is no debugger", "type gradcalc run --trace"),
    "help": ("there is no help inside a snippet", "type gradcalc functions NAME"),
    "exit": ("a snippet ends with its last line", None),
    "quit": ("a snippet ends with its last line", None),
    "iter": ("iterators are not part of the subset", "type for"),
    "next": ("iterators are not part of the subset", "type for"),
    "memoryview": ("raw memory is not reachable", None),
    "bytes": ("raw memory is not reachable", None),
    "bytearray": ("raw memory is not reachable", None),
    "set": ("sets are not part of the subset", "type a list"),
    "frozenset": ("sets are not part of the subset", "type a list"),
}
"""Python's own functions that are out of reach, with the reason and what to type instead."""

MODULES: dict[str, tuple[str, str | None]] = {
    "matplotlib": ("nothing is drawn here", "leave the lines that draw away"),
    "pandas": ("there is no pandas here", "type the numbers as a list"),
    "torchvision": ("there are no data sets here", "type a few numbers as a tensor"),
    "sklearn": ("there is no scikit-learn here", "type a few numbers as a tensor"),
    "random": ("random numbers come from torch", "type torch.manual_seed(0) and torch.rand(1)"),
    "time": ("times are not part of the output", "leave the lines that take the time away"),
}
"""Modules that snippets often import and that are not there."""
