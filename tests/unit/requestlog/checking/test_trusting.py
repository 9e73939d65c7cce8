"""A log is believed as far as the trust file says, and owes what the trust file asks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlspec import records, v1
from mlspec.errors import UntrustedError
from mlspec.requestlog.checking import LogReport, Verdict, verify_trusted_log
from mlspec.requestlog.checking.trusting import demands_on
from mlspec.sealing import TrustPolicy, trust_edit
from tests.unit import samples
from tests.unit.requestlog import logs
from tests.unit.requestlog.checking import folders
from tests.unit.requestlog.logs import ORIGIN, SIGNER


def policy(
    *requirements: v1.NamespaceRequirement,
    origin: str = ORIGIN,
    kind: v1.LogKind.ValueType = v1.LOG_KIND_REQUESTS,
    globs: tuple[str, ...] = ("loans",),
    witnesses: int = 0,
) -> v1.TrustPolicy:
    """A trust file that names the log, and two witnesses of whom so many must have signed."""
    draft = trust_edit.new_policy(samples.in_days(30))
    draft = trust_edit.add_key(draft, SIGNER.public, "log@bank.example")
    draft = trust_edit.add_role(draft, "none", [SIGNER.keyid], stages=records.all_stages())
    draft = trust_edit.add_log(draft, origin, SIGNER.keyid, kind=kind, namespace_globs=globs)
    if witnesses:
        for each in (logs.ANNA, logs.BORIS):
            draft = trust_edit.add_key(draft, each.key.public, each.key.name)
            draft.witnesses.keyids.append(each.key.public.keyid)
        draft.witnesses.threshold = witnesses
    draft.requirements.extend(requirements)
    return draft


def asks(glob: str = "loans", **fields: object) -> v1.NamespaceRequirement:
    """What a namespace owes."""
    return v1.NamespaceRequirement(namespace_glob=glob, **fields)  # type: ignore[arg-type]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A small log."""
    return folders.write(tmp_path / "log", folders.leaves_of(folders.plain(20)))


def check(log: Path, draft: v1.TrustPolicy, **more: object) -> LogReport:
    """Verify by a trust file."""
    return verify_trusted_log(log, TrustPolicy(draft), **more)  # type: ignore[arg-type]


def time_of(report: LogReport) -> Verdict:
    """The verdict on the outside time."""
    (line,) = report.of("log.time")
    return line.verdict


def test_a_log_that_the_trust_file_names_holds(log: Path) -> None:
    """No outsider saw it; nobody asks for that."""
    report = check(log, policy())
    assert (report.exit_code, time_of(report)) == (0, Verdict.NOT_PROVEN)


def test_an_unnamed_log_is_not_believed(log: Path) -> None:
    """Whatever its checkpoint claims."""
    with pytest.raises(UntrustedError, match="trust file names"):
        check(log, policy(origin="bank.example/cards"))


def test_an_expired_trust_file_says_nothing(log: Path) -> None:
    """Get a new one."""
    draft = policy()
    draft.expire_time.FromSeconds(1_700_000_000)
    with pytest.raises(UntrustedError, match="expired"):
        check(log, draft)


def test_a_log_of_another_kind_counts_for_nothing(log: Path) -> None:
    """The key is trusted for a log of records; this is one of requests."""
    report = check(log, policy(kind=v1.LOG_KIND_RECORDS))
    assert folders.failed(report) == ["log.opened.kind"]


def test_t3_witnesses_that_are_asked_for_must_have_signed(log: Path) -> None:
    """As many as the trust file says; else it is FAIL, not NOT PROVEN."""
    asked = asks(witnesses_required=True)
    report = check(log, policy(asked, witnesses=2))
    assert folders.failed(report) == ["log.time"]
    for each in (logs.ANNA, logs.BORIS):
        note = (log / "checkpoint").read_bytes()
        (log / "checkpoint").write_bytes(logs.cosigned(note, each))
    report = check(log, policy(asked, witnesses=2))
    assert (report.exit_code, time_of(report)) == (0, Verdict.PASS)
    assert time_of(check(log, policy(witnesses=2))) is Verdict.PASS


