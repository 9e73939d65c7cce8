"""What leaves say, and what stands beside them, is held against the log itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.requestlog import NoteKey, NoteKeyKind, leaf_hash
from mlspec.requestlog.checking import LogReport, Verdict, verify_log
from mlspec.requestlog.requests import line
from tests.unit.requestlog.checking import folders
from tests.unit.requestlog.logs import KEY, ORIGIN

SMUGGLED = b"\xfa\x3f\x01x"  # field 1023, which no version has


def verify_entries(folder: Path, entries: list[v1.LogEntry], **more: object) -> LogReport:
    """Write a log of these entries and verify it."""
    return verify_log(
        folders.write(folder / "log", folders.leaves_of(entries)),
        KEY,
        **more,  # type: ignore[arg-type]
    )


def verify_leaves(folder: Path, leaves: list[bytes]) -> LogReport:
    """Write a log of these leaves and verify it."""
    return verify_log(folders.write(folder / "log", leaves), KEY)


def ids(report: LogReport) -> list[tuple[str, int | None]]:
    """What fails, and at which leaf."""
    return [(line.id, line.index) for line in report.problems]


def test_the_first_leaf_opens_the_log(tmp_path: Path) -> None:
    """A log that begins otherwise was not begun by a writer."""
    report = verify_entries(tmp_path, [folders.change(), folders.request()])
    assert ids(report) == [("log.first_leaf", 0)]


def test_c6_a_request_names_the_deployment_in_force(tmp_path: Path) -> None:
    """That of the last change before it; changing back and forth is fine."""
    entries = [*folders.plain(4), folders.change(folders.OTHER, "4")]
    entries += [folders.request(5, folders.OTHER, "4"), folders.change(), folders.request(7)]
    assert ids(verify_entries(tmp_path / "a", list(entries))) == []
    entries.append(folders.request(8, folders.OTHER, "4"))
    assert ids(verify_entries(tmp_path / "b", entries)) == [("log.deployment", 8)]


@pytest.mark.parametrize("alter", ["name", "version", "sha256", "no sha256"])
def test_c6_a_request_names_a_model_of_the_deployment(tmp_path: Path, alter: str) -> None:
    """With its name, version and digest."""
    entries = folders.plain(5)
    model = entries[4].inference.model
    if alter == "no sha256":
        model.ClearField("sha256")
    else:
        setattr(model, alter, folders.OTHER if alter == "sha256" else "other")
    assert ids(verify_entries(tmp_path, entries)) == [("log.model", 4)]


def test_a_request_before_any_change_has_no_deployment(tmp_path: Path) -> None:
    """The log does not say what answered it."""
    report = verify_entries(tmp_path, [folders.opened(), folders.request(), folders.change()])
    assert ids(report) == [("log.deployment", 1)]


def test_nothing_answers_after_the_end(tmp_path: Path) -> None:
    """A deployment that ended has no models."""
    end = folders.change()
    end.deployment_change.kind = v1.DEPLOYMENT_CHANGE_KIND_ENDED
    end.deployment_change.ClearField("models")
    report = verify_entries(tmp_path, [*folders.plain(3), end, folders.request(9)])
    assert ids(report) == [("log.model", 4)]


@pytest.mark.parametrize(
    ("version", "expected"), [("0.2.0", ["fields.unknown"]), ("0.1.0", ["fields.unknown"])]
)
def test_p1_an_unknown_field_is_smuggled_unless_the_log_is_newer(
    tmp_path: Path, version: str, expected: list[str]
) -> None:
    """At the end of a leaf, or deep within it."""
    entries = folders.plain(6)
    entries[0] = folders.opened(spec_version=version)
    leaves = folders.leaves_of(entries)
    assert folders.failed(verify_leaves(tmp_path / "twin", leaves)) == []
    leaves[4] += SMUGGLED
    deep = v1.LogEntry.FromString(leaves[5])
    deep.inference.model.prediction.MergeFromString(SMUGGLED)
    leaves[5] = deep.SerializeToString()
    assert ids(verify_leaves(tmp_path / "log", leaves)) == [(expected[0], 4), (expected[0], 5)]


def test_an_unknown_field_of_a_newer_log_is_not_understood(tmp_path: Path) -> None:
    """It is kept, said, and fails nothing; a leaf of an unknown kind too."""
    entries = [folders.opened(spec_version="9.0.0"), *folders.plain(6)[1:]]
    leaves = folders.leaves_of(entries)
    leaves[4] += SMUGGLED
    leaves[5] = leaves[5][: leaves[5].index(b"\x1a\x10") + 18] + SMUGGLED
    report = verify_leaves(tmp_path, leaves)
    assert ids(report) == []
    (found,) = report.of("log.not_understood")
    assert found.verdict is Verdict.NOT_PROVEN
    assert "2 leaves" in found.words


def test_an_opening_of_a_newer_version_settles_its_own_fields(tmp_path: Path) -> None:
    """The version that it names holds for itself already."""
    leaves = folders.leaves_of([folders.opened(spec_version="9.0.0"), *folders.plain(3)[1:]])
    leaves[0] += SMUGGLED
    assert ids(verify_leaves(tmp_path, leaves)) == []


def test_p2_a_field_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Readers differ in which of the two they show."""
    leaves = folders.leaves_of(folders.plain(5))
    leaves[3] += b"\x10\x03"
    leaves[4] += v1.LogEntry(dropped=v1.DroppedEntries(dropped_count=1)).SerializeToString()
    report = verify_leaves(tmp_path, leaves)
    assert ids(report) == [("decode.duplicate_field", 3), ("decode.duplicate_field", 4)]


