"""Parsing a bundle's leaves at once, and telling that they are plain.

A leaf is plain if parsing it, dropping unknown fields and encoding what is left gives its own
bytes: then it has no unknown field and none twice, at any depth. Done for a whole bundle within
the runtime, that costs half of what it costs leaf by leaf.

A glimpse of a leaf is the encoding of only what is asked of each request: its outcome, deployment
and model. Requests that say the same have the same glimpse, so it is judged once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from google.protobuf import message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import DecodeError as ProtobufDecodeError
from google.protobuf.message import Message

from mlspec import v1
from mlspec.codec.descriptors import descriptor_of
from mlspec.codec.wire import read_varint

NO_REQUEST: Final = b"\x0a\x00"
"""The glimpse of a leaf that is no request."""

_PACKAGE: Final = "mlspec.requestlog.checking"
_FIELD: Final = b"\x0a"
_SEQUENCE: Final = b"\x10"
_NONCE: Final = b"\x1a\x10"
_LOW: Final = tuple(bytes([low | 0x80]) for low in range(128))


def framed(leaves: Iterable[bytes]) -> bytes:
    """Return leaves as the encoding of one message that has nothing but them."""
    return b"".join([part for leaf in leaves for part in (_head(len(leaf)), leaf)])


def plain_entries(data: bytes) -> Sequence[v1.LogEntry] | None:
    """Return the entries that framed leaves are. None: at least one of them is not plain."""
    bundle_type = _types()[0]
    try:
        bundle = bundle_type.FromString(data)
        bundle.DiscardUnknownFields()
        if bundle.SerializeToString() != data:
            return None
    except (ProtobufDecodeError, ValueError, RecursionError):
        return None
    entries: Sequence[v1.LogEntry] = bundle.entries
    return entries


def glimpses(data: bytes, count: int) -> list[bytes]:
    """Return the glimpse of each of so many framed, plain leaves, at least one.

    A leaf of another kind has the glimpse `NO_REQUEST`.
    """
    bundle = _types()[1].FromString(data)
    bundle.DiscardUnknownFields()
    seen: bytes = bundle.SerializeToString()
    first = seen[: _end(seen, 0)]
    # Most bundles hold requests to one model that all came to the same.
    if len(first) * count == len(seen) and first * count == seen:
        return [first] * count
    found, at = [], 0
    while at < len(seen):
        end = _end(seen, at)
        found.append(seen[at:end])
        at = end
    return found


def plain_starts(origin: str, start: int, count: int) -> list[bytes]:
    """Return what plain leaves of a log begin with, from index `start` on.

    That is the origin, the index, and that a nonce of 16 bytes follows.
    """
    name = origin.encode("utf-8")
    head = _FIELD + _varint(len(name)) + name
    starts: list[bytes] = []
    index = start
    while len(starts) < count:
        high, low = divmod(index, 128)
        if high == 0:
            # An index of 0 is not written, and a short one has no second byte.
            starts.append(head + (_SEQUENCE + bytes([low]) if low else b"") + _NONCE)
            index += 1
        else:
            before, after = head + _SEQUENCE, _varint(high) + _NONCE
            starts += [before + each + after for each in _LOW[low:]]
            index += 128 - low
    return starts[:count]


def _end(data: bytes, at: int) -> int:
    """Return where the frame at `at` ends; its length has one byte or two, as glimpses have."""
    length = data[at + 1]
    if length < 0x80:
        return at + 2 + length
    size, start = read_varint(data, at + 1, len(data))
    return start + size


@lru_cache(maxsize=1)
def _types() -> tuple[Any, Any]:
    """Make the types of messages that are nothing but entries, or glimpses: no file has them."""
    entry = descriptor_of(v1.LogEntry)
    file = FileDescriptorProto(
        name="mlspec/requestlog/checking/bundle.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[entry.file.name],
    )
    _message(file, "Bundle", entries=(1, f".{entry.full_name}"))
    _message(file, "Glimpses", entries=(1, f".{_PACKAGE}.Glimpse"))
    request, model = v1.InferenceRecord, v1.InferenceModel
    _message(file, "Glimpse", inference=(_number(v1.LogEntry, "inference"), f".{_PACKAGE}.Request"))
    _message(
        file,
        "Request",
        outcome=(_number(request, "outcome"), "int32"),
        deployment_sha256=(_number(request, "deployment_sha256"), "bytes"),
        model=(_number(request, "model"), f".{_PACKAGE}.Model"),
    )
    _message(
        file,
        "Model",
        name=(_number(model, "name"), "bytes"),
        version=(_number(model, "version"), "bytes"),
        sha256=(_number(model, "sha256"), "bytes"),
    )
    pool: Any = entry.file.pool
    pool.AddSerializedFile(file.SerializeToString())
    bundle, glimpse = (
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))
        for name in ("Bundle", "Glimpses")
    )
    return bundle, glimpse


def _message(file: FileDescriptorProto, name: str, /, **fields: tuple[int, str]) -> None:
    """Add a message type whose fields have these numbers and types; `entries` is a list."""
    message = file.message_type.add(name=name)
    for field, (number, kind) in fields.items():
        made = message.field.add(name=field, number=number, label=Field.LABEL_OPTIONAL)
        if field == "entries":
            made.label = Field.LABEL_REPEATED
        if kind.startswith("."):
            made.type, made.type_name = Field.TYPE_MESSAGE, kind
        else:
            made.type = Field.TYPE_INT32 if kind == "int32" else Field.TYPE_BYTES


def _number(message: type[Message], field: str) -> int:
    return int(descriptor_of(message).fields_by_name[field].number)


@lru_cache(maxsize=4096)
def _head(length: int) -> bytes:
    return _FIELD + _varint(length)


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)
