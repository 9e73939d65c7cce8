"""One error tree, drawn in its docstring, with exit codes that scripts rely on."""

import inspect
import re

import pytest

from mlspec import errors
from mlspec.errors import (
    DecodeError,
    MLSpecError,
    NotUnderstoodError,
    UnacceptableError,
    ValidationError,
    Violation,
)

DRAWN = re.findall(r"(\w+Error)\s+(\d)  ", errors.__doc__ or "")


def classes() -> dict[str, type[MLSpecError]]:
    """Every error class of the module by name."""
    found = inspect.getmembers(errors, inspect.isclass)
    return {name: kind for name, kind in found if issubclass(kind, MLSpecError)}


def test_the_drawing_is_the_tree() -> None:
    """Every class is drawn, with its exit code, and nothing else is."""
    assert {name: int(code) for name, code in DRAWN} == {
        name: kind.exit_code for name, kind in classes().items()
    }


def test_the_drawing_shows_who_is_whose_child() -> None:
    """Indentation in the drawing is inheritance."""
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ([│ ├└─]*)(\w+Error) ", line)
        if match is None:
            continue
        depth = len(match[1]) // 4
        del above[depth:]
        if above:
            assert classes()[match[2]].__bases__ == (classes()[above[-1]],)
        above.append(match[2])
    assert len(DRAWN) == len(classes())


def test_ids_are_distinct() -> None:
    """An id says which kind of error it is."""
    ids = [kind.default_id for kind in classes().values()]
    assert len(ids) == len(set(ids))


def test_an_error_says_where_and_what_and_keeps_its_advice_apart() -> None:
    """Source, path and message in one line; the remedy beside it."""
    error = DecodeError("must be x (got y)", path="header.stage", remedy="Write x.")
    assert str(error) == "header.stage: must be x (got y)"
    assert str(error.from_source("a.json")) == "a.json: header.stage: must be x (got y)"
    assert error.from_source("b.json").source == "a.json"
    assert error.to_dict() == {
        "id": "decode",
        "message": "must be x (got y)",
        "source": "a.json",
        "path": "header.stage",
        "remedy": "Write x.",
    }


def test_a_validation_error_lists_its_violations() -> None:
    """Each with path, rule id and words; many are cut with a count."""
    found = [Violation(f"a[{n}]", "string.min_len", "must be longer") for n in range(30)]
    error = ValidationError("Record", found)
    assert "breaks 30 rules" in str(error)
    assert "a[19]: must be longer [string.min_len]" in str(error)
    assert str(error).endswith("and 10 more")
    assert error.path == "a[0]"
    assert len(error.to_dict()["violations"]) == 30
    assert "1 rule)" in str(ValidationError("Record", found[:1]).from_source("x"))


def test_a_violation_cannot_be_changed() -> None:
    """Results are handed on as they were found."""
    with pytest.raises(AttributeError):
        Violation("a", "b", "c").path = "d"  # type: ignore[misc]


def test_what_is_unacceptable_says_why() -> None:
    """The reason's place and id are its own; only what another reader could judge exits with 2."""
    reason = DecodeError("must be x", path="a")
    assert UnacceptableError(reason).exit_code == 1
    assert UnacceptableError(reason).path == "a"
    assert UnacceptableError(NotUnderstoodError("must be known")).exit_code == 2
    violated = ValidationError("Record", [Violation("a", "b", "c")])
    assert UnacceptableError(violated).to_dict()["violations"]
