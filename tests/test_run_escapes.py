"""Escapes that were tried: nothing of Python, torch or the machine is reachable from a snippet but what is listed."""

import pytest

from autogradcli.engines.torch.snippet import namespaces
from autogradcli.engines.torch.snippet.library import Library
from autogradcli.errors import GradcalcError
from autogradcli.run.execute import STOPPED, execute
from autogradcli.run.source import Source

REFUSED = [
    # Python's own ways out.
    ("__import__('os')", "__import__ is not reachable"),
    ("__import__('os').system('true')", "there is no system here"),
    ("__builtins__", "__builtins__ is not reachable"),
    ("().__class__.__base__.__subclasses__()", "no attribute with an underscore before it"),
    ("''.__class__", "no attribute with an underscore before it"),
    ("(lambda: 0).__code__", "no attribute with an underscore before it"),
    ("(lambda: 0).__globals__", "no attribute with an underscore before it"),
    ("def f(): pass\nf.__closure__", "no attribute with an underscore before it"),
    ("[x for x in ().__class__.__mro__]", "no attribute with an underscore before it"),
    ("x = 1\nf'{x.__class__}'", "no attribute with an underscore before it"),
    ("x = 1\nf'{x:{x.__class__}}'", "no attribute with an underscore before it"),
    ("def f(x=().__class__): return x", "no attribute with an underscore before it"),
    ("eval('1')", "no text is run as a program"),
    ("exec('x = 1')", "no text is run as a program"),
    ("compile('1', 'f', 'eval')", "no text is run as a program"),
    ("getattr(1, 'real')", "attributes are written with a point"),
    ("setattr(1, 'x', 2)", "attributes are written with a point"),
    ("vars()", "the interpreter's inside is not reachable"),
    ("globals()['x'] = 1", "the interpreter's inside is not reachable"),
    ("dir()", "the interpreter's inside is not reachable"),
    ("type(1)", "classes are not reachable"),
    ("object()", "classes are not reachable"),
    ("isinstance(1, int)", "classes are not reachable"),
    ("id(1)", "addresses of memory are not reachable"),
    ("open('/etc/passwd')", "no file is opened"),
    ("input()", "nothing is asked"),
    ("breakpoint()", "there is no debugger"),
    ("help()", "there is no help"),
    ("exit()", "a snippet ends with its last line"),
    ("print('x', file=open)", "file= is not part of the subset"),
    ("sorted([1], key=print)", "key= is not part of the subset"),
    ("import os", "os cannot be imported"),
    ("import sys as torch", "sys cannot be imported"),
    ("from os import system", "os cannot be imported"),
    ("import importlib", "importlib cannot be imported"),
    ("import subprocess", "subprocess cannot be imported"),
    ("from torch import *", "names are imported one by one"),
    ("from . import x", "there is no package around a snippet"),
    ("import builtins", "builtins cannot be imported"),
    # Syntax that is not part of the subset.
    ("@print\ndef f(): pass", "decorators"),
    ("class A: pass", "classes"),
    ("async def f(): pass", "nothing waits"),
    ("try:\n    x = 1\nexcept Exception:\n    pass", "not caught"),
    ("raise SystemExit", "errors of its own"),
    ("global x", "names of the text around it"),
    ("del print", "names are not deleted"),
    ("while True: pass", "may never end"),
    ("match 1:\n    case int(): pass", "match"),
    ("(x := 1)", "on a line of its own"),
    ("print(*[1, 2])", "one by one"),
    ("print(**{'sep': ''})", "one by one"),
    ("def f(*args): pass", "one by one"),
    ("def f(): yield 1", "generators"),
    ("{1, 2}", "sets"),
    ("{x: x for x in [1]}", "dictionary"),
    ("1 << 10**9", "bits are not shifted"),
    ("b'bytes'", "constants of the type bytes"),
    ("1j", "constants of the type complex"),
    ("with open('f') as f: pass", "given no name"),
    ("import torch\nwith torch.no_grad() as __x: pass", "given no name"),
    # Torch's and NumPy's ways out.
    ("import torch\ntorch.load('f.pt')", "no file is read"),
    ("import torch\ntorch.save(1, 'f.pt')", "no file is written"),
    ("from torch import load", "no file is read"),
    ("import torch\nt = torch\nt.load", "no file is read"),
    ("import torch\ntorch.hub", "there is no hub here"),
    ("import torch\ntorch.ops.aten", "there is no ops here"),
    ("import torch\ntorch.ops", "there is no ops here"),
    ("import torch\ntorch.classes", "there is no classes here"),
    ("import torch\ntorch.jit", "there is no jit here"),
    ("import torch\ntorch.compile", "a snippet is run as it stands"),
    ("import torch\ntorch.utils", "there is no utils here"),
    ("import torch\ntorch._C", "no attribute with an underscore before it"),
    ("import torch\ntorch.os", "there is no os here"),
    ("import torch\ntorch.serialization", "there is no serialization here"),
    ("import torch.multiprocessing", "torch.multiprocessing cannot be imported"),
    ("import torch\ntorch.nn.Module", "layers are not part of the subset"),
    ("import torch\ntorch.ones(1).register_hook(print)", "hooks"),
    ("import torch\ntorch.ones(1).data_ptr()", "addresses of memory"),
    ("import torch\ntorch.ones(1).storage()", "raw memory"),
    ("import torch\ntorch.ones(1).untyped_storage()", "raw memory"),
    ("import torch\ntorch.ones(1).apply_(print)", "there is no apply_ here"),
    ("import torch\ntorch.ones(1).map_(torch.ones(1), print)", "there is no map_ here"),
    ("import torch\ntorch.ones(1).set_(torch.ones(1))", "there is no set_ here"),
    ("import torch\ntorch.ones(1).as_strided((10**6,), (1,))", "there is no as_strided here"),
    ("import torch\ntorch.add(torch.ones(1), 1, out=torch.ones(1))", "out= is not part of the subset"),
    ("import torch\ntorch.ones(1)._version", "no attribute with an underscore before it"),
    ("import torch\ntorch.ones(1).grad_fn._saved_self", "no attribute with an underscore before it"),
    ("import numpy\nnumpy.ctypeslib", "there is no ctypeslib here"),
    ("import numpy as np\nnp.load('f.npy')", "no file is read"),
    ("import numpy as np\nnp.fromfile('f')", "there is no fromfile here"),
    ("import numpy as np\nnp.memmap", "there is no memmap here"),
    ("import numpy as np\nnp.vectorize(print)", "there is no vectorize here"),
    ("import math\nmath.factorial(10**9)", "there is no factorial here"),
]
"""Each escape, and words of the error that refuses it before anything is run."""

