"""Features of editions, resolved. proto2 and proto3 are two fixed sets of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

IMPLICIT: Final = 2
LEGACY_REQUIRED: Final = 3
CLOSED: Final = 2
VERIFY: Final = 2
DELIMITED: Final = 2
ALLOW: Final = 1
STRING: Final = 3

EDITION_2024: Final = 1001


class Features(NamedTuple):
    """What holds for an element, as the numbers of `google.protobuf.FeatureSet` say it."""

    presence: int
    enum_type: int
    utf8: int
    encoding: int
    json: int
    cpp_string: int
    java_utf8: int


_PROTO2: Final = Features(1, CLOSED, 3, 1, 2, STRING, 1)
_PROTO3: Final = Features(IMPLICIT, 1, VERIFY, 1, ALLOW, STRING, 1)
_EDITIONS: Final = Features(1, 1, VERIFY, 1, ALLOW, STRING, 1)
_OWN: Final = {1: "presence", 2: "enum_type", 4: "utf8", 5: "encoding", 6: "json"}
# Extensions of FeatureSet: `pb.cpp` with string_type, `pb.java` with utf8_validation.
_FOREIGN: Final = {1000: "cpp_string", 1001: "java_utf8"}
_FOREIGN_FIELD: Final = 2
_EDITION_FIELD: Final = 14


def of_file(file: FileDescriptorProto) -> Features:
    """Return the features that a file gives to what it holds."""
    if file.syntax == "proto3":
        return _PROTO3
    if file.syntax != "editions":
        return _PROTO2
    view = 1 if edition(file) >= EDITION_2024 else STRING
    return inherit(_EDITIONS._replace(cpp_string=view), file.options)


def edition(file: FileDescriptorProto) -> int:
    """Return the number of a file's edition; 0 for proto2 and proto3."""
    if file.syntax != "editions":
        return 0
    # An older runtime keeps the number of an edition that it does not know among unknown fields.
    return file.edition or int(_scan(file.SerializeToString()).get(_EDITION_FIELD, 0))


def inherit(outer: Features, options: Any) -> Features:
    """Return the features of an element with `options` inside of one with the features `outer`."""
    if not options.HasField("features"):
        return outer
    # Read from the bytes: older runtimes do not know every value, and nobody the extensions.
    found = _scan(options.features.SerializeToString())
    own = {name: found[number] for number, name in _OWN.items() if number in found}
    for number, name in _FOREIGN.items():
        inner = _scan(found.get(number, b""))
        if _FOREIGN_FIELD in inner:
            own[name] = inner[_FOREIGN_FIELD]
    return outer._replace(**own)


def _scan(data: bytes) -> dict[int, Any]:
    """Return the top-level fields of a message: numbers, or the bytes of what has a length."""
    found: dict[int, Any] = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        match tag & 7:
            case 0:
                found[tag >> 3], at = _varint(data, at)
            case 2:
                size, at = _varint(data, at)
                found[tag >> 3], at = data[at : at + size], at + size
            case kind:
                at += 8 if kind == 1 else 4
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
