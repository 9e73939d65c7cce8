"""What outsiders know: witnesses, times, and a checkpoint that somebody remembers."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mlspec.evidence import Bundle, verify
from mlspec.requestlog import Checkpoint, LogProof, Note, NoteKey, NoteKeyKind
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.keeping import keep_checkpoint, keep_token
from mlspec.sealing import TrustPolicy, trust_edit
from tests.unit.evidence.making import (
    Case,
    another_log,
    answer,
    failing,
    open_log,
    remade,
    serve,
    serving,
    start,
)
from tests.unit.evidence.people import KEYS, ORIGIN, policy, witnessed_policy
from tests.unit.evidence.steps import run_steps
from tests.unit.requestlog import logs
from tests.unit.requestlog.authority import make_authority


def test_l6_l7_a_remembered_checkpoint_shows_rollback_and_fork(case: Case) -> None:
    """Grown from it: PASS. Smaller, or another history: FAIL. No proof from there: undecided."""
    elsewhere = another_log(case, "memory")
    model = serving(case).to_model
    with open_log(elsewhere) as log:
        start(elsewhere, log, model)
        answer(elsewhere, log, model, 0)
        known = log.commit().note.to_bytes()
        answer(elsewhere, log, model, 1)
        newest = log.commit().note.to_bytes()
    early = elsewhere.build("memory-bundle", request=1)
    same = verify(early, case.trust, known_checkpoint=newest)
    assert (same.exit_code, same.of("log.known")[0].verdict) == (0, "PASS")
    report = verify(early, case.trust, known_checkpoint=known)
    assert (report.exit_code, report.of("log.known")[0].verdict) == (4, "NOT PROVEN")
    keep_checkpoint(elsewhere.log, known)
    with_proof = Bundle.open(elsewhere.build("memory-kept", request=1))
    report = verify(with_proof, case.trust, known_checkpoint=known)
    assert (report.exit_code, report.of("log.known")[0].verdict) == (0, "PASS")
    (name,) = [name for name in with_proof.files if name.startswith("consistency/")]
    data = with_proof.files[name]
    changed = remade(with_proof, {name: (b"B" if data[:1] == b"A" else b"A") + data[1:]})
    assert verify(changed, case.trust, known_checkpoint=known).exit_code == 1
    with open_log(elsewhere) as log:
        grown = log.checkpoint.note.to_bytes()
    report = verify(early, case.trust, known_checkpoint=grown)
    assert failing(report) == [("log.known", "log.rollback")]
    forked = Checkpoint(ORIGIN, 4, bytes(32)).sign(logs_key(), KEYS["log"])
    assert failing(verify(early, case.trust, known_checkpoint=forked)) == [
        ("log.known", "log.fork")
    ]


def logs_key() -> NoteKey:
    """The log's key, as notes know it."""
    return NoteKey(ORIGIN, NoteKeyKind.LOG, KEYS["log"].public)


def test_witnesses_make_the_log_seen(case: Case, bundle: Bundle) -> None:
    """With as many cosignatures as the trust file asks; fewer leave it open."""
    trust = TrustPolicy(witnessed_policy())
    for count, verdict in ((1, "NOT PROVEN"), (2, "PASS")):
        note = LogProof.from_bytes(bundle.files["proof.tlog"]).checkpoint
        for each in (logs.ANNA, logs.BORIS)[:count]:
            note = logs.cosigned(note, each)
        changes = {
            name: LogProof(old.index, old.hashes, note).to_bytes()
            for name, data in bundle.files.items()
            if name.endswith(".tlog") and not name.startswith("record-log/")
            for old in [LogProof.from_bytes(data)]
        }
        report = verify(remade(bundle, changes), trust)
        assert (report.of("log.witnessed")[0].verdict, report.exit_code) == (verdict, 0)


def test_objectives_that_witnesses_saw_first_were_fixed_beforehand(case: Case) -> None:
    """The builder takes the checkpoint that they saw, and joins it with the newest one."""
    trust = TrustPolicy(witnessed_policy())
    built = Bundle.open(case.build("witnessed", trust=trust))
    report = verify(built, trust)
    assert [link.verdict for link in report.of("objectives.fixed_beforehand")] == ["PASS"]
    assert [link.verdict for link in report.of("record_log.times")] == ["PASS"]
    (joined,) = [name for name in built.files if re.fullmatch(r"record-log/\d+-\d+.txt", name)]
    apart = verify(remade(built, {joined: None}), trust)
    assert [link.verdict for link in apart.of("objectives.fixed_beforehand")] == ["NOT PROVEN"]
    lines = built.files[joined].splitlines(keepends=True)
    reordered = remade(built, {joined: b"".join(reversed(lines))})
    assert failing(verify(reordered, trust)) in (
        [("record_log.proof", "log.fork")],
        [("record_log.proof", "log.consistency")],
    )
    draft = witnessed_policy()
    draft.requirements.add(namespace_glob="*", timestamp_required=True, record_log_required=True)
    assert failing(verify(built, TrustPolicy(draft))) == []
    assert verify(built, case.trust).of("objectives.fixed_beforehand")[0].verdict == "NOT PROVEN"


def test_a_record_is_proven_under_its_own_name(case: Case, bundle: Bundle) -> None:
    """The leaf of one record under another one's name proves nothing about either."""
    names = sorted(name for name in bundle.files if re.fullmatch(r"record-log/\w+.bin", name))
    one, other = names[:2]
    changed = {one: bundle.files[other]}
    for name in (each for each in bundle.files if each.startswith(other[:-3])):
        changed[name.replace(other[:-3], one[:-3])] = bundle.files[name]
    report = verify(remade(bundle, changed), case.trust)
    assert failing(report) == [("record_log.proof", "evidence.record_log")]


def test_a_time_stamp_makes_the_log_seen(case: Case, tools: Path, tmp_path: Path) -> None:
    """By an authority of the trust file; a plain `openssl ts` in the README says so too."""
    authority = make_authority(tmp_path / "authority")
    stamped = another_log(case, "stamped")
    serve(stamped)
    note = LogFolder.open(stamped.log).checkpoint()
    text = Note.from_bytes(note).text
    keep_token(stamped.log, note, authority.token(text))
    draft = policy()
    draft.timestamp_roots.append(authority.root)
    trust = trust_edit.save(draft, tmp_path / "trust.json")
    folder = stamped.build("stamped-bundle", trust=trust)
    built = Bundle.open(folder)
    (token,) = [name for name in built.files if name.startswith("tokens/")]
    assert token == f"tokens/{hashlib.sha256(text).hexdigest()}.0.tsr"
    report = verify(built, trust)
    assert (report.exit_code, report.of("log.witnessed")[0].verdict) == (0, "PASS")
    assert "time.example" in report.of("log.witnessed")[0].words
    assert verify(built, case.trust).of("log.witnessed")[0].verdict == "NOT PROVEN"
    other = remade(built, {token: authority.token(b"another text")})
    assert failing(verify(other, trust)) == [("log.checkpoint", "timestamp.imprint")]
    (tmp_path / "work").mkdir()
    code, printed = run_steps(folder, tmp_path / "trust.json", tools, tmp_path / "work")
    assert code == 0, printed[-1]
    assert "Verification: OK" in printed[-2]
