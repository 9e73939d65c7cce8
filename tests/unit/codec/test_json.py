"""JSON is read strictly: one text, one meaning."""

import json
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import codec, v1
from mlspec.codec import Format
from mlspec.errors import DecodeError, InputError, LimitError, MLSpecError, UnknownFieldsError
from tests.unit import samples

RECORD = samples.record()


def decode(document: Any) -> v1.Record:
    """Read a record from JSON data."""
    return codec.decode(v1.Record, json.dumps(document).encode(), Format.JSON)


def document() -> dict[str, Any]:
    """A record as JSON data."""
    return codec.to_dict(RECORD)


def refusal(data: bytes, message_type: Any = v1.Record) -> MLSpecError:
    """The error that reading `data` ends in."""
    with pytest.raises(MLSpecError) as caught:
        codec.decode(message_type, data, Format.JSON)
    return caught.value


def test_a_record_survives() -> None:
    """What was written as JSON reads back equal, by either name of its fields."""
    text = codec.encode(RECORD, Format.JSON)
    assert codec.decode(v1.Record, text, Format.JSON) == RECORD
    assert b'"recordId"' in text
    assert codec.decode(v1.Record, text.replace(b"recordId", b"record_id"), Format.JSON) == RECORD


def test_unknown_fields_are_never_dropped() -> None:
    """JSON cannot keep them, so a message that has some is not written as JSON."""
    record = samples.record()
    record.header.MergeFromString(b"\xa0\x3f\x01")
    for form in (Format.JSON, Format.YAML, Format.TEXT):
        with pytest.raises(UnknownFieldsError) as caught:
            codec.encode(record, form)
        assert caught.value.path == "header#1012"


@pytest.mark.parametrize(
    ("data", "error_id"),
    [
        (b'{"header": {}, "header": {}}', "json.duplicate_key"),
        (b"\xef\xbb\xbf{}", "decode.byte_order_mark"),
        (b"{} {}", "json.syntax"),
        (b'{"header": ', "json.syntax"),
        (b'{"header": NaN}', "json.constant"),
        (b'{"header": 1e999}', "json.number"),
        (b'{"header": ' + b"1" * 5000 + b"}", "json.number"),
        (b"\xff{}", "decode.utf8"),
        (b'{"header": {"namespaceName": "\\ud800"}}', "json.surrogate"),
        (b"[]", "json.shape"),
        (b"null", "json.shape"),
        (b'"text"', "json.shape"),
        (b"", "json.syntax"),
    ],
)
def test_d7_freedoms_of_json_parsers_are_refused(data: bytes, error_id: str) -> None:
    """Each of these reads differently in different parsers, or not at all."""
    assert refusal(data).id == error_id


def test_s2_both_names_of_one_field() -> None:
    """Both camelCase and snake_case of one field together are refused; each alone passes."""
    twins = document()
    twins["header"]["record_id"] = "x"
    with pytest.raises(DecodeError) as caught:
        decode(twins)
    assert caught.value.id == "json.twins"
    assert caught.value.path == "header.record_id"


def test_s2_two_members_of_one_oneof() -> None:
    """Two digests in the place of one are refused."""
    error = refusal(b'{"sha256": "AA==", "sha512": "AA=="}', v1.Digest)
    assert error.id == "json.twins"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stepAttempt", "1"),
        ("stepAttempt", 1.5),
        ("stepAttempt", True),
        ("stepAttempt", 1 << 31),
        ("namespaceName", 7),
        ("namespaceName", True),
        ("stage", "STAGE_NONE"),
        ("stage", True),
        ("stage", 1 << 31),
        ("inputs", {}),
        ("producer", []),
        ("createTime", "yesterday"),
        ("createTime", 12),
    ],
)
def test_values_of_another_type_are_refused_by_path(field: str, value: Any) -> None:
    """Nothing is converted silently; the error names the field."""
    changed = document()
    changed["header"][field] = value
    with pytest.raises(DecodeError) as caught:
        decode(changed)
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in field)
    assert caught.value.path == f"header.{snake}"


def test_s2_integers_beyond_2_to_the_53rd_need_quotes() -> None:
    """A bare number that other readers would round is refused; quoted it is exact."""
    big = (1 << 53) + 1
    assert codec.from_dict(v1.Artifact, {"sizeBytes": str(big)}).size_bytes == big
    with pytest.raises(DecodeError, match="quoted"):
        codec.from_dict(v1.Artifact, {"sizeBytes": big})
    for wrong in ("1.0", "01", " 1", "1e3", str(1 << 63), ""):
        with pytest.raises(DecodeError):
            codec.from_dict(v1.Artifact, {"sizeBytes": wrong})


@pytest.mark.parametrize("text", ["A", "AA", "AA=", "AB==", "AA==\n", "_-==", "A A=", "%%%="])
def test_d7_loose_base64_is_refused(text: str) -> None:
    """Bytes have one spelling: padded, canonical, the standard alphabet."""
    assert codec.from_dict(v1.Digest, {"sha256": "AA=="}).sha256 == b"\0"
    with pytest.raises(DecodeError) as caught:
        codec.from_dict(v1.Digest, {"sha256": text})
    assert caught.value.id == "json.base64"


def test_an_unknown_key_is_named_with_what_there_is() -> None:
    """A typing mistake is answered with the fields that exist."""
    changed = document()
    changed["header"]["naemspace"] = "x"
    with pytest.raises(UnknownFieldsError) as caught:
        decode(changed)
    assert caught.value.path == "header.naemspace"
    assert "namespace_name" in caught.value.remedy


def test_a_time_that_json_cannot_say_is_not_written() -> None:
    """A year beyond 9999 ends in one of our errors."""
    with pytest.raises(InputError):
        codec.encode(v1.RecordHeader(create_time=Timestamp(seconds=1 << 60)), Format.JSON)


def test_d9_depth_is_bounded() -> None:
    """Deep nesting is refused without exhausting the stack."""
    for depth in (65, 100_000):
        with pytest.raises((LimitError, DecodeError)):
            codec.decode(v1.Record, b"[" * depth + b"]" * depth, Format.JSON)
        with pytest.raises((LimitError, DecodeError)):
            codec.decode(v1.Record, b'{"header":' * depth + b"1" + b"}" * depth, Format.JSON)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["header", "recordId", "stage", "inputs", "digest", "sha256"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_json_gives_a_record_or_one_of_our_errors(value: Any) -> None:
    """No foreign exception leaves the reader."""
    assert isinstance(samples.attempt(lambda: decode(value)), v1.Record | MLSpecError)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_json_gives_a_record_or_one_of_our_errors(data: st.DataObject) -> None:
    """Cut, changed and spliced text never raises anything foreign."""
    text = bytearray(codec.encode(RECORD, Format.JSON))
    start = data.draw(st.integers(0, len(text)))
    text[start : start + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    result = samples.attempt(lambda: codec.decode(v1.Record, bytes(text), Format.JSON))
    assert isinstance(result, v1.Record | MLSpecError)