STOPPED_ON_THE_WAY = [
    ("10**10**8", "more than 100,000 bits"),
    ("x = 10**20000\nfor i in range(100): x = x * x", "more than 100,000 bits"),
    ("import math\nmath.prod([10**9000] * 100)", "more than 100,000 bits"),
    ("'a' * 10**10", "longer than 1,000,000"),
    ("[0] * 10**10", "longer than 1,000,000"),
    ("s = 'a'\nfor i in range(100): s = s + s", "longer than 1,000,000"),
    ("s = ['a']\nfor i in range(100): s += s", "longer than 1,000,000"),
    ("l = [1]\nfor x in l: l.append(x)", "longer than 1,000,000"),
    ("l = [1]\nfor i in range(60): l = [l, l]\nprint(l)", "longer than 1,000,000"),
    ("l = []\nl.append(l)\nl == [l]", "longer than 1,000,000"),
    ("list(range(10**12))", "this range has more than"),
    ("list(range(10**7))", "longer than 1,000,000"),
    ("for i in range(3): sum(range(3 * 10**7))", "more than 50,000,000 steps"),
    ("for i in range(10**6):\n    for j in range(10**6):\n        for k in range(10**6): pass", "50,000,000 steps"),
    ("[i for i in range(10**5) for j in range(10**5)]", "longer than 1,000,000"),
    ("sum(1 for i in range(10**5) for j in range(10**5) if i < 0)", "more than 50,000,000 steps"),
    ("f'{1:{10**9}}'", "pads to more than 1,000"),
    ("'%1000000000d' % 1", "pads too far"),
    ("'%*d' % (10**9, 1)", "pads too far"),
    ("'{:>1000000000}'.format(1)", "pads to more than 1,000"),
    ("'{0.__class__}'.format(1)", "a field of format is a number or a name"),
    ("'{0[0]}'.format([1])", "a field of format is a number or a name"),
    ("'x'.zfill(10**10)", "pads to more than 1,000"),
    ("'x'.join(['y' * 10**6] * 10**3)", "longer than 1,000,000"),
    ("('x' * 10**6).replace('x', 'y' * 10**6)", "longer than 1,000,000"),
    ("def f(n): return f(n - 1)\nf(10)", "recursion"),
    ("def f(g): return g(g)\nf(f)", "recursion"),
    ("f = lambda n: f(n)\nf(1)", "recursion"),
    ("for i in range(10**7): print('x' * 1000)", "prints more than 10,000,000 characters"),
    ("import torch\ntorch.ones(10**12)", "more than 100,000,000 components"),
    ("import torch\ntorch.ones(10**6, 10**6)", "more than 100,000,000 components"),
    ("import torch\ntorch.full((10**12,), 1.0)", "more than 100,000,000 components"),
    ("import torch\ntorch.arange(10**12)", "more than 100,000,000 components"),
    ("import torch\ntorch.ones(1).expand(10**12).sum()", "more than 100,000,000 components"),
    ("import torch\ntorch.ones(10).repeat(10**12)", "more than 100,000,000 components"),
    ("import numpy as np\nnp.ones(10**12)", "more than 100,000,000 components"),
    ("import numpy as np\nnp.array([print])", "an array is made of numbers"),
    ("import numpy as np\nnp.array([1], dtype='O')", "a dtype is not written as a text"),
    ("with 1: pass", "with opens torch.no_grad()"),
    ("with print: pass", "with opens torch.no_grad()"),
]
"""Each escape that only shows when it is run, and words of the error that ends it."""

