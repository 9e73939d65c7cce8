"""The bounds of what a request hands over, checked in Python, one value at a time.

The rules are the schema's. Validating each entry against it would cost more than all else that is
done for a request, so nothing gets into an entry but through these functions, constants that were
validated once, and messages that are validated when they are handed over. A test logs whatever it
can and validates what came of it.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Container, Sequence
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from mlspec import v1
from mlspec.errors import UsageError
from mlspec.validation import validate

Tensor = tuple[int, tuple[int, ...], bytes]
"""The kind of element, the shape and the content of a `Tensor`."""

Answer = tuple[str, Any]
"""The field of `Prediction` that an answer stands in, and its value."""

MAX_TENSOR: Final = 65_535
"""The most content of a tensor in a side record, in bytes."""

MAX_LEAF_TENSOR: Final = 4096
"""The most content of a tensor of features in a leaf, in bytes."""

MAX_ANSWER: Final = 1024
"""The longest answer in a leaf, in bytes."""

_MAX_DIMENSIONS: Final = 16
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_ENDPOINT: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/{}-]{1,255}", re.ASCII)
_ATOM: Final = r"[A-Za-z0-9!#$&^_.+-]+"
_MEDIA_TYPE: Final = re.compile(rf"{_ATOM}/{_ATOM}( *; *{_ATOM}=[!-~]+)?", re.ASCII)
_MAX_MEDIA_TYPE: Final = 127
# Only what machines make: a name that happens to have 32 letters stays in the side record.
_OPAQUE: Final = re.compile(
    r"[0-9a-fA-F]{16,64}|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII
)
_ELEMENT_KINDS: Final[dict[str, int]] = {
    "<f4": v1.ELEMENT_KIND_FLOAT32,
    "<f8": v1.ELEMENT_KIND_FLOAT64,
    "<i4": v1.ELEMENT_KIND_INT32,
    "<i8": v1.ELEMENT_KIND_INT64,
    "|b1": v1.ELEMENT_KIND_BOOL,
    "|u1": v1.ELEMENT_KIND_UINT8,
    "<f2": v1.ELEMENT_KIND_FLOAT16,
    "|i1": v1.ELEMENT_KIND_INT8,
}

_KNOWN_ELEMENTS: Final = frozenset(v1.ElementKind.values())
_PARTS: Final = frozenset({"explanation", "generation", "human_override", "other_models"})
# A record to which parts are added, so that the rules of the whole are tried on them.
_SAMPLE: Final = v1.InferenceRecord(
    request_id="sample",
    request_time=Timestamp(seconds=1),
    latency_duration=Duration(seconds=1),
    outcome=v1.INFERENCE_OUTCOME_ANSWERED,
    deployment_sha256=bytes(32),
    model=v1.InferenceModel(name="sample", version="1"),
)


def short_text(value: str, limit: int, path: str) -> str:
    """Return text of 1 to `limit` bytes. Raises UsageError."""
    if not isinstance(value, str):
        raise _refused("must be text", path, type(value).__name__)
    try:
        size = len(value) if value.isascii() else len(value.encode())
    except UnicodeEncodeError:
        raise _refused("must be text that UTF-8 can carry", path, "lone surrogates") from None
    if not 1 <= size <= limit:
        raise _refused(f"must be 1 to {limit} bytes", path, size)
    return value


def cut_text(value: str | None, limit: int) -> str | None:
    """Return as much of a client's text as the side record holds. None: there is nothing."""
    if not value:
        return None
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode()
    return value[:limit]


def finite(value: float, path: str) -> float:
    """Return a finite number. Raises UsageError."""
    if type(value) is float and math.isfinite(value):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise _refused("must be a number", path, type(value).__name__) from None
    if not math.isfinite(number):
        raise _refused("must be a finite number", path, number)
    return number


def rate(value: float, path: str) -> float:
    """Return a number of 0 to 1. Raises UsageError."""
    number = finite(value, path)
    if not 0 <= number <= 1:
        raise _refused("must be 0 to 1", path, number)
    return number


