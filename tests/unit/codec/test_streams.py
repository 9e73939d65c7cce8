"""Streams of messages: read back as written, and bounded."""

import io
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import codec, v1
from mlspec.codec.streams import frame
from mlspec.errors import DecodeError, LimitError, MLSpecError
from tests.unit import samples

RECORDS = [samples.record() for _ in range(3)]


def stream() -> bytes:
    """Three records, one after the other."""
    target = io.BytesIO()
    assert codec.write_delimited(RECORDS, target) == 3
    return target.getvalue()


def test_a_stream_survives() -> None:
    """All messages come back, in order."""
    assert list(codec.read_delimited(v1.Record, io.BytesIO(stream()))) == RECORDS


def test_a_cut_stream_gives_what_is_whole_and_names_what_is_not() -> None:
    """The messages before the cut are delivered; the broken one is named by its place."""
    reader = codec.read_delimited(v1.Record, io.BytesIO(stream()[:-1]))
    assert [next(reader), next(reader)] == RECORDS[:2]
    with pytest.raises(DecodeError) as caught:
        next(reader)
    assert caught.value.path == "[2]"
    assert caught.value.id == "decode.truncated"


def test_a_length_beyond_the_bound_is_refused_before_it_is_read() -> None:
    """A claim of two gigabytes costs nothing."""
    with pytest.raises(LimitError):
        next(codec.read_delimited(v1.Record, io.BytesIO(b"\xff\xff\xff\xff\x07")))


def test_an_endless_length_is_refused() -> None:
    """A length is a varint of at most five bytes."""
    with pytest.raises(DecodeError):
        next(codec.read_delimited(v1.Record, io.BytesIO(b"\xff" * 20)))


def test_errors_within_a_message_carry_both_places() -> None:
    """The path starts with the message's place in the stream."""
    data = stream() + frame(b"\x0a\x05hello")
    with pytest.raises(MLSpecError) as caught:
        list(codec.read_delimited(v1.Record, io.BytesIO(data)))
    assert caught.value.path.startswith("[3]")


def test_short_reads_are_put_together() -> None:
    """A pipe that delivers byte by byte delivers messages all the same."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    out, _ = process.communicate(stream())

    class Dribble(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 1, 1))

    assert list(codec.read_delimited(v1.Record, Dribble(out))) == RECORDS


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_stream_ends_or_is_refused(data: bytes) -> None:
    """No bytes make the reader hang or raise anything foreign."""
    result = samples.attempt(lambda: list(codec.read_delimited(v1.Digest, io.BytesIO(data))))
    assert isinstance(result, list) or result.path.startswith("[")