def test_p4_bytes_that_are_no_entry_are_refused(tmp_path: Path) -> None:
    """A truncated leaf, and none at all."""
    leaves = folders.leaves_of(folders.plain(5))
    leaves[3] = leaves[3][:-3]
    leaves[4] = b""
    report = verify_leaves(tmp_path, leaves)
    assert report.exit_code == 1
    assert ids(report)[0] == ("decode", 3)
    assert {index for _, index in ids(report)} == {3, 4}


def test_leaves_in_another_order_of_fields_are_read_too(tmp_path: Path) -> None:
    """A writer in another language may encode an entry otherwise: what it says counts."""
    leaves = folders.leaves_of(folders.plain(300))
    head = len(v1.LogEntry(origin=ORIGIN).SerializeToString())
    leaves[2:] = [leaf[head:] + leaf[:head] for leaf in leaves[2:]]
    report = verify_leaves(tmp_path / "log", leaves)
    assert ids(report) == []
    assert report.counts.inference_count == 298


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_nonce_has_sixteen_bytes(tmp_path: Path, size: int) -> None:
    """Or siblings in a proof could be guessed."""
    leaves = folders.leaves_of(folders.plain(4))
    entry = v1.LogEntry.FromString(leaves[3])
    entry.nonce = b"n" * size
    leaves[3] = entry.SerializeToString()
    assert ids(verify_leaves(tmp_path, leaves)) == [("log.entry.rules", 3)]


def test_an_entry_without_event_is_refused(tmp_path: Path) -> None:
    """Exactly one is set."""
    entries = [*folders.plain(3), v1.LogEntry()]
    assert ids(verify_entries(tmp_path, entries)) == [("log.entry.rules", 3)]


def test_rules_bind_every_leaf_if_asked(tmp_path: Path) -> None:
    """Without, those of requests are left to whoever looks at a single one."""
    entries = folders.plain(4)
    entries[3].inference.status_code = 42
    assert ids(verify_entries(tmp_path / "a", entries)) == []
    assert ids(verify_entries(tmp_path / "b", entries, rules=True)) == [("log.entry.rules", 3)]


@pytest.mark.parametrize(
    ("alter", "name"),
    [
        (lambda entry: setattr(entry.opened, "keyid", "0" * 64), "log.opened.keyid"),
        (lambda entry: setattr(entry.opened, "kind", v1.LOG_KIND_RECORDS), "log.opened.kind"),
        (lambda entry: entry.opened.ClearField("durability"), "log.entry.rules"),
    ],
)
def test_an_opening_fits_the_log(
    tmp_path: Path, alter: Callable[[v1.LogEntry], None], name: str
) -> None:
    """Its key signs the log, its kind is what the key is trusted for, durability is declared."""
    entries = [*folders.plain(3), folders.opened()]
    kind = v1.LOG_KIND_REQUESTS
    assert ids(verify_entries(tmp_path / "twin", entries, kind=kind)) == []
    alter(entries[3])
    assert ids(verify_entries(tmp_path / "log", entries, kind=kind)) == [(name, 3)]


