"""`mlspec verify` of a store with a roll-out: the rules across records, beside its records."""

from __future__ import annotations

import json
from pathlib import Path

from mlspec.provenance import RULES
from tests.cli.conftest import Call

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
