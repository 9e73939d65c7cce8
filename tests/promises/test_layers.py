"""Imports point downwards only, each library has its door, and the front door stays light."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools.places import PACKAGE

TABLE = tomllib.loads(Path(__file__).with_name("layers.toml").read_text())
LEVEL = {room: level for level, rooms in enumerate(TABLE["levels"]) for room in rooms}


def room_of(module: list[str]) -> str:
    """The room of `mlspec.<room>...`; the front door itself is the empty room."""
    return module[1] if len(module) > 1 else ""


def imported(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each module that a file imports, with its line; `from a import b` gives a.b."""
    package = ["mlspec", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            yield from ((node.lineno, [*base, alias.name]) for alias in node.names)


def objection(room: str, module: list[str]) -> str | None:
    """Why `room` may not import `module`, or None."""
    if module == ["mlspec", "__version__"]:
        return None
    if module[0] == "mlspec":
        other = room_of(module)
        if other not in LEVEL:
            return f"{room} must not import from the front door (got mlspec.{other})"
        if other == room or LEVEL[other] < LEVEL[room]:
            return None
        if other in TABLE["siblings"].get(room, []):
            return None
        return f"{room} must import downwards only (got {other})"
    if module[0] in sys.stdlib_module_names:
        return None
    door = TABLE["doors"].get(module[0], [])
    return None if room in door or "*" in door else f"{room} is no door of {module[0]}"


def test_every_room_has_a_level() -> None:
    """A new room is placed in layers.toml before anything imports it."""
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms - set(LEVEL) - {"__init__", "__pycache__"} == set()


def test_imports_point_downwards_and_pass_their_doors() -> None:
    """No module imports a room beside or above its own, nor a library that is not its to import."""
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        room = relative.parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for line, module in imported(path):
            if reason := objection(room, module):
                wrong.append(f"{relative}:{line}: {reason}")
    assert not wrong, "\n".join(wrong)


def test_importing_mlspec_loads_nothing_heavy() -> None:
    """A program that only imports the package pays for no library that it may not use."""
    code = "import sys, mlspec; from mlspec import v1; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "mlspec.v1" in loaded
    assert sorted(set(loaded) & set(TABLE["lazy"]["modules"])) == []