def whole(value: int, least: int, most: int, path: str) -> int:
    """Return a whole number within its bounds. Raises UsageError."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _refused(f"must be a whole number of {least} to {most}", path, repr(value)[:32])
    return value


def known(value: int, values: Container[int], path: str) -> int:
    """Return the number of a value that an enum has. Raises UsageError."""
    if value not in values:
        raise _refused("must be a value of its enum", path, repr(value)[:32])
    return value


def answer(value: Any) -> Answer:
    """Return the field of `Prediction` that an answer belongs in, and the value for it.

    Raises UsageError.
    """
    if isinstance(value, float):
        return ("number_value", finite(value, "value"))
    if isinstance(value, int):
        return ("integer_value", whole(int(value), -(2**63), 2**63 - 1, "value"))
    if isinstance(value, str):
        return ("text_value", short_text(value, MAX_ANSWER, "value") if value else "")
    if isinstance(value, bytes):
        whole(len(value), 0, MAX_ANSWER, "value")
        return ("content", value)
    return ("tensor_value", tensor(value, MAX_ANSWER, "value"))


def added_to_leaf(
    extras: v1.InferenceRecord | None, part: v1.InferenceRecord
) -> v1.InferenceRecord:
    """Return what a leaf has beyond scalars, with more of it.

    Raises UsageError, ValidationError.
    """
    foreign = sorted(field.name for field, _ in part.ListFields() if field.name not in _PARTS)
    if foreign:
        raise _refused(f"must have only {', '.join(sorted(_PARTS))}", "part", ", ".join(foreign))
    made, sample = v1.InferenceRecord(), v1.InferenceRecord()
    if extras is not None:
        made.CopyFrom(extras)
    made.MergeFrom(part)
    sample.CopyFrom(_SAMPLE)
    sample.MergeFrom(made)
    validate(sample)
    return made


def request_id(value: str) -> str:
    """Return a server's id of a request. Raises UsageError."""
    return _matching(_REQUEST_ID, value, "request_id", "1 to 64 of A-Z, a-z, 0-9 and . _ : -")


def endpoint(value: str) -> str:
    """Return a path without query, personal data or blanks. Raises UsageError."""
    return _matching(_ENDPOINT, value, "endpoint", "a path of at most 255 bytes, without a query")


def media_type(value: str) -> str:
    """Return a media type (RFC 6838). Raises UsageError."""
    made = _matching(_MEDIA_TYPE, value, "media_type", "a media type")
    return short_text(made, _MAX_MEDIA_TYPE, "media_type")


def fitting_media_type(value: str | None) -> str | None:
    """Return what a client calls its body, if it is a media type. None: it is not."""
    fits = value is not None and len(value) <= _MAX_MEDIA_TYPE and _MEDIA_TYPE.fullmatch(value)
    return value if fits else None


def is_opaque(value: str) -> bool:
    """Tell whether a client's id is what machines make, so that it may stand in a leaf."""
    return _OPAQUE.fullmatch(value) is not None


def tensor(value: Any, limit: int, path: str) -> Tensor:
    """Return element kind, shape and content.

    Args:
        value: An array with `dtype`, `shape` and `tobytes`, as those of NumPy, little-endian; a
            `Tensor`; or a sequence of numbers, which become 64-bit floats.
        limit: The most content, in bytes.
        path: How errors name it.

    Raises UsageError.
    """
    shape: tuple[int, ...]
    if isinstance(value, v1.Tensor):
        kind: int = value.element_kind if value.element_kind in _KNOWN_ELEMENTS else 0
        shape, content = tuple(value.shape), value.content
        if min(shape, default=0) < 0:
            raise _refused("must have no dimension below 0", path, shape)
    elif hasattr(value, "tobytes") and hasattr(value, "dtype"):
        kind, shape = _ELEMENT_KINDS.get(value.dtype.str, 0), value.shape
        content = value.tobytes()
    else:
        kind, content = v1.ELEMENT_KIND_FLOAT64, _packed(value, path)
        shape = (len(value),)
    if not kind:
        raise _refused("must be of a kind of element that tensors have", path, kind)
    if len(shape) > _MAX_DIMENSIONS:
        raise _refused(f"must have at most {_MAX_DIMENSIONS} dimensions", path, len(shape))
    if len(content) > limit:
        raise _refused(f"must hold at most {limit} bytes", path, len(content))
    return kind, shape, content


def _packed(values: Sequence[float], path: str) -> bytes:
    try:
        return struct.pack(f"<{len(values)}d", *values)
    except (struct.error, TypeError):
        raise _refused("must be an array or numbers", path, type(values).__name__) from None


def _matching(pattern: re.Pattern[str], value: str, path: str, words: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _refused(f"must be {words}", path, repr(value)[:64])
    return value


def _refused(words: str, path: str, got: object) -> UsageError:
    return UsageError(f"{words} (got {got})", error_id="log.request", path=path)
