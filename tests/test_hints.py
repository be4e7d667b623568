"""Hints are right: for each wrong input the hint is what it should be, and what it says, typed in, works."""

import json
import math
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autogradcli import GradcalcError, diff, evaluate, trace
from autogradcli.language.parser import parse
from tests.command import gradcalc

LINES: list[tuple[str, str, str]] = [
    # The first word.
    ("'x**2' --x 2", "type gradcalc eval 'x**2' --x 2", "eval 'x**2' --x 2"),
    ("--x 2 'x**2'", "type gradcalc eval --x 2 'x**2'", "eval --x 2 'x**2'"),
    ("evla x --x 2", "did you mean eval?", "eval x --x 2"),
    ("dif x", "did you mean diff?", "diff x"),
    ("derive x", "did you mean diff?", "diff x"),
    ("gradient 'x**2' --x 2", "did you mean eval?", "eval 'x**2' --x 2"),
    ("-x 2 eval 'x^2'", "type gradcalc eval --x 2 'x^2'", "eval --x 2 'x^2'"),
    ("diff x**2 x", "type --wrt x", "diff x**2 --wrt x"),
    ("eval x^^2 --x 1", "a power is **, a product *", "eval x**2 --x 1"),
    ("eval 'integrate(x^2, x)' --x 1", "type the formula alone", "eval x^2 --x 1"),
    ("explain nan", "type gradcalc explain GC201", "explain GC201"),
    ("-k 2 eval 'k^2'", "type gradcalc eval --k 2 'k^2'", "eval --k 2 'k^2'"),
    ("diff x^2 --claim 2*x", "gradcalc eval EXPR --x 2 --claim EXPR", "eval x^2 --x 2 --claim 2*x"),
    ("help me", "the commands are eval", "help eval"),
    ("-V", "did you mean --version?", "--version"),
    ("explain eval", "type gradcalc help eval", "help eval"),
    ("explain 'vertical tangent'", "type gradcalc explain GC112", "explain GC112"),
    ("functions activations", "gradcalc functions lists the functions of activations", "functions"),
    ("eval x^2 --x 2 -o", "type -o FILE", "eval x^2 --x 2 -o f.txt"),
    ("eval x*y --x 2 --y 3 --wrt x --wrt y", "type --wrt x,y", "eval x*y --x 2 --y 3 --wrt x,y"),
    ("eval x^2 --x2", "for x = 2 type --x 2", "eval x^2 --x 2"),
    ("eval x^2 '--x 2'", "an option and its value are two words: type --x 2", "eval x^2 --x 2"),
    ("eval 'x^2 --x 2'", "type 'x^2' --x 2", "eval 'x^2' --x 2"),
    ("eval x^2 —x 2", "a value is given by two minus signs: type --x 2", "eval x^2 --x 2"),
    ("eval x^2 --set x 2", "type --set x=2", "eval x^2 --set x=2"),
    ("eval x --x 2 --function mine.same", "type mine:same", "eval x --x 2 --function mine:same"),
    ("eval x --x 2 --function mine.py:same", "type mine:same", "eval x --x 2 --function mine:same"),
    ("graph x^2 --x 2 --png g.png", "type -o FILE.png", "graph x^2 --x 2 -o g.svg"),
    ("diff x^2 --format tex", "did you mean latex?", "diff x^2 --format latex"),
    ("eval x^2 --x 2 --precision 5", "type --digits 6", "eval x^2 --x 2 --digits 6"),
    ("batch - --decimals 5", "type --digits 6", "eval x^2 --x 2 --digits 6"),
    ("diff x^2 --var x", "type --wrt x", "diff x^2 --wrt x"),
    ("check cases.toml --format xml", "did you mean junit?", "check cases.toml --format junit"),
    ("plot x^2", "did you mean eval EXPR --at points.csv?", "eval x^2 --at points.csv"),
    ("verify x^2 --x 2", "did you mean eval?", "eval x^2 --x 2"),
    ("eval x --x 2 --plian", "type --format plain", "eval x --x 2 --format plain"),
    ("graph x^2 --x 2 --jacobian -o j.svg", "--jacobian is an option of gradcalc eval", "eval x^2 --x 2 --jacobian"),
    ("graph x*y --x 2 --y 3 --order 2", "type --wrt x", "graph x**2*y --x 2 --y 3 --order 2 --wrt x"),
    ("eval x^2 --x 2 --of z", "to give it one type z = ...", "eval 'z = x^2' --x 2 --of z"),
    ("version", "did you mean --version?", "--version"),
    ("functons", "did you mean functions?", "functions"),
    ("explian", "did you mean explain?", "explain"),
    ("--json eval x --x 2", "type gradcalc eval --json x --x 2", "eval --json x --x 2"),
    ("help evl", "did you mean eval?", "help eval"),
    ("--verson", "did you mean --version?", "--version"),
    # Values.
    ("eval x**2", "type --x NUMBER", "eval x**2 --x 2"),
    ("eval x*y --x 2", "type --y NUMBER", "eval x*y --x 2 --y 3"),
    ("eval x**2 x=2", "type --x 2", "eval x**2 --x 2"),
    ("eval x*y x=2 y=pi/4", "type --x 2 --y pi/4", "eval x*y --x 2 --y pi/4"),
    ("eval x**2 -x 2", "--x 2", "eval x**2 --x 2"),
    ("eval x**2 --y 2", "the variable is x", "eval x**2 --x 2"),
    ("eval 'a*x' --a 1 --xx 2", "did you mean --x?", "eval 'a*x' --a 1 --x 2"),
    ("eval 'sum(x)' --x 1,2,3", "for a list type [1,2,3]", "eval 'sum(x)' --x [1,2,3]"),
    ("eval 'sum(rand(3)*x)' --x 2", '--w "rand(3)"', "eval 'sum(w*x)' --x 2 --w 'rand(3)'"),
    (
        "eval 'sum(x)' --x 'normal(0,1,(3))'",
        "for a tensor of them type mean + std*randn(2, 3)",
        "eval 'sum(x)' --x '0 + 1*randn(3)'",
    ),
    ("eval x --x 2 --function gc:Swish", "gc is a module of Python's own", "eval x --x 2 --function mine:same"),
    (
        "eval x --at points.csv --function mine:same",
        "type --x @points.csv:x --upstream 'ones_like(out)'",
        "eval x --x @points.csv:x --upstream 'ones_like(out)' --function mine:same",
    ),
    ("eval x --x 2,5", "for a decimal number type 2.5", "eval x --x 2.5"),
    ("eval 'sum(x)' --x '(1, 2)'", "for a list type [1, 2]", "eval 'sum(x)' --x '[1, 2]'"),
    ("eval x --x 1e400", "type inf", "eval x --x inf"),
    ("eval x --x 1e-400", "type 0", "eval x --x 0"),
    ("eval x --x Inf", "type inf", "eval x --x inf"),
    ("eval x --x NaN", "type nan", "eval x --x nan"),
    ("eval x --x PI", "type pi", "eval x --x pi"),
    ("eval sinx --x 2", "type sin(x)", "eval 'sin(x)' --x 2"),
    ("eval 'sum(x)' --x points.csv", "type --x @points.csv", "eval 'sum(x)' --x @points.csv"),
    ("eval @note.txt --x 2", "type - < note.txt in its place", "eval - --x 2"),
    ("eval x*y --at points.csv", "add a column y, or", "eval x*y --at points.csv --y 2"),
    ("diff 'x^T A x'", "for a transpose type x.T @ A @ x", "eval 'x.T @ A @ x' --x [1,2] --A [[1,2],[2,3]]"),
    ("explain relu", "type gradcalc functions relu", "functions relu"),
    ("batch cases.toml -o b.txt", "type -o b.jsonl", "batch points.jsonl -o b.jsonl"),
    (
        "graph x**2 --x 2 --strict",
        "--strict is an option of gradcalc eval, run, check and batch",
        "eval x --x 2 --strict",
    ),
    ("eval 'rπ' --r 2", "type r*π", "eval r*π --r 2"),
    ("eval sin²-x --x 2", "for the function type sin(x)", "eval 'sin(x)**2-x' --x 2"),
    ("eval 'mx + b' --m 1 --x 2 --b 3", "type m*x + b", "eval 'm*x + b' --m 1 --x 2 --b 3"),
    ("eval 2xy --x 1 --y 2", "type 2x*y", "eval 2x*y --x 1 --y 2"),
    ("eval 'dtype*2' --dtype 3", "it can be", "eval 'dtype*2' --set dtype=3"),
    ("eval x --x", "--x needs a value", "eval x --x 2"),
    ("eval x^2 --x two", "type a number, such as 2 or pi/4", "eval x^2 --x pi/4"),
    ("eval x^2 -x=2", "two dashes: --x 2", "eval x^2 --x 2"),
    ("eval x^2 --at x=2", "for one point type --x 2", "eval x^2 --x 2"),
    ("eval x^2 --point x=2", "an option of its own name: --x 2", "eval x^2 --x 2"),
    ("eval 'sum(x)' --x '2 3'", "for a list [2, 3]", "eval 'sum(x)' --x '[2, 3]'"),
    ("eval 'sum(x)' --x '1 2 3'", "for a list [1, 2, 3]", "eval 'sum(x)' --x '[1, 2, 3]'"),
    ("eval 'sum(x)' --x '[1 2; 3 4]'", "type [[1, 2], [3, 4]]", "eval 'sum(x)' --x '[[1, 2], [3, 4]]'"),
    ("eval 'sum(x)' --x '{1,2}'", "type [1,2]", "eval 'sum(x)' --x '[1,2]'"),
    ("eval 'sqrt2*x' --x 2", "type sqrt(2)*x", "eval 'sqrt(2)*x' --x 2"),
    ("eval 'sum(x)' --x 1 2 3", "for a list type --x [1,2,3]", "eval 'sum(x)' --x [1,2,3]"),
    ("eval x --x 1:10", "for many points type --at points.csv", "eval x --at points.csv"),
    ("eval 'sum(x)' --x 0..1", "for a list type linspace(0, 1, 11)", "eval 'sum(x)' --x 'linspace(0, 1, 11)'"),
    ("eval -e x**2 --x 2", "the expression stands alone: type 'x**2'", "eval 'x**2' --x 2"),
    ("eval --expr x**2 --x 2", "the expression stands alone: type 'x**2'", "eval 'x**2' --x 2"),
    ("eval program.py", "type gradcalc run program.py", "run program.py"),
    ("graph program.py", "gradcalc graph --run program.py", "graph --run program.py"),
    # Options.
    ("eval x**2 --x 2 --plain", "type --format plain", "eval x**2 --x 2 --format plain"),
    ("eval x**2 --x 2 --latex", "type --format latex", "eval x**2 --x 2 --format latex"),
    ("diff x**2 --latex", "type --format latex", "diff x**2 --format latex"),
    ("diff x^2 x 2", "type --wrt x --order 2", "diff x^2 --wrt x --order 2"),
    ("eval x**2 --x 2 --csv f.csv", "type --format csv", "eval x**2 --x 2 --format csv"),
    ("eval x**2 --x 2 --raw", "type --format plain", "eval x**2 --x 2 --format plain"),
    ("eval x**2 --x 2 --device cuda", "gradcalc computes on the CPU: leave it out", "eval x**2 --x 2"),
    ("eval x**2 --x 2 --eps 1e-6", "a tolerance is --rtol 1e-6", "eval x**2 --x 2 --rtol 1e-6"),
    ("eval x**2 --x 2 --dtype double", "did you mean float64?", "eval x**2 --x 2 --dtype float64"),
    ("eval x**2 --x 2 --dtype torch.half", "did you mean float16?", "eval x**2 --x 2 --dtype float16"),
    ("check cases.toml --junit", "type --report junit=gradcalc.xml", "check cases.toml --report junit=gradcalc.xml"),
    ("check cases.toml -k square", "type --select NAME", "check cases.toml --select square"),
    ("batch point.jsonl", "did you mean points.jsonl?", "batch points.jsonl"),
    ("diff x**2 -n 2", "type --order 2", "diff x**2 --order 2"),
    ("eval x**2 -n 2 --x 3", "type --order 2", "eval x**2 --order 2 --x 3"),
    ("diff x*y -w x", "type --wrt x", "diff x*y --wrt x"),
    ("diff x**2 --oder 2", "did you mean --order?", "diff x**2 --order 2"),
    ("diff x**2 --x 2", "gradcalc eval", "eval x**2 --x 2"),
    ("diff x**2 -x 2", "gradcalc eval", "eval x**2 --x 2"),
    ("diff x**2 --trace", "--trace is an option of gradcalc eval", "eval x**2 --x 2 --trace"),
    ("graph x**2 --x 2 --trace", "--trace is an option of gradcalc eval", "eval x**2 --x 2 --trace"),
    ("graph x**2 --x 2 --hessian", "type --order 2", "graph x**2 --x 2 --order 2"),
    ("functions sin --trace", "--trace is an option of gradcalc eval", "eval x --x 2 --trace"),
    ("explain kink --wrt x", "--wrt is an option of gradcalc eval", "eval x --x 2 --wrt x"),
    ("functions --sine", "see gradcalc functions --help", "functions --help"),
    ("eval x --x 2 --silent", "type --quiet", "eval x --x 2 --quiet"),
    ("eval x --x 2 --verbose", "type --full", "eval x --x 2 --full"),
    ("eval x --x 2 --tolerance", "type --rtol 1e-6", "eval x --x 2 --rtol 1e-6"),
    ("eval x --x 2 --float32", "type --dtype float32", "eval x --x 2 --dtype float32"),
    ("eval x --x 2 --no-color", "type --color never", "eval x --x 2 --color never"),
    ("batch points.jsonl --format text", "it can be json, csv, markdown or latex", "batch points.jsonl --format csv"),
    ("batch cases.toml", "type gradcalc check cases.toml", "check cases.toml"),
    ("batch program.py", "type gradcalc run program.py", "run program.py"),
    ("eval x --at [1,2]", "points come from a file, or from a pipe: printf 'x", "eval x --at points.csv"),
    ("eval 'sum(x)' --x points.csv:x", "type --x @points.csv:x", "eval 'sum(x)' --x @points.csv:x"),
    ("eval x --x 2 --format jsn", "did you mean json?", "eval x --x 2 --format json"),
    ("eval x --x 2 --dtype float", "did you mean float64?", "eval x --x 2 --dtype float64"),
    ("eval x --x 2 --color yes", "it can be auto, always or never", "eval x --x 2 --color always"),
    ("eval x --x 2 --digits 0", "a whole number, 1 to 30", "eval x --x 2 --digits 1"),
    ("eval x --x 2 --rtol -1", "it can be 0 or a number above 0", "eval x --x 2 --rtol 0"),
    ("eval x --x 2 --timeout 0", "a number of seconds above 0", "eval x --x 2 --timeout 1"),
    ("eval x --x 2 --max-memory 5", "type --max-memory 2GB", "eval x --x 2 --max-memory 2GB"),
    ("eval x --x 2 --json --format plain", "leave one of them out", "eval x --x 2 --json"),
    ("eval x --x 2 --quiet -o f.txt", "leave one of them out", "eval x --x 2 -o f.txt"),
    ("eval x --x 2 -o f.png", "type -o f.txt", "eval x --x 2 -o f.txt"),
    ("eval x --x 2 -o f.jsn", "did you mean .json?", "eval x --x 2 -o f.json"),
    ("eval x --x 2 -o no/f.txt", "type mkdir -p no", "eval x --x 2 -o f.txt"),
    ("eval x --x 2 -o .", "type -o ./result.txt", "eval x --x 2 -o ./result.txt"),
    ("graph x**2 --x 2 -o g.pgn", "did you mean .png?", "graph x**2 --x 2 -o g.png"),
    ("eval x --x 2 -o f.gif", "gradcalc graph draws pictures", "graph x**2 --x 2 -o g.svg"),
    ("graph x**2 --x 2 -o g.gif", "type -o g.png", "graph x**2 --x 2 -o g.png"),
    ("diff x*y --hessian", "type --order 2", "diff x*y --order 2"),
    ("graph x**2 --x 2 -o g.csv", "type -o g.txt", "graph x**2 --x 2 -o g.txt"),
    ("eval x --x 2 --x 3", "leave one of them out", "eval x --x 2"),
    ("eval x --x 2 --wrt y", "the variable is x", "eval x --x 2 --wrt x"),
    ("eval x --x 2 --wrt ,", "type --wrt x", "eval x --x 2 --wrt x"),
    ("eval 'y = x; 2*y' --x 2 --of yy", "did you mean y?", "eval 'y = x; 2*y' --x 2 --of y"),
    ("eval x*y --x 2 --y 3 --claim y", "type --claim x=EXPR or --claim y=EXPR", "eval x*y --x 2 --y 3 --claim x=y"),
    ("eval x**2 --x 2 --claim x=", "type --claim x=EXPR", "eval x**2 --x 2 --claim 2*x"),
    ("eval x**2 --x [1,2]", "or type --upstream", "eval x**2 --x [1,2] --upstream 'ones_like(out)'"),
    ("eval x**2 --x [1,2]", "each component type --jacobian", "eval x**2 --x [1,2] --jacobian"),
    ("eval '[x*y, x+y^2]' --x 1 --y 2", "type --jacobian", "eval '[x*y, x+y^2]' --x 1 --y 2 --jacobian"),
    ("eval x**2 --x 2 --hvp 1", "type --hvp x=VALUE", "eval x**2 --x 2 --hvp x=1"),
    ("eval x + 1 --x 2", 'put it in quotes: "x + 1"', "eval 'x + 1' --x 2"),
    ("eval -q --q 2", "type -- -q", "eval --q 2 -- -q"),
    ("eval", "gradcalc eval --help shows examples", "eval --help"),
    ("eval --jsn x --x 2", "did you mean --json?", "eval --json x --x 2"),
    ("functions sinn", "did you mean sin?", "functions sin"),
    ("functions argmax", "did you mean amax?", "functions amax"),
    ("functions sin cos", "ask for one NAME at a time", "functions sin"),
    ("explain kinq", "did you mean kink?", "explain kink"),
    ("explain GC999", "gradcalc explain lists all of them", "explain"),
    ("explain GC119", "the nearest are GC111, GC112, GC113, GC114, GC115;", "explain GC111"),
    ("check nothing/", "type the path of a case file", "check cases.toml"),
    ("check cases.tom", "did you mean cases.toml?", "check cases.toml"),
    ("check note.txt", "end in .toml, .json or .jsonl", "check cases.toml"),
    ("check cases.toml --select nothing", "no case is called nothing", "check cases.toml --select square"),
    (
        "check cases.toml --report xml",
        "type --report junit=gradcalc.xml",
        "check cases.toml --report junit=gradcalc.xml",
    ),
    ("check vector.toml", "for each component type jacobian = true", "check jacobian.toml"),
    ("check vector.toml", 'type upstream = "ones_like(out)"', "check jacobian.toml"),
    ("check cases.toml --x 2", "at.x = 2", "check cases.toml"),
    ("eval x --x @point.csv", "did you mean points.csv?", "eval 'sum(x)' --x @points.csv"),
    ("eval x --at points.cvs", "did you mean points.csv?", "eval x --at points.csv"),
    ("eval 'x^2 y' --x 2 --y 3", "type x^2*y or x^(2*y)", "eval 'x^2*y' --x 2 --y 3"),
    ("eval 'sin(xy)' --x 2 --y 3", "type sin(x*y)", "eval 'sin(x*y)' --x 2 --y 3"),
    ("eval 'sin x cos x' --x 2", "type sin(x)*cos(x)", "eval 'sin(x)*cos(x)' --x 2"),
    ("eval 'e^x cos y' --x 2 --y 1", "type e^x*cos(y) or", "eval 'e^x*cos(y)' --x 2 --y 1"),
    ("eval 'at*2' --at 3", "--set at=3", "eval 'at*2' --set at=3"),
    ("eval x --x @points.pkl", "save the numbers with numpy.save", "eval 'sum(x)' --x @points.csv"),
    ("diff 'w @ x'", "gradcalc eval knows tensors", "eval 'w @ x' --w [1,2] --x [3,4]"),
    ("diff x**2 --format fortran", "it can be", "diff x**2 --format c"),
    ("run nothing.py", "nothing.py", "run program.py"),
    ("run", "type gradcalc run program.py", "run program.py"),
    ("graph 2", 'type gradcalc graph "x**2" --x 2', "graph x**2 --x 2"),
    ("graph x**2 --x 2 --backward 1", "type --run FILE", "graph --run program.py --backward 1"),
]
"""A wrong command line, a part of what is said, and the command line that follows from it."""

