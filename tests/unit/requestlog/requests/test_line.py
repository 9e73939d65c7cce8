"""A request's line is one line of ASCII, and a strict reader of others gets the same values."""

from datetime import UTC, datetime
from pathlib import Path

import apachelogs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec import v1
from mlspec.codec import read
from mlspec.requestlog import leaf_hash
from mlspec.requestlog.requests import LOG_FORMAT, line

ROOT = Path(__file__).parents[4]
PARSER = apachelogs.LogParser(LOG_FORMAT, encoding="bytes")
HASH = bytes(range(32))

wire = st.binary(min_size=1, max_size=60).map(lambda data: data.decode("latin-1"))
names = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable() or len(text) < 40)
digests = st.binary(min_size=32, max_size=32)


def full() -> v1.LogEntry:
    """The entry that the page about logging shows the line of."""
    return read(v1.LogEntry, ROOT / "vectors/v1/log_entry/full.txtpb")


def test_the_line_is_the_one_that_the_specification_shows() -> None:
    """Leaf and side record of the page's example give the page's line."""
    entry = full()
    side = read(v1.SideRecord, ROOT / "vectors/v1/side_record/full.txtpb")
    made = line(entry, HASH, v1.RequestDetail.FromString(side.content)).decode()
    shown = next(
        text
        for text in (ROOT / "docs/spec/logging.md").read_text(encoding="utf-8").splitlines()
        if text.startswith("203.0.113.7 ")
    )
    for part in shown.split('"...'):
        # The page shortens digests to "0705cc6e...".
        for piece in part.split("..."):
            if 'leaf="' not in piece:
                assert piece.strip('"') in made
    assert made.endswith(f'leaf="{HASH.hex()}"')


def test_what_is_absent_is_a_hyphen() -> None:
    """Nothing known of the client, no status and no size: the line has all its places still."""
    entry = v1.LogEntry(sequence_number=3, inference=v1.InferenceRecord(request_id="r"))
    found = PARSER.parse(line(entry, HASH).decode())
    assert found.remote_host == b"-"
    for value in (found.remote_logname, found.remote_user, found.request_line):
        assert value is None
    assert (found.final_status, found.bytes_sent) == (None, None)
    assert found.notes["model_sha256"] is None
    assert found.notes["seq"] == b"3"


def test_no_brackets_stand_round_ipv6() -> None:
    """The host is the bare address."""
    detail = v1.RequestDetail(host="2001:db8::7")
    assert line(full(), HASH, detail).startswith(b"2001:db8::7 - - [")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "01/Jan/1970:00:00:00 +0000"),
        (1_709_164_800, "29/Feb/2024:00:00:00 +0000"),
        (253_402_300_799, "31/Dec/9999:23:59:59 +0000"),
    ],
)
def test_the_time_is_in_utc_with_english_months(seconds: int, shown: str) -> None:
    """Whatever the machine's zone and language are."""
    entry = full()
    entry.inference.request_time.seconds = seconds
    assert f"[{shown}]" in line(entry, HASH).decode()


def test_latency_is_rounded_down_to_microseconds() -> None:
    """Seconds count, and parts of a microsecond do not."""
    entry = full()
    entry.inference.latency_duration.seconds = 2
    entry.inference.latency_duration.nanos = 1999
    assert b'latency_us="2000001"' in line(entry, HASH)


@given(request=wire, referrer=wire, agent=wire, host=names, ident=names, user=names)
def test_any_bytes_come_back_from_one_line(
    request: str, referrer: str, agent: str, host: str, ident: str, user: str
) -> None:
    """Quotes, newlines, other alphabets, lone hyphens: nothing ends the line or a field."""
    detail = v1.RequestDetail(
        host=host, ident=ident, user=user, request_line=request, referrer=referrer, agent=agent
    )
    made = line(full(), HASH, detail)
    assert made.isascii()
    assert made.decode().isprintable()
    found = PARSER.parse(made.decode())
    assert (found.remote_host, found.remote_logname, found.remote_user) == (
        host.encode(),
        ident.encode(),
        user.encode(),
    )
    assert found.request_line == request.encode("latin-1")
    assert found.headers_in["Referer"] == referrer.encode("latin-1")
    assert found.headers_in["User-Agent"] == agent.encode("latin-1")


@given(
    seconds=st.integers(0, 253_402_300_799),
    latency=st.integers(0, 10**15),
    status=st.none() | st.integers(100, 599),
    size=st.none() | st.integers(0, 2**62),
    number=st.integers(0, 2**62),
    shas=st.tuples(digests, digests, digests, digests),
    version=st.text(min_size=1, max_size=20),
)
def test_the_leafs_facts_come_back_too(
    seconds: int,
    latency: int,
    status: int | None,
    size: int | None,
    number: int,
    shas: tuple[bytes, bytes, bytes, bytes],
    version: str,
) -> None:
    """Time, status, bytes and every field of our own."""
    model, pipeline, data, deployment = shas
    record = v1.InferenceRecord(
        request_id="a-Z_0.9:",
        status_code=status,
        response_size_bytes=size,
        deployment_sha256=deployment,
        model=v1.InferenceModel(name="loan-approval", version=version, sha256=model),
        pipeline_sha256=pipeline,
        training_data_sha256=data,
    )
    record.request_time.seconds = seconds
    record.latency_duration.FromNanoseconds(latency * 1000)
    entry = v1.LogEntry(sequence_number=number, inference=record)
    hashed = leaf_hash(entry.SerializeToString())
    found = PARSER.parse(line(entry, hashed).decode())
    assert found.request_time == datetime.fromtimestamp(seconds, UTC)
    assert (found.final_status, found.bytes_sent) == (status, size)
    assert dict(found.notes) == {
        "request_id": b"a-Z_0.9:",
        "model": f"loan-approval@{version}".encode(),
        "model_sha256": model.hex().encode(),
        "pipeline_sha256": pipeline.hex().encode(),
        "data_sha256": data.hex().encode(),
        "deployment_sha256": deployment.hex().encode(),
        "latency_us": str(latency).encode(),
        "seq": str(number).encode(),
        "leaf": hashed.hex().encode(),
    }
