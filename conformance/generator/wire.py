"""Bytes that no program can read as a message."""

from collections.abc import Iterator

from conformance.generator.making import MadeSet, inline
from conformance.generator.wire_writing import bytes_field
from mlspec import v1

_NAME = bytes_field(1, b"p")


def sets() -> Iterator[MadeSet]:
    """Yield the set of bytes that are no message."""
    made = MadeSet("reject/wire", "Bytes that are no message of the wire format.")
    unit = v1.Parameter(name="p", unit="ms").SerializeToString()
    broken = {
        "cut_in_text": ("A text is cut.", unit[:-1]),
        "cut_in_tag": ("A tag is cut.", _NAME + b"\x80"),
        "cut_after_tag": ("A tag without a value.", _NAME + b"\x4a"),
        "cut_in_varint": ("A number is cut.", _NAME + b"\x18\xff"),
        "cut_in_fixed64": ("A double is cut.", _NAME + b"\x21\x00\x00\x00"),
        "length_beyond_end": ("A length of 2^31 - 1.", _NAME + b"\x12\xff\xff\xff\xff\x07x"),
        "length_negative": ("A length of 2^64 - 1.", _NAME + b"\x12" + b"\xff" * 9 + b"\x01x"),
        "varint_too_long": ("A number of eleven bytes.", _NAME + b"\x18" + b"\x80" * 10 + b"\x01"),
        "field_zero": ("Field number 0.", _NAME + b"\x02\x01x"),
        "wire_type_six": ("A wire type that there is not.", _NAME + b"\x4e\x00"),
        "group_open": ("A group that does not end.", _NAME + b"\xa3\x3e\x08\x01"),
        "group_unopened": ("The end of a group that did not begin.", _NAME + b"\xa4\x3e"),
        "group_crossed": ("A group that another one's end closes.", _NAME + b"\xa3\x3e\xac\x3e"),
        "text_not_utf8": ("Text that is not UTF-8.", bytes_field(1, b"\xff")),
        "text_surrogate": ("A surrogate in text.", bytes_field(1, b"\xed\xa0\x80")),
        "text_overlong": ("A character in more bytes than it needs.", bytes_field(1, b"\xc0\xaf")),
        "text_cut": ("A character that is cut.", bytes_field(1, b"a\xe2\x82")),
    }
    for name, (purpose, data) in broken.items():
        case = made.add(f"{name}_fail", purpose)
        case.convert.message_type = "mlspec.v1.Parameter"
        case.convert.binary.CopyFrom(inline(data))
        case.convert.unreadable = purpose
    yield made