@pytest.mark.parametrize("glob", ["loans", "lo*", "*"])
def test_what_any_of_its_namespaces_owes_the_log_owes(log: Path, glob: str) -> None:
    """By name, by a glob that fits it, or by globs that may fit the same name."""
    asked = asks(glob, timestamp_required=True)
    assert folders.failed(check(log, policy(asked))) == ["log.time"]
    assert folders.failed(check(log, policy(asked, globs=("l*",)))) == ["log.time"]
    assert check(log, policy(asks("cards", timestamp_required=True))).exit_code == 0


@pytest.mark.parametrize(("most", "holds"), [(0, False), (1, False), (2, True), (60, True)])
def test_a_loss_window_is_bounded(tmp_path: Path, most: int, holds: bool) -> None:
    """The longest that any opening declares counts; checkpointed loses nothing."""
    window = v1.BufferedDurability(loss_window_entry_count=10)
    window.loss_window_duration.FromSeconds(2)
    later = folders.opened()
    later.opened.durability.buffered.CopyFrom(window)
    leaves = folders.leaves_of([*folders.plain(3), later])
    asked = asks()
    asked.max_loss_window_duration.FromSeconds(most)
    report = check(folders.write(tmp_path / "log", leaves), policy(asked))
    assert folders.failed(report) == ([] if holds else ["log.loss_window"])
    kept = folders.write(tmp_path / "kept", folders.leaves_of(folders.plain(3)))
    assert check(kept, policy(asked)).exit_code == 0


def test_requirements_are_merged() -> None:
    """The strictest of all that fit."""
    first, second = asks("lo*"), asks("*", witnesses_required=True)
    first.max_loss_window_duration.FromSeconds(5)
    second.max_loss_window_duration.FromSeconds(3)
    trust = TrustPolicy(policy(first, second, asks("cards", timestamp_required=True), witnesses=1))
    found = demands_on(trust.log(ORIGIN), trust)
    assert (found.max_loss_window_ns, found.witnesses, found.timestamps) == (3 * 10**9, True, False)


def test_c8_a_key_that_was_revoked_counts_only_for_what_is_proven_older(log: Path) -> None:
    """By outsiders, or by the user's word."""
    draft = policy(witnesses=1)
    draft.keys[0].revoke_time.FromSeconds(1_750_000_000)
    with pytest.raises(UntrustedError, match="revoked"):
        check(log, draft)
    assert check(log, draft, at=datetime(2025, 1, 1, tzinfo=UTC)).exit_code == 0
    note = (log / "checkpoint").read_bytes()
    (log / "checkpoint").write_bytes(logs.cosigned(note, logs.ANNA))
    report = check(log, draft)
    assert (report.exit_code, time_of(report)) == (0, Verdict.PASS)


def test_one_of_several_keys_of_a_log_is_found(log: Path) -> None:
    """The note's signature says which; the key that verified is the one that counts."""
    draft = policy()
    draft = trust_edit.add_key(draft, logs.BORIS.key.public, "old@bank.example")
    draft = trust_edit.add_log(
        draft,
        ORIGIN,
        logs.BORIS.key.public.keyid,
        kind=v1.LOG_KIND_REQUESTS,
        namespace_globs=["loans"],
    )
    assert check(log, draft).exit_code == 0


def test_known_checkpoints_are_verified_too(log: Path) -> None:
    """Somebody could hand over a forged one."""
    note = (log / "checkpoint").read_bytes()
    assert check(log, policy(), known=note).exit_code == 0
    forged = note.replace(b"\n20\n", b"\n19\n")
    with pytest.raises(Exception, match="signature"):
        check(log, policy(), known=forged)


def test_tokens_beside_the_log_are_read_and_junk_is_refused(log: Path) -> None:
    """Only where the trust file believes any authority; without, nobody parses them."""
    folders.put(log / "tokens" / "20-1.tsr", b"junk")
    folders.put(log / "tokens" / "19-1.tsr", b"junk")
    assert check(log, policy()).exit_code == 0
