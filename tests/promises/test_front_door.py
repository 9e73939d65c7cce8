"""The public names are few, frozen, and say what they do."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import mlspec
from mlspec import v1

FROZEN = Path(__file__).with_name("front_door.txt")


def modules() -> Iterator[ModuleType]:
    """The package and every hand-written module of it."""
    yield mlspec
    for found in pkgutil.walk_packages(mlspec.__path__, "mlspec."):
        if not found.name.startswith("mlspec.v1.") and not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def public(module: ModuleType) -> Iterator[tuple[str, object]]:
    """The public classes and functions that a module defines, and their public methods."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(value):
            yield name, value
            for inner, method in vars(value).items():
                plain = getattr(method, "__func__", method)
                if not inner.startswith("_") and (
                    inspect.isfunction(plain) or isinstance(plain, property)
                ):
                    yield f"{name}.{inner}", plain
        elif inspect.isfunction(value):
            yield name, value


def test_the_front_door_is_frozen() -> None:
    """A name enters or leaves `mlspec.__all__` only together with front_door.txt."""
    assert sorted(mlspec.__all__) == FROZEN.read_text().split()


def test_every_name_of_the_front_door_is_there() -> None:
    """What `__all__` promises can be imported."""
    assert [name for name in mlspec.__all__ if not hasattr(mlspec, name)] == []


def test_every_public_name_has_a_docstring() -> None:
    """Modules, classes, functions and methods say what they do."""
    bare = []
    for module in modules():
        bare += [] if module.__doc__ else [module.__name__]
        bare += [f"{module.__name__}.{name}" for name, value in public(module) if not value.__doc__]
    assert not bare, "\n".join(bare)


def test_messages_and_enum_values_are_reached_by_one_name() -> None:
    """`v1.X` gives every message, enum and enum value, and says so when there is none."""
    assert v1.Digest.DESCRIPTOR.full_name == "mlspec.v1.Digest"
    assert v1.Stage.Name(v1.STAGE_UNSPECIFIED) == "STAGE_UNSPECIFIED"
    assert set(v1.__all__) <= set(dir(v1))
    assert [name for name in v1.__all__ if not hasattr(v1, name)] == []
    with pytest.raises(AttributeError, match="has no attribute 'NoSuchMessage'"):
        v1.NoSuchMessage  # type: ignore[attr-defined]  # noqa: B018


def test_names_are_typed() -> None:
    """Type checkers know each message: `make types` fails if one of these needs no exception."""
    digest = v1.Digest(sha256=bytes(32))
    with pytest.raises(TypeError):
        v1.Digest(sha256=32)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        digest.no_such_field  # type: ignore[attr-defined]  # noqa: B018
    stage: v1.Stage.ValueType = v1.STAGE_UNSPECIFIED
    assert stage == 0
