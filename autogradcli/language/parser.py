"""The parser: text -> program.

The stages, in order; each knows the place of everything in the text, and hands on what it makes of it:

    notation          what people type into a calculator, as the language has it
    lexer             text -> tokens; length, and characters that no text may hold
    grammar           tokens -> statements that are well formed; products without a sign
    tree              statements -> Python's syntax trees
    resolve           trees -> nodes in the order of evaluation; names, rows, constants; loops are written out
    bind              each call -> a row of the table, with the arguments of its parameters
    program_builder   nodes -> steps; types, constants and bounds

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

Nothing stands for multiplication after a number, π or a closing round bracket, before a name or an opening one; but
where its left factor follows "/", "%" or "**" it is refused, for it can be read in two ways.
"""

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial

from autogradcli.errors import GradcalcError
from autogradcli.functions.function import Parameter, Placeholder
from autogradcli.functions.table import row
from autogradcli.language.bind import Binder
from autogradcli.language.grammar import Statement, statements
from autogradcli.language.joined import taken_apart, written_apart
from autogradcli.language.lexer import normal, tokenize
from autogradcli.language.nearest import did_you_mean
from autogradcli.language.notation import in_the_language, typed_again
from autogradcli.language.program import Call, Program
from autogradcli.language.program_builder import ProgramBuilder
from autogradcli.language.readings import Unclear
from autogradcli.language.resolve import resolve_names
from autogradcli.language.tree import build_tree


def parse(source: str, given: Collection[str] = ()) -> Program:
    """The program that a text means; `given` are the names that have values, so that `e` can be one of them."""
    return _parsed(source, frozenset(map(normal, given)))


@lru_cache(maxsize=32)
def _parsed(source: str, given: frozenset[str]) -> Program:
    """One text is often asked about at many points."""
    try:
        with _collector_at_rest():
            return _program(in_the_language(source, given), given, None)
    except Unclear as error:
        raise typed_again(error.in_full(partial(_apart, given=given)), source) from None
    except GradcalcError as error:
        raise typed_again(error, source) from None  # it may be the same, and would be its own cause


def _apart(text: str, given: Collection[str]) -> str:
    """A text that makes sense, with names taken apart that are joined of names with values."""
    return written_apart(text, taken_apart(_program(in_the_language(text, given), given, None), given))


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Have nobody look for garbage meanwhile: a parser leaves next to none, and a tenth of its time went there."""
    works = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if works:
            gc.enable()


def parse_formula(source: str, parameters: Sequence[Parameter]) -> Program:
    """The program that a formula of the table means: a number or a condition, in the row's parameters."""
    return _program(source, (), parameters)


def _program(source: str, given: Collection[str], parameters: Sequence[Parameter] | None) -> Program:
    by_name = {parameter.name: parameter for parameter in parameters or ()}
    parts = statements(tokenize(source), source, given or by_name.keys())
    _check_used(parts, source)
    fixed = {name: Placeholder(name) for name, each in by_name.items() if not each.operand}
    nodes = resolve_names(map(build_tree, parts), given or by_name.keys(), fixed)
    binder, builder = Binder(source), ProgramBuilder(source, by_name)
    for node in nodes:
        builder.add(binder.bind(node))
    if parameters is None:
        builder.check_number()
    return builder.program()


def _check_used(parts: Sequence[Statement], source: str) -> None:
    for part in parts[:-1]:
        if part.name is None:
            message = "the value of this statement is not used"
            hint = "type y = ... to use it later; to go on in the next line, open a bracket"
            raise GradcalcError("parse", message, source=source, span=part.span, hint=hint)


def select_output(program: Program, name: str) -> Program:
    """The same program with the named step as its output; raises GradcalcError if the name has no number."""
    if name not in program.assigned:
        hint = did_you_mean(name, program.assigned) or f"to give it one type {name} = ..."
        message = f"the text gives no value to {name}"
        raise GradcalcError("name", message, source=program.source, hint=hint)
    output = program.assigned[name]
    step = program.steps[output]
    if isinstance(step, Call) and row(step.function).returns == "boolean":
        raise GradcalcError("name", f"{name} is a condition, not a number", source=program.source, span=step.span)
    return replace(program, output=output, output_name=name)