TEXTS: list[tuple[str, str, str]] = [
    ("foo(x)", "for a product type foo*(x)", "foo*(x)"),
    ("sinn(x)", "did you mean sin", "sin(x)"),
    ("Sin(x)", "did you mean sin?", "sin(x)"),
    ("tg(x)", "did you mean tan?", "tan(x)"),
    ("arcsn(x)", "did you mean arcsin", "arcsin(x)"),
    ("softplu(x)", "did you mean softplus", "softplus(x)"),
    ("x(y+1)", "for a product type x*(y+1)", "x*(y+1)"),
    ("pi(x)", "for a product type pi*(x)", "pi*(x)"),
    ("1/2x", "type (1/2)*x or 1/(2*x)", "1/(2*x)"),
    ("1/2x", "type (1/2)*x", "(1/2)*x"),
    ("2^3x", "type 2^3*x or 2^(3*x)", "2^3*x"),
    ("x^2 sin(x)", "type x^2*sin(x) or x^(2*sin(x))", "x^2*sin(x)"),
    ("sin x", "type sin(x)", "sin(x)"),
    ("Gamma[2]*x", "for the function type Gamma(2)*x", "Gamma(2)*x"),
    ("sin 2x", "type sin(2x)", "sin(2x)"),
    ("sin²x cos x", "type sin(x)**2*cos(x)", "sin(x)**2*cos(x)"),
    ("sin x cos x", "type sin(x)*cos(x)", "sin(x)*cos(x)"),
    ("x sin²x", "for a product type x*sin(x)**2", "x*sin(x)**2"),
    ("2x sin x", "for a product type 2x*sin(x)", "2x*sin(x)"),
    ("x^2 sin x", "type x^2*sin(x) or x^(2*sin(x))", "x^(2*sin(x))"),
    ("cos 2πx", "type cos(2π x)", "cos(2π x)"),
    ("e^xsin(x)", "for a product type e^x*sin(x)", "e^x*sin(x)"),
    (
        "1/x e^(-(x-μ)²/(2σ²) + x - x + x - x + x - x + x - x + x - x + x - x)",
        "put brackets as in (a/b)*c or in a/(b*c)",
        "(1/x)*e^(-(x-μ)²/(2σ²))",
    ),
    ("2,5x", "for a decimal number type 2.5", "2.5x"),
    ("1,000x", "without the comma 1000", "1000x"),
    ("x + 5%", "for a percentage type 5/100", "x + 5/100"),
    ("2*cos''(x) + 1", "gradcalc itself differentiates type the formula alone: 2*cos(x) + 1", "2*cos(x) + 1"),
    ("f'(x)", "gradcalc itself differentiates type the formula alone, in place of f'(x)", "x"),
    ("2x^3'", "gradcalc itself differentiates type the formula alone: 2x^3", "2x^3"),
    ("d/dx x²", "gradcalc itself differentiates type the formula alone: x²", "x²"),
    ("d²/dx² [sin(x)]", "type the formula alone: sin(x)", "sin(x)"),
    ("dy/dx = 2x", "type the formula of y itself", "y = x²"),
    ("f'(x) = 2x", "type the formula of f itself", "f(x) = x²"),
    ("x^", "something is missing after ^", "x^2"),
    ("(x ^ / 2)", "something is missing between ^ and /", "(x ^ 3 / 2)"),
    ("sin^-1(x)", "type asin(x)", "asin(x)"),
    ("√x²", "type sqrt(x)²", "sqrt(x)²"),
    ("√2x", "type sqrt(2)*x", "sqrt(2)*x"),
    ("2³√x", "type 2³*√x or 2*³√x", "2*³√x"),
    ("tan⁻¹ x", "type atan(x) for the inverse", "atan(x)"),
    ("log₂ x", "type log2(x)", "log₂(x)"),
    ("ln x", "ln has its argument in brackets", "ln(x)"),
    ("x y", "for a product type x*y", "x*y"),
    ("x 2", "for a power x**2", "x**2"),
    ("x2 y", "for a product type x2*y", "x2*y"),
    ("x!", "type factorial(x)", "factorial(3)*x"),
    ("(x+1)!", "type factorial(x+1)", "lgamma(x+1)"),
    ("x // 2", "type floor(x / 2)", "floor(x / 2) + x"),
    ("x === 2", "type ==", "where(x == 2, x, 1)"),
    ("x && y", "type and", "x if x > 1 and y > 1 else y"),
    ("x <> 2", "type !=", "x if x != 2 else 1"),
    ("x =< 2", "type <=", "x if x <= 2 else 1"),
    ("!x", "type not", "x if not x > 2 else 1"),
    ("{x+1}^2", "type (x+1)^2", "(x+1)^2"),
    ("‘x’", "without such marks type x", "x"),
    ("“x**2”", "without such marks type x**2", "x**2"),
    ("x**2”", "without it type x**2", "x**2"),
    ("mse_loss(x, y, reduction=“sum”)", 'type mse_loss(x, y, reduction="sum")', 'mse_loss(x, y, reduction="sum")'),
    ("½x", "type (1/2)x", "(1/2)x"),
    ("½x + 3¼y", "type (1/2)x + (3 + 1/4)y", "(1/2)x + (3 + 1/4)y"),
    ("x∧2", "type and", "x if x > 0 and x < 5 else 2"),
    ("diff(x^2, x)", "type the formula alone: x^2", "x^2"),
    ("y*diff(x^2, x)", "type y*grad(x^2, x)", "y*grad(x^2, x)"),
    ("x += 1", "type x = x + ...", "y = x + 1"),
    ("x := 2", "y = ...; ...", "y = 2*x; y"),
    ("import torch", "functions need no import", "torch.sin(x)"),
    ("lambda x: x**2", "type the formula itself", "x**2"),
    ("def f(x): return x**2", "type the formula itself", "x**2"),
    ("return x", "type the formula itself", "x"),
    ("f(x) = x^2; f(3)", "type the formula alone, or y = ...", "y = x^2; y"),
    ("x.grad", "leave .grad away", "x"),
    ("x.detach()", "give its value as a variable", "x"),
    ("x.item()", "leave .item() away", "x"),
    ("x.backward()", "leave .backward() away", "x"),
    ("sum(x.requires_grad_())", "leave .requires_grad_() away", "x"),
    ("Symbol(x)", "type the name alone", "x"),
    ("Rational(1, 2)*x", "type a/b", "1/2*x"),
    ("grad(x**2)", "type grad(output, x", "grad(x**2, x)"),
    ("Piecewise(x, y)", "type a if condition else b", "x if x > 0 else y"),
    ("if x > 0: x", "type a if condition else b", "x if x > 0 else 0"),
    ("x if x > 0", "type a if condition else b", "x if x > 0 else 0"),
    ("$x^2$", "in place of LaTeX type x^2", "x^2"),
    ("\\frac{1}{x}", "in place of LaTeX type 1/x", "1/x"),
    ("x; y", "type y = ... to use it later", "z = x; y*z"),
    ("(x, y)", "for a list type [x, y]", "sum([x, y])"),
    ("x, y", "for a list type [x, y]", "sum([x, y])"),
    ("sum(i for i in range(x))", "type for i in range(3)", "sum(i*x for i in range(3))"),
    ("max(x", "type max(x)", "max(x)"),
    ("sum([x, y*(x + 1", "type sum([x, y*(x + 1)])", "sum([x, y*(x + 1)])"),
    ("x ** 2 )", "without it type x ** 2", "x ** 2"),
    ("Sin[x] + Exp[2x]", "type sin(x) + exp(2x)", "sin(x) + exp(2x)"),
    ("x^2 + 2x + 1 = 0", "type the formula alone: x^2 + 2x + 1", "x^2 + 2x + 1"),
    ("x^2 = 2x + 1", "type the formula alone: x^2 - (2x + 1)", "x^2 - (2x + 1)"),
    ("∫x^2 dx", "does not integrate", "x^2"),
    ("lim x->0 sin(x)/x", "type the formula alone: sin(x)/x", "sin(x)/x"),
    ("the derivative of x^2", "type the formula alone: x^2", "x^2"),
    ("x.cuda()", "leave .cuda() away", "x"),
    ("x.^2 .+ 1 .- sin(x)./x", "type x^2 + 1 - sin(x)/x", "x^2 + 1 - sin(x)/x"),
    ("(x + 1).*y", "type (x + 1)*y", "(x + 1)*y"),
    ("x'*y", "for a transpose type x.T*y", "x.T*y"),
    ("@(x) x^2", "type the formula itself: x^2", "x^2"),
    ("x -> x^2", "type the formula itself: x^2", "x^2"),
    ("x => x*2", "type the formula itself: x*2", "x*2"),
    ("(x, y) -> x*y", "type the formula itself: x*y", "x*y"),
    ("f: x^2", "type the formula itself: x^2", "x^2"),
    ("jax.grad(lambda x: x**2)(x)", "type the formula alone: x**2", "x**2"),
    ("=x^2", "type x^2", "x^2"),
    ("sum([x; 2*y])", "type sum([x, 2*y])", "sum([x, 2*y])"),
    ("sum([x y; 1 2])", "type sum([[x, y], [1, 2]])", "sum([[x, y], [1, 2]])"),
    ("sum({x, y})", "type sum([x, y])", "sum([x, y])"),
    ("Sum[x^k, {k, 1, 3}]", "type sum(x^k for k in range(1, 4))", "sum(x^k for k in range(1, 4))"),
    ("Sum(x**k, (k, 1, 3))", "type sum(x**k for k in range(1, 4))", "sum(x**k for k in range(1, 4))"),
    ("∑_{k=1}^3 x^k", "type sum(x^k for k in range(1, 4))", "sum(x^k for k in range(1, 4))"),
    ("\\prod_{k=1}^{3} (x + k)", "type prod((x + k) for k in range(1, 4))", "prod((x + k) for k in range(1, 4))"),
    ("x mod 2", "type x % 2", "x % 2"),
    ("5 choose x", "type binomial(5, x)", "binomial(5, x)"),
    ("nCr(5, x)", "did you mean binomial?", "binomial(5, x)"),
    ("x > 2 ? x : 0", "type x if x > 2 else 0", "x if x > 2 else 0"),
    ("IF(x>0, x, 0)", "did you mean where?", "where(x>0, x, 0)"),
    ("If[x>0, x, 0]", "type where(x>0, x, 0)", "where(x>0, x, 0)"),
    ("tf.math.sin(x) + jax.nn.relu(x)", "type sin(x) + relu(x)", "sin(x) + relu(x)"),
    ("Math.pow(x, 2)", "type pow(x, 2)", "pow(x, 2)"),
    ("nn.ReLU()(x)", "type relu(x)", "relu(x)"),
    ("torch.nn.LeakyReLU(0.1)(x)", "type leaky_relu(x, 0.1)", "leaky_relu(x, 0.1)"),
    ("nn.MSELoss()(x, y)", "type mse_loss(x, y)", "mse_loss(x, y)"),
    ("D[x^2, x]", "type the formula alone: x^2", "x^2"),
    ("D(x^2, x)", "type the formula alone: x^2", "x^2"),
    ("Integrate[x^2, x]", "does not integrate", "x^2"),
    ("lg(x)", "did you mean log10?", "log10(x)"),
    ("x*torch.tensor(2.0, requires_grad=True)", "type tensor(...) without it", "x*torch.tensor(2.0)"),
    ("sin()", "type sin(x)", "sin(x)"),
    ("sin(x, y)", "type sin(x)", "sin(x)"),
    ("1e999*x", "type inf", "1e308*x"),
]
"""A wrong text, a part of what is said, and the text that follows from it."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with what the lines read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "points.csv").write_text("x\n1\n2\n")
    (tmp_path / "points.jsonl").write_text('{"expression": "x", "at": {"x": 2}}')
    (tmp_path / "mine.py").write_text("def same(x):\n    return x + 0\n")
    (tmp_path / "note.txt").write_text("x")
    (tmp_path / "cases.toml").write_text('[[case]]\nname = "square"\nexpression = "x**2"\nat.x = 2\n')
    vector = '[[case]]\nname = "vector"\nexpression = "x**2"\nat.x = [1, 2]\n'
    (tmp_path / "vector.toml").write_text(vector)
    (tmp_path / "jacobian.toml").write_text(f"{vector}jacobian = true\n")
    (tmp_path / "program.py").write_text(
        "import torch\nx = torch.ones(1, requires_grad=True)\n(x * x).sum().backward()\n"
    )


@pytest.mark.parametrize(("wrong", "said", "right"), LINES, ids=[f"{wrong}: {right}" for wrong, _, right in LINES])
def test_what_the_hint_says_works_at_the_command_line(wrong: str, said: str, right: str) -> None:
    """The wrong line is an error that says it, and the right line is none."""
    result = gradcalc(*shlex.split(wrong))
    assert result.status == 2
    assert said in result.err + result.out
    assert gradcalc(*shlex.split(right), stdin="x").status in {0, 3}


@pytest.mark.parametrize(("wrong", "said", "right"), TEXTS, ids=[f"{wrong}: {right}" for wrong, _, right in TEXTS])
def test_what_the_hint_says_works_in_a_text(wrong: str, said: str, right: str) -> None:
    """The wrong text is an error that says it; the right one has a gradient."""
    with pytest.raises(GradcalcError) as caught:
        parse(wrong)
    assert said in f"{caught.value.message} {caught.value.hint}"
    names = parse(right).variables
    report = evaluate(right, dict.fromkeys(names, 3), symbolic=False)
    assert names
    assert isinstance(report.value, float)


LINES_OF_BATCH: list[tuple[str, str, str]] = [
    (
        '"expression": "x**2", "at": {"x": [1, 2]}',
        'type "jacobian": true',
        '"expression": "x**2", "at": {"x": [1, 2]}, "jacobian": true',
    ),
    (
        '"expression": "x**2", "at": {"x": [1, 2]}',
        'type "upstream": "ones_like(out)"',
        '"expression": "x**2", "at": {"x": [1, 2]}, "upstream": "ones_like(out)"',
    ),
    (
        '"expression": "x*y", "at": {"x": 1, "y": 2}, "order": 3',
        'type "wrt": "x,x,y"',
        '"expression": "x*y", "at": {"x": 1, "y": 2}, "wrt": "x,x,y"',
    ),
    (
        '"expression": "sum(rand(3)*x)", "at": {"x": 2}',
        '"at": {"w": "rand(3)"}',
        '"expression": "sum(w*x)", "at": {"x": 2, "w": "rand(3)"}',
    ),
    ('"expression": "x**2", "x": 2', 'a value stands in "at": {"x": ...}', '"expression": "x**2", "at": {"x": 2}'),
    (
        '"expression": "x**2", "at": {"x": "0:1"}',
        "for a list type linspace(0, 1, 11)",
        '"expression": "sum(x)", "at": {"x": "linspace(0, 1, 11)"}',
    ),
    ('"formula": "x**2", "at": {"x": 2}', "did you mean expression?", '"expression": "x**2", "at": {"x": 2}'),
    ('"expression": "x**2", "values": {"x": 2}', "did you mean at?", '"expression": "x**2", "at": {"x": 2}'),
    ('"expression": "x**2"', 'type "at": {"x": NUMBER}', '"expression": "x**2", "at": {"x": 2}'),
]
"""A wrong line of `batch`, without its braces, a part of what is said, and the line that follows from it."""

CASES: list[tuple[str, str, str]] = [
    (
        'expression = "sum(rand(3)*x)"\nat.x = 2',
        'at.w = "rand(3)"',
        'expression = "sum(w*x)"\nat.x = 2\nat.w = "rand(3)"',
    ),
    (
        'expression = "x**2"\nat.x = "0:1"',
        "for a list type linspace(0, 1, 11)",
        'expression = "sum(x)"\nat.x = "linspace(0, 1, 11)"',
    ),
    ('expr = "x**2"\nat.x = 2', "did you mean expression?", 'expression = "x**2"\nat.x = 2'),
    (
        'expression = "x**2"\nat.x = 2\nexpected.x = 4',
        "did you mean grad?",
        'expression = "x**2"\nat.x = 2\ngrad.x = 4',
    ),
    (
        'expression = "x"\ndtype = float32\nat.x = 2',
        'dtype = "float32"',
        'expression = "x"\ndtype = "float32"\nat.x = 2',
    ),
    ('expression = "x**2"\nx = 2', "type at.x = 2", 'expression = "x**2"\nat.x = 2'),
    ('expression = "x**2"\nat.x = 2\ngrad = 4', "type grad.x = ...", 'expression = "x**2"\nat.x = 2\ngrad.x = 4'),
]
"""A wrong case without its first lines, a part of what is said, and the case that follows from it."""


@pytest.mark.parametrize(("wrong", "said", "right"), LINES_OF_BATCH)
def test_what_the_hint_says_works_in_a_line_of_batch(wrong: str, said: str, right: str) -> None:
    """In the words of JSON: no option is named that is a field."""
    answer = json.loads(gradcalc("batch", "--no-symbolic", stdin=f"{{{wrong}}}").out)
    assert said in answer["error"]["hint"]
    assert "--" not in answer["error"]["hint"]
    assert gradcalc("batch", "--no-symbolic", stdin=f"{{{right}}}").status == 0


@pytest.mark.parametrize(("wrong", "said", "right"), CASES)
def test_what_the_hint_says_works_in_a_case(wrong: str, said: str, right: str, tmp_path: Path) -> None:
    """In the words of TOML."""
    file = tmp_path / "one.toml"
    file.write_text(f'[[case]]\nname = "one"\n{wrong}\n')
    result = gradcalc("check", "one.toml", "--no-symbolic")
    assert (result.status, said in result.out, "--" in result.out) == (2, True, False)
    file.write_text(f'[[case]]\nname = "one"\n{right}\n')
    assert gradcalc("check", "one.toml", "--no-symbolic").status == 0


CALLS: list[tuple[Any, dict[str, Any], str, dict[str, Any]]] = [
    (evaluate, {"expression": "x**2"}, "x has no value", {"x": 2}),
    (evaluate, {"expression": "x**2", "y": 2}, "the variable is x", {"x": 2, "y": ...}),
    (evaluate, {"expression": "x**2", "at": 2}, "type x=2", {"at": ..., "x": 2}),
    (evaluate, {"expression": "x**2", "at": [2]}, 'or {"x": 2}', {"at": {"x": 2}}),
    (
        evaluate,
        {"expression": "x**2", "x": 2, "dtpye": "float32"},
        "did you mean dtype=?",
        {"dtpye": ..., "dtype": "float32"},
    ),
    (evaluate, {"expression": "x**2", "x": 2, "wrt": 3}, 'type wrt=["x"]', {"wrt": ["x"]}),
    (evaluate, {"expression": "x**2", "x": 2, "wrt": "x,"}, 'type wrt="x"', {"wrt": "x"}),
    (evaluate, {"expression": "x**2", "x": 2, "timeout": "1"}, "a number of seconds above 0", {"timeout": 1}),
    (evaluate, {"expression": torch.sin, "input": 2, "order": 2}, "give the formula as text", {"order": 1}),
    (
        evaluate,
        {"expression": lambda x: x**3, "x": 2, "order": 2},
        'as in evaluate("x**3", ..., order=2)',
        {"expression": "x**3"},
    ),
    (diff, {"expression": lambda x: x**4}, 'as in diff("x**4")', {"expression": "x**4"}),
    (evaluate, {"expression": torch.sin, "input": 2, "wrt": "x"}, "it can be input", {"wrt": "input"}),
    (
        evaluate,
        {"expression": lambda x: 2 * x, "x": [1, 2]},
        "as torch.sum does",
        {"expression": lambda x: (2 * x).sum()},
    ),
    (evaluate, {"expression": lambda x, y: x * y, "x": 2}, "type y=NUMBER", {"y": 3}),
    (evaluate, {"expression": lambda x: x**2, "x": 2, "z": 3}, "it takes x", {"z": ...}),
    (evaluate, {"expression": lambda value: value**2, "valeu": 2}, "did you mean value?", {"valeu": ..., "value": 2}),
    (evaluate, {"expression": torch.nn.Softplus(), "x": 1}, "it takes input", {"x": ..., "input": 1}),
    (
        evaluate,
        {"expression": lambda x: np.sin(x) + 1, "x": 2},
        "call torch's functions: torch.sin(x)",
        {"expression": lambda x: torch.sin(x) + 1},
    ),
    (
        evaluate,
        {"expression": lambda x: torch.tensor(x.numpy() ** 2), "x": 2},
        "call torch's functions",
        {"expression": lambda x: x**2},
    ),
    (evaluate, {"expression": "x**2", "x": [1, 2]}, 'upstream="ones_like(out)"', {"upstream": "ones_like(out)"}),
    (evaluate, {"expression": "x**2", "x": "@x.npy"}, "write the numbers themselves", {"x": np.ones(1)[0]}),
    (evaluate, {"expression": "x**2", "x": 2, "wrt": "y"}, "the variable is x", {"wrt": "x"}),
    (evaluate, {"expression": "x**2", "x": 2, "dtype": "float23"}, "did you mean", {"dtype": "float32"}),
    (evaluate, {"expression": "x**2", "x": 2, "order": 11}, "whole number, 1 to 10", {"order": 2}),
    (evaluate, {"expression": "x**2", "x": 2, "hvp": {"y": 1}}, "the variable is x", {"hvp": {"x": 1}}),
    (evaluate, {"expression": "x**2 x", "x": 2}, "type x**2*x or", {"expression": "x**2*x"}),
    (evaluate, {"expression": "sum(x)", "x": "1,2"}, "for a list type [1,2]", {"x": "[1,2]"}),
    (evaluate, {"expression": "x", "x": "PI"}, "type pi", {"x": "pi"}),
    (evaluate, {"expression": "x", "x": 2, "of": "y"}, "gives no value to y", {"expression": "y = x", "of": "y"}),
    (evaluate, {"expression": "x", "x": 2, "claim": {"x": "1"}}, "assert_gradient(..., claim=...)", {"claim": ...}),
    (evaluate, {"expression": "x**2", "x": 2, "at": {"x": 3}}, "leave one of them out", {"at": ...}),
    (evaluate, {"expression": ["x**2"], "x": 2}, "give the formula as text", {"expression": "x**2"}),
    (trace, {"expression": lambda x: x**3, "x": 2}, 'as in trace("x**3", x=2.0)', {"expression": "x**3"}),
    (diff, {"expression": "sum(A @ x)"}, "give it values, A=VALUE, x=VALUE", {"expression": "A*x"}),
    (diff, {"expression": "x**2", "wrt": "y"}, "the variable is x", {"wrt": "x"}),
    (diff, {"expression": "x**2", "format": "latx"}, "did you mean latex?", {"format": "latex"}),
    (diff, {"expression": "sinn(x)"}, "did you mean sin", {"expression": "sin(x)"}),
    (diff, {"expression": "1/2x"}, "type (1/2)*x", {"expression": "(1/2)*x"}),
]
"""A function, arguments that make no sense, a part of what is said, and what to give instead: `...` is to leave out."""


def _without_addresses(arguments: dict[str, Any]) -> str:
    """A test's name, which must be the same in every process."""
    return str({name: getattr(value, "__name__", value) for name, value in arguments.items()})


@pytest.mark.parametrize(
    ("function", "wrong", "said", "right"), CALLS, ids=[_without_addresses(call[1]) for call in CALLS]
)
def test_what_the_hint_says_works_in_python(
    function: Any, wrong: dict[str, Any], said: str, right: dict[str, Any]
) -> None:
    """The text of the exception says it, in Python's words; with it the call works."""
    with pytest.raises(GradcalcError) as caught:
        function(**wrong)
    assert said in str(caught.value)
    assert "--" not in str(caught.value)
    assert function(**{name: value for name, value in {**wrong, **right}.items() if value is not ...})


def test_the_table_is_long() -> None:
    """As many as the tool was asked for."""
    assert len(LINES) + len(TEXTS) + len(CALLS) >= 150
    assert math.isfinite(float(torch.ones(1).sum()))
