"""Which tests stand against which attack, read from their source without running them."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("attacks.toml")
TESTS = Path(__file__).parents[1]
_ID = re.compile(r"(?:^|_)([dpsfclt][0-9]{1,2})(?=_|$)")
_SAYING = ("id", "error_id", "rule_id")
_REFUSES = re.compile(r"refuse|raises|fails|rejected|broken")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Attack:
    """A test that carries the ids of attacks in its name or in the name of a case of it.

    Attributes:
        name: File and function.
        ids: The attacks, for example D4.
        says_which: Whether it asserts which error came, by its id.
        has_twin: Whether what must be refused is also called on something that must not be.
    """

    name: str
    ids: frozenset[str]
    says_which: bool
    has_twin: bool


def attacks() -> dict[str, str]:
    """The ids, each with a line of words."""
    groups = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {key: words for group in groups.values() for key, words in group.items()}


def tests() -> Iterator[Attack]:
    """Yield the tests of the repository that carry an id."""
    for path in sorted(TESTS.rglob("test_*.py")):
        if path.parent.name != "__pycache__":
            yield from tests_in(path.read_text(encoding="utf-8"), str(path.relative_to(TESTS)))


def tests_in(source: str, name: str) -> Iterator[Attack]:
    """Yield the tests of one module that carry an id."""
    module = ast.parse(source)
    functions = {node.name: node for node in ast.walk(module) if isinstance(node, Function)}
    for function in functions.values():
        ids = frozenset(_ids(function, module))
        if function.name.startswith("test_") and ids:
            used = [function, *_helpers(function, functions)]
            yield Attack(
                f"{name}::{function.name}",
                ids,
                any(_names_an_error(each) for each in used),
                bool(_refused(used) & _accepted([*used, module])) or _is_reported_twice(used),
            )


def _ids(function: Function, module: ast.Module) -> Iterator[str]:
    """The ids in a test's name, in its decorators, and in tables that these name."""
    names = [function.name]
    tables = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for decorator in function.decorator_list:
        named = [n.id for n in ast.walk(decorator) if isinstance(n, ast.Name) and n.id in tables]
        for node in (decorator, *(tables[each] for each in named)):
            names += [
                part.value
                for part in ast.walk(node)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
    for name in names:
        if _ID.search(name) and re.match(r"test_|[dpsfclt][0-9]", name):
            yield from (each.upper() for each in _ID.findall(name))


def _helpers(function: Function, functions: dict[str, Function]) -> list[Function]:
    """The functions of the module that a test calls or hands on, and those that they call."""
    found: dict[str, Function] = {}
    ahead = [function]
    while ahead:
        for node in ast.walk(ahead.pop()):
            if isinstance(node, ast.Name) and node.id in functions and node.id not in found:
                found[node.id] = functions[node.id]
                ahead.append(functions[node.id])
    found.pop(function.name, None)
    return list(found.values())


def _names_an_error(node: ast.AST) -> bool:
    """Whether an assertion is about an error's id, or a function that refuses is given one."""
    for each in ast.walk(node):
        if isinstance(each, ast.Assert):
            parts = list(ast.walk(each))
            if any(isinstance(part, ast.Attribute) and part.attr in _SAYING for part in parts):
                return True
            if any(_is_dotted(part) for part in parts):
                return True
        if isinstance(each, ast.Call) and _REFUSES.search(_name(each)):
            given = [*each.args, *(keyword.value for keyword in each.keywords)]
            if any(_is_an_id(value) for value in given):
                return True
    return False


def _is_dotted(node: ast.AST) -> bool:
    """Whether it is an id in quotes, as the problems of a report are compared with."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", node.value) is not None
    )


def _is_an_id(value: ast.expr) -> bool:
    if isinstance(value, ast.Name):
        return value.id in ("error_id", "expected", "rule", "identifier")
    text = value.value if isinstance(value, ast.Constant) else None
    return isinstance(text, str) and re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", text) is not None


def _refused(nodes: list[Function]) -> set[str]:
    """The functions that are called where an error is expected."""
    found: set[str] = set()
    for node in (each for top in nodes for each in ast.walk(top)):
        if isinstance(node, ast.With | ast.AsyncWith) and _expects(node):
            calls = (each for line in node.body for each in ast.walk(line))
            found |= {_name(each) for each in calls if isinstance(each, ast.Call)}
        elif isinstance(node, ast.Call) and _REFUSES.search(_name(node)):
            parts = [part for value in node.args for part in ast.walk(value)]
            found |= {_name(part) for part in parts if isinstance(part, ast.Call)}
            found |= {part.id for part in parts if isinstance(part, ast.Name)}
            found |= {part.attr for part in parts if isinstance(part, ast.Attribute)}
    return found


def _accepted(nodes: list[Function | ast.Module]) -> set[str]:
    """The functions that are called where none is; of a module, only what runs at import."""
    found: set[str] = set()
    ahead: list[ast.AST] = list(nodes)
    tops = set(map(id, nodes))
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.With | ast.AsyncWith) and _expects(node):
            continue
        if isinstance(node, ast.Call):
            if _REFUSES.search(_name(node)):
                continue
            found.add(_name(node))
        inner = ast.iter_child_nodes(node)
        ahead += [each for each in inner if not isinstance(each, Function) or id(each) in tops]
    return found


def _is_reported_twice(nodes: list[Function]) -> bool:
    """Whether a report on something altered stands beside one that is said to be good."""
    asserts = [each for top in nodes for each in ast.walk(top) if isinstance(each, ast.Assert)]
    return any(any(map(_is_dotted, ast.walk(each))) for each in asserts) and any(
        _is_good(each) for each in asserts
    )


def _is_good(node: ast.Assert) -> bool:
    """Whether an exit code is compared with 0, or a link or line said to hold."""
    parts = list(ast.walk(node))
    names = {part.attr for part in parts if isinstance(part, ast.Attribute)}
    zero = any(isinstance(part, ast.Constant) and part.value == 0 for part in parts)
    return bool(names & {"holds", "PASS"}) or ("exit_code" in names and zero)


def _expects(node: ast.With | ast.AsyncWith) -> bool:
    calls = (item.context_expr for item in node.items)
    return any(isinstance(each, ast.Call) and _REFUSES.search(_name(each)) for each in calls)


def _name(call: ast.Call) -> str:
    at = call.func
    return at.attr if isinstance(at, ast.Attribute) else at.id if isinstance(at, ast.Name) else ""