def test_everything_is_counted(tmp_path: Path) -> None:
    """Leaves by kind, failures, drops."""
    failed, dropped = folders.request(3), v1.DroppedEntries(dropped_count=12)
    failed.inference.outcome = v1.INFERENCE_OUTCOME_FAILED
    dropped.reason = v1.ENTRY_DROP_REASON_QUEUE_FULL
    dropped.first_drop_time.FromSeconds(1)
    dropped.last_drop_time.FromSeconds(2)
    feedback = v1.InferenceFeedback(request_id="request-000002", usefulness_rate=1)
    feedback.feedback_time.FromSeconds(3)
    logged = folders.change().deployment_change.deployment
    entries = [
        *folders.plain(3),
        failed,
        v1.LogEntry(dropped=dropped),
        v1.LogEntry(feedback=feedback),
        v1.LogEntry(delegation=delegation("bank.example/loans/requests/w1", "1" * 64)),
        v1.LogEntry(logged_record=logged),
    ]
    report = verify_entries(tmp_path, entries)
    assert ids(report) == []
    assert report.counts == v1.LogEntryCounts(
        inference_count=2,
        failed_inference_count=1,
        feedback_count=1,
        deployment_change_count=1,
        drop_leaf_count=1,
        dropped_count=12,
        opened_count=1,
        delegation_count=1,
        logged_record_count=1,
    )
    assert "12 entries were dropped" in next(report.of("log.dropped")).words


def delegation(origin: str, keyid: str, end: int | None = None) -> v1.LogDelegation:
    """Another log may log for this one."""
    made = v1.LogDelegation(origin=origin, keyid=keyid)
    made.start_time.FromSeconds(1_600_000_000)
    if end is not None:
        made.end_time.FromSeconds(end)
    return made


OWNER = "bank.example/loans"
GOOD = KEY.public.keyid


@pytest.mark.parametrize(
    ("named", "delegations", "holds"),
    [
        (ORIGIN, [delegation(ORIGIN, GOOD)], True),
        (ORIGIN, [delegation(ORIGIN, GOOD, end=1_800_000_000)], True),
        (ORIGIN, [], False),
        (ORIGIN, [delegation("bank.example/other", GOOD)], False),
        (ORIGIN, [delegation(ORIGIN, "0" * 64)], False),
        (ORIGIN, [delegation(ORIGIN, GOOD), delegation(ORIGIN, GOOD, end=1_650_000_000)], False),
        ("", [delegation(ORIGIN, GOOD)], False),
        ("bank.example/other", [delegation(ORIGIN, GOOD)], False),
    ],
)
def test_a_log_that_nobody_delegated_is_no_evidence(
    tmp_path: Path, named: str, delegations: list[v1.LogDelegation], holds: bool
) -> None:
    """Each names the other: the deployment's log origin and key, the worker's log its owner."""
    owner = verify_entries(
        tmp_path / "owner", [*folders.plain(3), *(v1.LogEntry(delegation=d) for d in delegations)]
    )
    assert owner.exit_code == 0
    first = folders.opened(delegating_origin=ORIGIN) if named == ORIGIN else folders.opened()
    if named and named != ORIGIN:
        first = folders.opened(delegating_origin=named)
    report = verify_entries(tmp_path / "worker", [first, *folders.plain(3)[1:]], delegated_by=owner)
    assert ids(report) == ([] if holds else [("log.delegation", None)])


def test_without_the_log_that_delegated_it_is_not_proven(tmp_path: Path) -> None:
    """It says whose worker it is; whether that is so stands in the other log."""
    first = folders.opened(delegating_origin=OWNER)
    report = verify_entries(tmp_path, [first, *folders.plain(3)[1:]])
    (found,) = report.of("log.delegation")
    assert found.verdict is Verdict.NOT_PROVEN
    assert OWNER in found.words


def test_side_records_fit_their_leaves(tmp_path: Path) -> None:
    """Absence is no failure, and is not counted."""
    folder = tmp_path / "log"
    folders.write(folder, folders.with_sides(folder, folders.plain(300), range(2, 300, 3)))
    report = folders.check(folder)
    assert "100 side records" in next(report.of("log.sides")).words
    (folder / "side/000").unlink()
    assert "15 side records" in next(folders.check(folder).of("log.sides")).words
    data = bytearray((folder / "side/001").read_bytes())
    data[-1] ^= 1
    (folder / "side/001").write_bytes(data)
    assert ids(verify_log(folder, KEY))[0][0] in ("log.side.hmac", "decode")


