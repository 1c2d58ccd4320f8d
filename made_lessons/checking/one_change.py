"""Where a wrong answer goes wrong: the place at which one small change makes it right."""

from __future__ import annotations

import ast
import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from textwrap import dedent
from types import FunctionType

import torch

from .unfinished import unwrapped

Place = tuple[ast.AST, ast.AST, ast.stmt, Callable[[ast.AST], None]]
"""A part of a function, what it is a part of, its line, and what puts another in its place."""


def place_of_fault(answer: object, is_right: Callable[[object], bool]) -> str:
    """Words on the place where one change makes a function right; empty where there is none.

    What the change is they do not say: that would be the solution.

    Args:
        answer: a function of a notebook; of others nothing is said.
        is_right: whether a function is right.
    """
    function = unwrapped(answer)
    if not isinstance(function, FunctionType) or function.__module__ != "__main__":
        return ""
    try:
        tree = ast.parse(dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return ""
    if not isinstance(tree.body[0], ast.FunctionDef):
        return ""
    names = function.__code__.co_varnames
    places = [*_of_list(tree.body[0].body, tree.body[0], None)]
    for kind in (_less, _another, _more, _other_names):
        for part, parent, line, put in places:
            for instead in kind(part, names):
                put(instead)
                changed = _compiled(tree, function)
                put(part)
                if changed is not None and is_right(changed):
                    in_question = parent if isinstance(part, ast.Name | ast.Constant) else part
                    return _said(_text(in_question), _text(instead), _text(line))
    return ""


def _said(part: str, kept: str, line: str) -> str:
    end = part.removeprefix(kept).strip()
    shown = part if end[:1].isalnum() or not end else end
    where = f": look again at `{shown}`" if shown != line else ""
    return f"one change in the line `{line}` makes this right wherever it was tried{where}"


def _text(part: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(part)).partition("\n")[0]


def _compiled(tree: ast.Module, function: FunctionType) -> object:
    names = function.__globals__ | {"_tensor": torch.as_tensor}
    with suppress(Exception):  # a change that makes no sense here
        exec(compile(ast.fix_missing_locations(tree), "<changed>", "exec"), names)
        return names[function.__name__]
    return None


def _places(node: ast.AST, line: ast.stmt) -> Iterator[Place]:
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            yield from _of_list(value, node, line)
        elif isinstance(value, ast.expr):
            yield value, node, line, lambda new, field=field: setattr(node, field, new)
            yield from _places(value, line)
        elif isinstance(value, ast.AST):
            yield from _places(value, line)


def _of_list(parts: list, node: ast.AST, line: ast.stmt | None) -> Iterator[Place]:
    for k, part in enumerate(parts):
        if isinstance(part, ast.AST):
            within = part if isinstance(part, ast.stmt) else line
            yield part, node, within, lambda new, k=k: parts.__setitem__(k, new)
            yield from _places(part, within)


# ---- changes ------------------------------------------------------------------------------------

_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_OPERATIONS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.FloorDiv, ast.MatMult)
_ALIKE = (
    "sum mean prod amax amin cumsum",
    "exp log sigmoid sqrt square abs log2 log10 log1p exp2 tanh relu",
    "softmax log_softmax logsumexp",
    "softplus logsigmoid",
    "tril triu",
    "zeros ones",
    "zeros_like ones_like rand_like",
    "floor ceil round",
    "any all",
    "max min len sum",
    "repeat repeat_interleave",
)
_APPLIED = (("exp",), ("log",), ("sqrt",), ("neg",), ("sigmoid",), ("softmax", 0), ("softmax", -1))


def _another(part: ast.AST, names: Sequence[str]) -> Iterator[ast.AST]:
    """Another operation, number or function in the place of one."""
    match part:
        case ast.Compare(left=left, ops=[_], comparators=others):
            yield from (ast.Compare(left, [op()], others) for op in _COMPARISONS)
        case ast.BinOp(left=left, op=op, right=right):
            yield ast.BinOp(right, op, left)
            yield from (ast.BinOp(left, other(), right) for other in _OPERATIONS)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield from map(ast.Constant, (value + 1, value - 1, math.inf, -math.inf))
        case ast.Name(id=name, ctx=ast.Load()):
            yield from (ast.Name(other, ast.Load()) for other in _alike(name))
        case ast.Call(func=ast.Attribute(value=value, attr="softmax")):
            yield _applied(value, "sigmoid")
        case ast.Call(func=ast.Attribute(value=value, attr="sigmoid" | "exp"), args=[]):
            yield from (_applied(value, "softmax", axis) for axis in (0, -1))
        case ast.Attribute(value=value, attr=name, ctx=ast.Load()):
            yield from (ast.Attribute(value, other, ast.Load()) for other in _alike(name))
        case ast.Assign(targets=[ast.Name() as target], value=value):
            yield ast.AugAssign(target, ast.Add(), value)
        case ast.AugAssign(target=target, op=op, value=value):
            yield ast.Assign([target], value)
            yield from (ast.AugAssign(target, other(), value) for other in _OPERATIONS[:4])


def _alike(name: str) -> list[str]:
    families = (family.split() for family in _ALIKE)
    return [other for family in families if name in family for other in family if other != name]


def _less(part: ast.AST, names: Sequence[str]) -> Iterator[ast.AST]:
    """A part of an expression alone, or nothing in the place of a statement."""
    match part:
        case ast.Call(func=ast.Attribute(value=value)):
            yield value
            yield from part.args[:1]
        case ast.Call(args=[first, *_]):
            yield first
        case ast.Subscript(value=value, ctx=ast.Load()) | ast.Attribute(value=value):
            yield value
        case ast.BinOp(left=left, right=right):
            yield from (left, right)
        case ast.UnaryOp(operand=operand):
            yield operand
        case (ast.Tuple() | ast.List()) as several if not isinstance(several.ctx, ast.Store):
            parts = several.elts
            for k in range(len(parts)):
                yield type(part)(parts[:k] + parts[k + 1 :], ast.Load())
                yield type(part)(parts[:k][::-1] + parts[k:], ast.Load())
        case ast.Assign() | ast.AugAssign() | ast.Expr():
            yield ast.Pass()


def _more(part: ast.AST, names: Sequence[str]) -> Iterator[ast.AST]:
    """An expression in one function more."""
    is_value = isinstance(part, ast.expr) and not isinstance(part, ast.Slice | ast.Starred)
    if is_value and not isinstance(getattr(part, "ctx", None), ast.Store):
        yield from (_applied(part, *how) for how in _APPLIED)


def _applied(part: ast.expr, name: str, *numbers: int) -> ast.Call:
    tensor = ast.Call(ast.Name("_tensor", ast.Load()), [part], [])
    return ast.Call(ast.Attribute(tensor, name, ast.Load()), [*map(ast.Constant, numbers)], [])


def _other_names(part: ast.AST, names: Sequence[str]) -> Iterator[ast.AST]:
    """What another name of the function stands for, in the place of a name or a number."""
    is_read = isinstance(getattr(part, "ctx", ast.Load()), ast.Load)
    if is_read and isinstance(part, ast.Name | ast.Constant):
        yield from (ast.Name(name, ast.Load()) for name in names)
