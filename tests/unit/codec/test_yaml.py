"""YAML means what JSON means, and no more."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import codec, v1
from mlspec.codec import Format
from mlspec.codec.yaml_form import parse_yaml
from mlspec.errors import DecodeError, LimitError, MLSpecError
from tests.unit import samples

RECORD = samples.record()


def test_a_record_survives() -> None:
    """What was written as YAML reads back equal."""
    text = codec.encode(RECORD, Format.YAML)
    assert codec.decode(v1.Record, text, Format.YAML) == RECORD


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("off", "off"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"),
        ("12:30:45", "12:30:45"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("017", "017"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("=", "="),
        ("true", True),
        ("'true'", "true"),
        ("17", 17),
        ("'17'", "17"),
        ("-1.5e3", -1500.0),
        ("null", None),
        ("~", None),
        ("0.1.0", "0.1.0"),
    ],
)
def test_plain_scalars_are_what_json_says_or_text(text: str, value: Any) -> None:
    """Norway stays a country, and a version stays a version."""
    assert parse_yaml(f"x: {text}\n".encode()) == {"x": value}


@pytest.mark.parametrize(
    ("text", "error_id"),
    [
        ("a: &x [1]\nb: *x\n", "yaml.feature"),
        ("a: *x\n", "yaml.feature"),
        ("a: !!python/object/apply:os.system ['true']\n", "yaml.feature"),
        ("a: !!binary aGk=\n", "yaml.feature"),
        ("!!map {a: 1}\n", "yaml.feature"),
        ("a: 1\n---\nb: 2\n", "yaml.feature"),
        ("a: 1\na: 2\n", "json.duplicate_key"),
        ("{a: 1, a: 2}\n", "json.duplicate_key"),
        ("? [a]\n: 1\n", "yaml.key"),
        ("a: [1\n", "yaml.syntax"),
        ("a: 1e999\n", "json.number"),
        ("", "yaml.document"),
        ("\ufeffa: 1\n", "decode.byte_order_mark"),
    ],
)
def test_what_yaml_adds_to_json_is_refused(text: str, error_id: str) -> None:
    """Aliases, tags, second documents, duplicate and structured keys have no place."""
    with pytest.raises(DecodeError) as caught:
        parse_yaml(text.encode())
    assert caught.value.id == error_id


def test_a_merge_key_is_only_a_key() -> None:
    """`<<` merges nothing."""
    assert parse_yaml(b"<<: {a: 1}\n") == {"<<": {"a": 1}}


def test_d9_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    """The billion laughs are not laughed."""
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 64)]
    with pytest.raises(DecodeError) as caught:
        parse_yaml("\n".join(lines).encode())
    assert caught.value.path == "line 1, column 5"


def test_d9_depth_and_size_are_bounded() -> None:
    """Deep nesting is refused without exhausting the stack."""
    with pytest.raises(LimitError):
        parse_yaml(b"[" * 65 + b"]" * 65)
    with pytest.raises(MLSpecError):
        parse_yaml(b"[" * 20_000)
    with pytest.raises(LimitError):
        parse_yaml(b"a: 1", limits=codec.Limits(max_bytes=3))


def test_a_number_where_text_belongs_is_refused_by_name() -> None:
    """`1.10` is not silently 1.1."""
    with pytest.raises(DecodeError) as caught:
        codec.decode(v1.Producer, b"name: x\nversion: 1.10\n", Format.YAML)
    assert caught.value.path == "version"


SCALARS = (
    st.text(max_size=40)
    | st.text("0123456789eE.+-_:xo~", max_size=6)
    | st.sampled_from(
        [
            "no",
            "true",
            "null",
            "NULL",
            "0E0",
            "1_0",
            "2026-01-31",
            "- x",
            "a: b",
            "#",
            "<<",
            "\x85",
            "\ufeff",
        ]
    )
)


@settings(max_examples=400, deadline=None)
@given(SCALARS, SCALARS)
def test_any_text_survives_yaml(name: str, value: str) -> None:
    """Whatever a tag holds, YAML gives it back unchanged, or JSON could not have it either."""
    tag = v1.Tag(name=name, value=value)
    assert codec.decode(v1.Tag, codec.encode(tag, Format.YAML), Format.YAML) == tag
    assert codec.decode(v1.Tag, codec.encode(tag, Format.JSON), Format.JSON) == tag
    assert codec.decode(v1.Tag, codec.encode(tag, Format.TEXT), Format.TEXT) == tag


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_yaml_gives_a_record_or_one_of_our_errors(data: st.DataObject) -> None:
    """No foreign exception leaves the reader."""
    text = bytearray(codec.encode(RECORD, Format.YAML))
    start = data.draw(st.integers(0, len(text)))
    text[start : start + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    result = samples.attempt(lambda: codec.decode(v1.Record, bytes(text), Format.YAML))
    assert isinstance(result, v1.Record | MLSpecError)
