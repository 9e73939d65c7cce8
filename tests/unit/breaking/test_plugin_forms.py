"""The plugin's reader and writer agree with protobuf's runtime, and refuse what is malformed."""

import base64
import json
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlspec.breaking import plugin_binary, plugin_json
from mlspec.breaking.plugin_messages import DESCRIPTOR, ENUMS, MESSAGES
from mlspec.errors import DecodeError
from tests.unit.breaking.plugin_calls import runtime

CHECK_REQUEST = "buf.plugin.check.v1.CheckRequest"


def values(kind: str, *, text: bool = False) -> st.SearchStrategy[Any]:
    """Values of a type of the table; `text` leaves out what is not JSON."""
    scalars = {
        "bool": st.just(True),
        "bytes": st.binary(min_size=1, max_size=20),
        DESCRIPTOR: st.binary(min_size=1, max_size=20),
        "int32": st.integers(0, 2**31 - 1),
        "string": st.text(min_size=1, max_size=20),
        "uint32": st.integers(1, 2**32 - 1),
    }
    if kind in scalars:
        return scalars[kind]
    if kind in ENUMS:
        return st.sampled_from(sorted(ENUMS[kind]))
    fields = {
        field.name: st.lists(values(field.type, text=text), min_size=1, max_size=3)
        if field.repeated
        else values(field.type, text=text)
        for field in MESSAGES[kind].values()
        if not (text and field.type == DESCRIPTOR)
    }
    return st.fixed_dictionaries({}, optional=fields)


# On a busy machine drawing nested messages is slow, and says nothing of the plugin.
bounded = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])

READ = [
    "pluginrpc.v1.Request",
    "buf.plugin.check.v1.ListRulesRequest",
    CHECK_REQUEST,
]
WRITTEN = [
    "pluginrpc.v1.Spec",
    "pluginrpc.v1.Response",
    "buf.plugin.check.v1.ListRulesResponse",
    "buf.plugin.check.v1.ListCategoriesResponse",
    "buf.plugin.check.v1.CheckResponse",
]


@bounded
@given(st.data())
def test_what_the_runtime_writes_is_read(data: st.DataObject) -> None:
    """Requests have the values that protobuf's runtime gave them."""
    kind = data.draw(st.sampled_from(READ))
    value = data.draw(values(kind))
    encoded = plugin_binary.encode(kind, value)
    message = runtime(kind)
    message.ParseFromString(encoded)
    assert plugin_binary.decode(kind, message.SerializeToString()) == value


@bounded
@given(st.data())
def test_the_runtime_reads_what_is_written(data: st.DataObject) -> None:
    """Responses say to protobuf's runtime what they were made from."""
    kind = data.draw(st.sampled_from(WRITTEN))
    value = data.draw(values(kind))
    message = runtime(kind)
    message.ParseFromString(plugin_binary.encode(kind, value))
    wanted = runtime(kind)
    json_format.ParseDict(_with_base64(value), wanted)
    assert message == wanted


def _with_base64(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_with_base64(one) for one in value]
    if isinstance(value, dict):
        return {name: _with_base64(one) for name, one in value.items()}
    return value


@bounded
@given(values(CHECK_REQUEST, text=True), st.booleans())
def test_json_of_the_runtime_is_read(value: dict[str, Any], camel: bool) -> None:
    """Both spellings of field names are known, as the JSON mapping asks."""
    message = json_format.ParseDict(value, runtime(CHECK_REQUEST))
    text = json_format.MessageToJson(message, preserving_proto_field_name=not camel)
    assert plugin_json.decode(CHECK_REQUEST, plugin_json.parse(text.encode())) == value


@bounded
@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but DecodeError comes of bytes that are no message."""
    for kind in READ:
        try:
            plugin_binary.decode(kind, data)
        except DecodeError:
            continue


def test_unknown_fields_are_passed_over() -> None:
    """A newer buf may say more."""
    more = plugin_binary.delimited(99, b"more") + plugin_binary.varint(98 << 3) + b"\x01"
    known = plugin_binary.delimited(4, b"RULE")
    fixed = bytes([97 << 3 & 0x7F | 0x80 | 5, 97 >> 4]) + bytes(4)
    assert plugin_binary.decode(CHECK_REQUEST, more + fixed + known) == {"rule_ids": ["RULE"]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x22\x05RULE", "must end within its message"),
        (b"\x22\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "ten bytes at most"),
        (b"\x22", "ten bytes at most"),
        (b"\x20\x01", "must not have wire type 0"),
        (b"\x23", "must not have wire type 3"),
        (b"\x02\x00", "field 0 must end"),
        (b"\x22\x01\xff", "must be UTF-8"),
    ],
)
def test_malformed_bytes_are_refused(data: bytes, message: str) -> None:
    """The error says what must hold."""
    with pytest.raises(DecodeError, match=message):
        plugin_binary.decode(CHECK_REQUEST, data)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"rule_ids": "RULE"}, "rule_ids must be a list"),
        ({"ruleIds": [1]}, "rule_ids must be a string"),
        ({"file_descriptors": [{"is_import": 1}]}, "is_import must be a bool"),
        ({"file_descriptors": [{"file_descriptor_proto": {"name": 1}}]}, "must be readable"),
        ({"options": ["key"]}, "options must be a JSON object"),
    ],
)
def test_json_of_another_shape_is_refused(value: dict[str, Any], message: str) -> None:
    """The error names the field."""
    with pytest.raises(DecodeError, match=message):
        plugin_json.decode(CHECK_REQUEST, value)


@pytest.mark.parametrize("data", [b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    """However deep or broken it is."""
    with pytest.raises(DecodeError, match="the request must be"):
        plugin_json.parse(data)


def test_json_reads_a_number_as_no_page_size_if_it_is_a_bool() -> None:
    """True is an int to Python, not to the protocol."""
    with pytest.raises(DecodeError, match="page_size must be a uint32"):
        plugin_json.decode(
            "buf.plugin.check.v1.ListRulesRequest", json.loads('{"page_size": true}')
        )
