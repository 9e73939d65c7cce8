"""The scanner agrees with the runtime about what is a message, and what is unknown in it."""

import pytest
from google.protobuf.message import DecodeError as RuntimeDecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import v1
from mlspec.codec import wire
from mlspec.codec.unknown import has_unknown_fields
from mlspec.errors import DecodeError, LimitError
from tests.unit import samples

DESCRIPTOR = v1.Record.DESCRIPTOR
VALID = samples.record().SerializeToString()


def runtime(data: bytes) -> str:
    """Say what the protobuf runtime makes of `data`."""
    try:
        message = v1.Record.FromString(data)
    except (RuntimeDecodeError, ValueError):
        return "refused"
    unknown = has_unknown_fields(v1.Record, data, message.ByteSize())
    return "unknown" if unknown else "known"


def scanner(data: bytes) -> str:
    """Say what the scanner makes of `data`."""
    try:
        found = wire.first_unknown(DESCRIPTOR, data, max_depth=100)
    except DecodeError as error:
        # Runtimes cut such a varint, or refuse it, as they please: the scanner refuses it.
        return "stricter" if "64 bits" in error.message else "refused"
    return "unknown" if found else "known"


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid record with some bytes changed, cut out or put in."""
    data = bytearray(VALID)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 4)))
        data[start:end] = draw(st.binary(max_size=4))
    return bytes(data)


@settings(max_examples=400, deadline=None)
@given(damaged())
def test_the_scanner_agrees_with_the_runtime(data: bytes) -> None:
    """What one refuses the other refuses; unknown fields that one finds the other finds."""
    said = scanner(data)
    if said == "unknown":
        # The scanner stops at the first one: what comes after it may still be broken.
        assert runtime(data) in ("unknown", "refused")
    elif said != "stricter":
        assert said == runtime(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=64))
def test_any_bytes_are_scanned_or_refused(data: bytes) -> None:
    """No bytes raise anything but the two errors that say so."""
    result = samples.attempt(lambda: list(wire.tokens(data)))
    assert isinstance(result, list | DecodeError | LimitError)


def test_every_cut_is_noticed_or_at_a_field_boundary() -> None:
    """A cut within a field is refused; one between fields of the top is a shorter message."""
    boundaries = {token.end for token in wire.tokens(VALID)} | {0}
    for end in range(len(VALID)):
        if end in boundaries:
            assert list(wire.tokens(VALID[:end])) is not None
        else:
            with pytest.raises(DecodeError):
                list(wire.tokens(VALID[:end]))
