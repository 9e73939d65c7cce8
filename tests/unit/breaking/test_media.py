"""Media types in options."""

from __future__ import annotations

from typing import Any

import pytest

from mlspec.breaking.media import changes, media_types


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("application/json", True),
        ("application/vnd.mlspec.record.v1+protobuf", True),
        ("text/plain; charset=utf-8", True),
        ("proto/mlspec", False),
        ("text/plain/more", False),
        ("a text/plain file", False),
        (7, False),
    ],
)
def test_what_is_a_media_type(text: Any, is_one: bool) -> None:
    """A registered top-level name, a slash, a name, and perhaps parameters."""
    assert media_types(text) == (frozenset([text]) if is_one else frozenset())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            {"a": {"b": "text/plain"}},
            {"a": {"b": "text/html"}},
            ["a.b was text/plain, is text/html"],
        ),
        ({"a": ("text/plain",)}, {"a": ("text/plain", "text/html")}, []),
        ({"a": "text/plain"}, {}, []),
        ({"a": "plain"}, {"a": "text/plain"}, []),
    ],
)
def test_what_has_changed(old: Any, new: Any, expected: list[str]) -> None:
    """One has given way to another, in the same place."""
    assert list(changes(old, new)) == expected
