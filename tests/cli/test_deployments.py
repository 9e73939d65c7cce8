"""`mlspec verify` of a store with a roll-out: the rules across records, beside its records."""

from __future__ import annotations

import json
from pathlib import Path

from mlspec import v1
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.provenance import RULES
from mlspec.requestlog.disk import LogWriter
from tests.cli.conftest import Call
from tests.unit.evidence.people import KEYS, RECORDS

STORE = ("verify", "loans/mlspec.db", "--trust", "loans/trust.json", "--records-only")
LOG = ("--record-log", "loans/records")


def rules(call: Call, *options: str) -> tuple[int, dict[str, set[str]]]:
    """Return the exit code, and the verdicts of each rule."""
    told = call(*STORE, *options, "--json")
    found: dict[str, set[str]] = {}
    data = json.loads(told.out)
    for finding in data["findings"]:
        found.setdefault(finding["rule"], set()).add(finding["verdict"])
    assert data["rules"]["deployments"] == 1
    return told.code, found


def test_rules_are_applied_to_each_roll_out(call: Call) -> None:
    """Each rule has a line, and what is not proven is told and fails nothing."""
    shown = call(*STORE)
    assert (shown.code, shown.err) == (0, "")
    for rule in RULES:
        assert f"  rule    {rule.id}" in shown.out
    lines = shown.out.splitlines()
    assert lines[-2].startswith("rules across records of 1 deployment: ")
    assert lines[-1].startswith("HOLDS: ")
    assert "NOT PROVEN  rule    objectives.fixed_beforehand" in shown.out
    quiet = call(*STORE, "--quiet").out
    assert "PASS       rule" not in quiet
    assert "objectives.fixed_beforehand" in quiet


def test_a_record_log_shows_what_came_first(call: Call) -> None:
    """With it, objectives that an outsider saw in time are fixed beforehand."""
    code, found = rules(call)
    assert (code, found["objectives.fixed_beforehand"]) == (0, {"NOT PROVEN"})
    shown = call(*STORE, *LOG)
    assert shown.code == 0
    assert "NOT PROVEN  log     log.history" in shown.out
    known = call(*STORE, *LOG, "--known-checkpoint", "loans/records/checkpoint")
    assert known.code == 0
    assert "PASS       log     log.history" in known.out


def test_an_altered_record_log_does_not_hold(call: Call, bench: Path) -> None:
    """And proves nothing."""
    assert call(*STORE, *LOG).code == 0
    bundles = (bench / "loans/records").glob("tile/entries/000.p/*")
    bundle = max(bundles, key=lambda path: int(path.name))
    data = bytearray(bundle.read_bytes())
    data[-30] ^= 1
    bundle.write_bytes(data)
    shown = call(*STORE, *LOG)
    assert shown.code == 1
    assert "FAIL       log     log." in shown.out
    assert shown.out.splitlines()[-1].startswith("DOES NOT HOLD: ")


def test_a_checkpoint_of_no_log_is_wrong_usage(call: Call) -> None:
    """There is nothing to hold it against."""
    shown = call(*STORE, "--known-checkpoint", "loans/records/checkpoint")
    assert shown.code == 2
    assert "--record-log" in shown.err


def test_a_store_is_held_against_the_records_of_its_log(call: Call, bench: Path) -> None:
    """What the log has and the store lacks is told: the log may be of another store too."""
    assert "PASS       log     log.records" in call(*STORE, *LOG).out
    draft = v1.RecordReference(stage=v1.STAGE_OBJECTIVES, payload_type=RECORD_PAYLOAD_TYPE)
    draft.digest.sha256 = bytes(range(32))
    with LogWriter.open(
        bench / "loans/records",
        origin=RECORDS,
        signer=KEYS["records"],
        kind=v1.LOG_KIND_RECORDS,
        durability=v1.LogDurability(checkpointed=v1.CheckpointedDurability()),
    ) as log:
        log.append(v1.LogEntry(logged_record=draft))
    shown = call(*STORE, *LOG)
    assert shown.code == 0
    (line,) = [line for line in shown.out.splitlines() if "log.records" in line]
    assert line.startswith("NOT PROVEN")
    assert "lacks 1 records of the log, and 0 of its own" in line
    told = json.loads(call(*STORE, *LOG, "--json").out)
    assert told["recordLog"][-1]["verdict"] == "NOT PROVEN"


def test_a_log_of_requests_is_no_record_log(call: Call) -> None:
    """Its lines would look as if something had been shown about the records."""
    shown = call(*STORE, "--record-log", "loans/requests")
    assert (shown.code, "must be a record log" in shown.err) == (1, True)
    assert "PASS" not in shown.out
