"""The request lines, read by programs that nobody here wrote: goaccess and lnav."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mlspec import v1
from mlspec.requestlog import leaf_hash
from mlspec.requestlog.requests import line

pytestmark = pytest.mark.interop

COUNT = 30
STATUSES = (200, 422, 500)
HOSTS = ("203.0.113.7", "2001:db8::7")
# As a stranger would write who wants to break the readers: quotes, backslashes, a new line.
AGENT = 'loan-desk/5.2 (he said "hi\\")\n127.0.0.1 - - forged'
AGENT_SHOWN = r"loan-desk/5.2 (he said \x22hi\x5c\x22)\x0a127.0.0.1 - - forged"


def entry(number: int) -> v1.LogEntry:
    """One request, a minute after the one before."""
    record = v1.InferenceRecord(
        request_id=f"r-{number}",
        status_code=STATUSES[number % len(STATUSES)],
        response_size_bytes=100 + number,
        deployment_sha256=b"d" * 32,
        model=v1.InferenceModel(name="loan-approval", version="3", sha256=b"m" * 32),
    )
    record.request_time.seconds = 1_732_040_000 + 60 * number
    record.latency_duration.nanos = 1_000_000 * number
    return v1.LogEntry(sequence_number=number, inference=record)


def text(number: int) -> bytes:
    """The line of a request."""
    made = entry(number)
    detail = v1.RequestDetail(
        host=HOSTS[number % len(HOSTS)],
        user='Zoë "x" y',
        request_line='POST /v1/score?q="\\\xe9 HTTP/1.1',
        referrer="https://intranet.bank.example/loans",
        agent=AGENT,
    )
    return line(made, leaf_hash(made.SerializeToString()), detail)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of lines."""
    path = tmp_path_factory.mktemp("ncsa") / "access.log"
    path.write_bytes(b"".join(text(number) + b"\n" for number in range(COUNT)))
    return path


def run(*command: str | Path) -> str:
    """Run a program of others; return what it says."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120
    )
    return done.stdout


def test_goaccess_counts_every_request(lines: Path, tmp_path: Path) -> None:
    """No line is refused; hosts, paths, statuses and bytes are those that were logged."""
    report = tmp_path / "report.json"
    run("goaccess", lines, "--log-format=COMBINED", "-o", report, "--no-global-config")
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    general = found["general"]
    assert (general["valid_requests"], general["failed_requests"]) == (COUNT, 0)
    assert general["bandwidth"] == sum(100 + number for number in range(COUNT))
    assert {item["data"] for item in found["hosts"]["data"]} == set(HOSTS)
    assert [item["data"] for item in found["requests"]["data"]] == [r"/v1/score?q=\x22\x5c\xe9"]
    counted = {item["data"][:3]: item["hits"]["count"] for item in found["status_codes"]["data"]}
    assert counted == {"2xx": 10, "4xx": 10, "5xx": 10}


def test_lnav_reads_every_field(lines: Path) -> None:
    """The agent field ends where it ends, and our own fields follow as the body."""
    columns = (
        "c_ip, cs_username, cs_method, cs_uri_stem, cs_uri_query, sc_status, sc_bytes, "
        "cs_referer, cs_user_agent, log_time, log_body"
    )
    query = f";SELECT {columns} FROM access_log ORDER BY log_line"  # noqa: S608 - a constant
    rows = json.loads(run("lnav", "-n", "-c", query, "-c", ":write-json-to -", lines))
    assert len(rows) == COUNT
    for number, row in enumerate(rows):
        assert row["c_ip"] == HOSTS[number % len(HOSTS)]
        assert row["cs_username"] == r"Zo\xc3\xab\x20\x22x\x22\x20y"
        assert (row["cs_method"], row["cs_uri_stem"]) == ("POST", "/v1/score")
        assert row["sc_status"] == STATUSES[number % len(STATUSES)]
        assert row["sc_bytes"] == 100 + number
        assert row["cs_user_agent"] == AGENT_SHOWN
        assert row["log_body"].startswith(f'request_id="r-{number}" model="loan-approval@3" ')
        assert text(number).decode().endswith(f" {row['log_body']}")
    assert rows[0]["log_time"] == "2024-11-19 18:13:20.000"
