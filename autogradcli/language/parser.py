"""The parser: text -> program.

The pipeline, in order; each stage knows the place of everything in the source text:

    characters   length, and characters that no text may hold
    lexer        tokens
    grammar      statements; every error of form, with what to type instead; implicit products
    tree         Python's syntax tree of a normalised text
    flatten      steps, without recursion
    steps        one step: its row of the table, its arguments, types, constants and bounds

The language, from the loosest to the tightest:

    program     = statement { (";" | newline) statement }
    statement   = [ name "=" ] expression
    expression  = or [ "if" or "else" expression ]
    or          = and { "or" and }
    and         = not { "and" not }
    not         = "not" not | comparison
    comparison  = bitor { ("<" | "<=" | ">" | ">=" | "==" | "!=") bitor }
    bitor       = bitand { "|" bitand }
    bitand      = sum { "&" sum }
    sum         = product { ("+" | "-") product }
    product     = sign { ("*" | "/" | "%" | nothing) sign }
    sign        = ("+" | "-" | "~") sign | power
    power       = postfix [ ("**" | "^") sign ]
    postfix     = atom { "." name arguments }
    atom        = number | name | function arguments | "(" expression ")"
    function    = { name "." } name
    arguments   = "(" [ argument { "," argument } [ "," ] ] ")"
    argument    = [ name "=" ] (expression | string | "True" | "False")

Nothing stands for multiplication after a number or a closing bracket, before a name or an opening bracket; but not where
its left factor follows "/", "%" or "**", for that can be read in two ways.
"""

import unicodedata
from collections.abc import Collection
from dataclasses import replace
from difflib import get_close_matches

from autogradcli.errors import GradcalcError, Span
from autogradcli.language.flatten import CONSTANTS, Flattener
from autogradcli.language.grammar import Statement, statements
from autogradcli.language.lexer import tokenize
from autogradcli.language.program import Program
from autogradcli.language.tree import build_tree


def parse(source: str, given: Collection[str] = ()) -> Program:
    """The program that a text means; `given` are the names that have values, so that `e` can be one of them."""
    parts = statements(tokenize(source), source)
    names = frozenset(unicodedata.normalize("NFKC", name) for name in given)
    flattener = Flattener(source, names)
    for index, statement in enumerate(parts):
        output = flattener.add(build_tree(statement, source))
        _assign(flattener, statement, output, last=index == len(parts) - 1)
    last = parts[-1]
    steps = flattener.steps
    steps.check_number(output, Span(last.tokens[0].start, last.tokens[-1].end))
    return Program(
        source=source,
        steps=tuple(steps.steps),
        output=output,
        output_name=None if last.name is None else last.name.text,
        assigned=dict(flattener.assigned),
        variables=tuple(steps.variables),
    )


def _assign(flattener: Flattener, statement: Statement, value: int, *, last: bool) -> None:
    if statement.name is None:
        if not last:
            span = Span(statement.tokens[0].start, statement.tokens[-1].end)
            raise flattener.steps.error(
                "parse", "the value of this statement is not used", span, "give it a name: y = ..."
            )
        return
    name = statement.name.text
    if name in CONSTANTS and name != "e":
        raise flattener.steps.error("name", f"{name} is a constant", statement.name.span, "choose another name")
    flattener.assigned[name] = value


def select_output(program: Program, name: str) -> Program:
    """The same program with the named step as its output; an error if the text assigns no such name."""
    if name not in program.assigned:
        near = get_close_matches(name, program.assigned, 1)
        hint = f"did you mean {near[0]}?" if near else None
        raise GradcalcError("name", f"the text gives no value to {name}", source=program.source, hint=hint)
    return replace(program, output=program.assigned[name], output_name=name)