AS_IN_PYTHON = [
    ("x = [y for y in [1]]\nprint(y)", "NameError", "name 'y' is not defined"),
    ("def f():\n    z = 1\nf()\nz", "NameError", "name 'z' is not defined"),
    ("def f():\n    print(w)\n    w = 1\nf()", "UnboundLocalError", "cannot access local variable 'w'"),
    ("x = 1\nx.real.imag.upper()", "AttributeError", "has no attribute"),
    ("print.run", "AttributeError", "has no attribute"),
    ("import torch\ntorch.manual_seed.run", "AttributeError", "has no attribute"),
    ("import torch\ntorch.ones(2).numpy().tolist.receiver", "AttributeError", "has no attribute"),
    ("(lambda: 1).body", "AttributeError", "has no attribute"),
    ("import torch\n(torch.ones(10**5, 1) * torch.ones(1, 10**5)).sum()", "RuntimeError", "allocate"),
    ("import torch\nx = [torch.ones(10**8) for i in range(1000)]", "RuntimeError", "allocate"),
    ("(1)(2)", "TypeError", "'int' object is not callable"),
    ("print.name()", "AttributeError", "has no attribute"),
]
"""What ends as it does in Python; objects of the interpreter show nothing of themselves."""


def run(text: str) -> tuple[str, str]:
    """The type and the message of the error that ends a snippet, under gradcalc's interpreter."""
    raised = execute(Source(text, "escape"), Library(), lambda _: None, None)
    assert raised is not None
    return raised.type, raised.message


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_an_escape_is_refused_before_anything_is_run(text: str, words: str) -> None:
    """One error, that names the line."""
    printed: list[str] = []
    with pytest.raises(GradcalcError) as caught:
        execute(Source(f"print('run')\n{text}", "escape"), Library(), printed.append, None)
    assert words in caught.value.message
    assert caught.value.message.startswith("line ")
    assert not printed


@pytest.mark.parametrize(("text", "words"), STOPPED_ON_THE_WAY)
def test_what_would_never_end_or_never_fit_is_stopped(text: str, words: str) -> None:
    """Bounds on numbers, texts, lists, steps, tensors and output."""
    kind, message = run(text)
    assert words in message
    assert kind == STOPPED


@pytest.mark.parametrize(("text", "kind", "words"), AS_IN_PYTHON)
def test_names_and_attributes_that_are_not_there_end_as_in_python(text: str, kind: str, words: str) -> None:
    """Names of comprehensions and functions stay inside them."""
    try:
        found = run(text)
    except GradcalcError as error:
        found = "refused", error.message
    assert found[0] in {kind, "refused"}
    assert words in found[1] or found[0] == "refused"


def test_no_reachable_operation_touches_files_or_runs_code() -> None:
    """What the modules of a snippet hold, by name: a new row of the table cannot open a way out unseen."""
    dangerous = {
        *("load", "save", "compile", "hub", "ops", "classes", "jit", "utils", "import_ir_module", "from_file", "set_"),
        *("register_hook", "storage", "untyped_storage", "data_ptr", "as_strided", "apply_", "map_", "frombuffer"),
        *("from_dlpack", "to_dlpack", "fromfile", "memmap", "ctypeslib", "vectorize", "frompyfunc", "eval", "exec"),
        *("resize_", "share_memory_", "record_stream", "pickle", "serialization", "dispatch", "library", "asarray_"),
    }
    library = Library()
    names = {name for namespace in library.modules.values() for name in namespace.names}
    assert not dangerous & (names | library.methods.keys() | library.attribute_names)
    assert not [name for name in names | namespaces.methods().keys() if name.startswith("_")]