def test_a_side_record_of_another_leaf_is_refused(tmp_path: Path) -> None:
    """Of a leaf that binds none, of one that binds another, of another bundle, or twice."""
    folder = tmp_path / "log"
    folders.write(folder, folders.with_sides(folder, folders.plain(300), [5, 290]))
    good = (folder / "side/000").read_bytes()
    side = v1.SideRecord.FromString(good[2:] if good[1] < 2 else good[1:])
    folders.put(folder / "side/000", good + good)
    assert ids(verify_log(folder, KEY)) == [("log.side.place", 0)]
    folders.put(folder / "side/000", (folder / "side/001").read_bytes())
    assert ids(verify_log(folder, KEY)) == [("log.side.place", 0)]
    side.sequence_number = 6
    data = side.SerializeToString()
    folders.put(
        folder / "side/000",
        bytes([len(data) & 127 | 128, len(data) >> 7]) + data
        if len(data) > 127
        else bytes([len(data)]) + data,
    )
    assert ids(verify_log(folder, KEY)) == [("log.side.unbound", 6)]


def test_text_lines_name_their_leaves(tmp_path: Path) -> None:
    """In all files; a torn end and lines beyond the checkpoint are nothing."""
    entries = folders.plain(20)
    leaves = folders.leaves_of(entries)
    folder = folders.write(tmp_path / "log", leaves)
    lines = [line(entries[at], leaf_hash(leaves[at])) + b"\n" for at in range(2, 20)]
    (folder / "access.log.1").write_bytes(b"".join(lines[:9]))
    beyond = lines[-1].replace(b'seq="19"', b'seq="20"')
    (folder / "access.log").write_bytes(b"".join(lines[9:]) + beyond + lines[3][:50])
    (found,) = folders.check(folder).of("log.line")
    assert "18 text lines" in found.words
    (folder / "access.log").write_bytes(lines[3].replace(b'seq="5"', b'seq="6"') + b"junk\n")
    report = verify_log(folder, KEY)
    assert folders.failed(report) == ["log.line", "log.line"]
    assert "access.log, line 1" in report.problems[0].words


def test_l1_a_text_line_that_comes_twice_is_noticed(tmp_path: Path) -> None:
    """Whoever counts lines would count one request as two."""
    entries = folders.plain(20)
    leaves = folders.leaves_of(entries)
    folder = folders.write(tmp_path / "log", leaves)
    lines = [line(entries[at], leaf_hash(leaves[at])) + b"\n" for at in range(2, 20)]
    (folder / "access.log").write_bytes(b"".join(lines))
    assert folders.failed(verify_log(folder, KEY)) == []
    for altered in ([*lines, lines[4]], [lines[1], lines[0], *lines[2:]]):
        (folder / "access.log").write_bytes(b"".join(altered))
        (problem,) = verify_log(folder, KEY).problems
        assert problem.id == "log.line"


def test_lines_that_cannot_be_read_are_not_proven(tmp_path: Path) -> None:
    """Somebody compressed them: the log holds all the same."""
    folder = folders.write(tmp_path / "log", folders.leaves_of(folders.plain(5)))
    (folder / "access.log.1.gz").write_bytes(b"")
    (found,) = folders.check(folder).of("log.text.foreign")
    assert found.verdict is Verdict.NOT_PROVEN


def test_a_pruned_prefix_is_not_proven(tmp_path: Path) -> None:
    """Hashes lead to the root; what the entries said is gone, and so is what they settled."""
    folder = folders.write(tmp_path / "log", folders.leaves_of(folders.plain(600)))
    (folder / "tile/entries/000").unlink()
    assert folders.failed(verify_log(folder, KEY)) == ["log.missing"]
    (folder / "pruned").write_bytes(b"256\n")
    report = folders.check(folder)
    assert {line.id for line in report.lines if line.verdict is Verdict.NOT_PROVEN} == {
        "log.pruned",
        "log.deployment",
        "log.history",
    }
    assert (report.pruned, report.counts.inference_count) == (256, 344)
    (folder / "tile/entries/001").unlink()
    assert folders.failed(verify_log(folder, KEY)) == ["log.missing"]


def test_a_log_without_any_entries_shows_nothing(tmp_path: Path) -> None:
    """Whoever prunes all of it cannot say that it holds."""
    folder = folders.write(tmp_path / "log", folders.leaves_of(folders.plain(256)))
    (folder / "tile/entries/000").unlink()
    (folder / "pruned").write_bytes(b"256\n")
    assert folders.failed(verify_log(folder, KEY)) == ["log.entries"]


def test_another_logs_key_is_no_excuse(tmp_path: Path) -> None:
    """The name of the key is the origin that every leaf must have."""
    folder = folders.write(tmp_path / "log", folders.leaves_of(folders.plain(5)))
    assert verify_log(folder, NoteKey(ORIGIN, NoteKeyKind.LOG, KEY.public)).exit_code == 0
