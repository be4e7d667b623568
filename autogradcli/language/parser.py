"""The parser: text -> program.

The pipeline, in order; each stage knows the place of everything in the source text:

    characters   length, and characters that no text may hold
    lexer        tokens
    grammar      statements that are well formed; products without a sign
    tree         Python's syntax tree
    flatten      steps, without recursion
    binding      for each call: the row of the table, and the arguments of its parameters
    steps        types, constants and bounds, as each step is added

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
    product     = sign { ("*" | "/" | "%" | "@" | nothing) sign }
    sign        = ("+" | "-" | "~") sign | power
    power       = postfix [ ("**" | "^") sign ]
    postfix     = atom { "." name [ arguments ] | "[" subscript { "," subscript } "]" }
    subscript   = expression | [ expression ] ":" [ expression ] [ ":" [ expression ] ] | "None" | "..."
    atom        = number | name | function arguments | "(" expression ")" | list
    list        = "[" ( expression { "," expression } [ "," ] | expression loop { loop } ) "]"
    loop        = "for" name "in" expression [ "if" expression ]
    function    = { name "." } name
    arguments   = "(" [ argument { "," argument } [ "," ] | expression loop { loop } ] ")"
    argument    = [ name "=" ] (expression | string | "True" | "False" | "None" | tuple)
    tuple       = "(" expression "," [ expression { "," expression } [ "," ] ] ")"

Sizes, dimensions, subscripts and loops are fixed by the text: a loop is written out, term by term.

Nothing stands for multiplication after a number or a closing round bracket, before a name or an opening one; but where
its left factor follows "/", "%" or "**" it is refused, for it can be read in two ways.
"""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace
from difflib import get_close_matches

from autogradcli.errors import GradcalcError
from autogradcli.language.flatten import Flattener
from autogradcli.language.function import Parameter
from autogradcli.language.grammar import Statement, statements
from autogradcli.language.lexer import Token, tokenize
from autogradcli.language.names import CONSTANTS
from autogradcli.language.program import Call, Program
from autogradcli.language.table import row
from autogradcli.language.tree import build_tree


def parse(source: str, given: Collection[str] = ()) -> Program:
    """The program that a text means; `given` are the names that have values, so that `e` can be one of them."""
    parts = statements(tokenize(source), source)
    flattener = Flattener(source, {unicodedata.normalize("NFKC", name) for name in given}, {})
    program = _program(parts, flattener)
    flattener.steps.check_number(program.output, parts[-1].span)
    return program


def parse_formula(source: str, parameters: Sequence[Parameter]) -> Program:
    """The program that a formula of the table means: a number or a condition, in the row's parameters."""
    by_name = {parameter.name: parameter for parameter in parameters}
    return _program(statements(tokenize(source), source), Flattener(source, by_name.keys(), by_name))


def _program(parts: Sequence[Statement], flattener: Flattener) -> Program:
    for part in parts[:-1]:
        _check_used(part, flattener)
    for part in parts:
        output = flattener.add(build_tree(part.expression))
        if part.name is not None:
            _check_assignable(part.name, flattener)
            flattener.assigned[part.name.text] = output
    name = parts[-1].name
    return Program(
        source=flattener.steps.source,
        steps=tuple(flattener.steps.steps),
        output=output,
        output_name=None if name is None else name.text,
        assigned=dict(flattener.assigned),
        variables=tuple(flattener.steps.variables),
    )


def _check_used(statement: Statement, flattener: Flattener) -> None:
    if statement.name is None:
        message = "the value of this statement is not used"
        hint = "type y = ... to use it later; to go on in the next line, open a bracket"
        raise flattener.steps.error("parse", message, statement.span, hint)


def _check_assignable(name: Token, flattener: Flattener) -> None:
    if name.text in CONSTANTS and name.text != "e":
        raise flattener.steps.error("name", f"{name.text} is a constant", name.span, "choose another name")


def select_output(program: Program, name: str) -> Program:
    """The same program with the named step as its output; an error if the text gives that name no number."""
    if name not in program.assigned:
        near = get_close_matches(name, program.assigned, 1)
        hint = f"did you mean {near[0]}?" if near else None
        message = f"the text gives no value to {name}"
        raise GradcalcError("name", message, source=program.source, hint=hint)
    output = program.assigned[name]
    step = program.steps[output]
    if isinstance(step, Call) and row(step.function).returns == "boolean":
        raise GradcalcError("name", f"{name} is a condition, not a number", source=program.source, span=step.span)
    return replace(program, output=output, output_name=name)
