"""A worker's log: believed if the deployment's own log delegated it, and it names that back."""

from __future__ import annotations

from pathlib import Path

from mlspec import v1
from mlspec.evidence import Bundle, verify
from mlspec.requestlog.disk import LogFolder
from mlspec.sealing import TrustPolicy, generate_key, trust_edit
from tests.unit import samples
from tests.unit.evidence.making import (
    Case,
    another_log,
    answer,
    failing,
    open_log,
    remade,
    serving,
    start,
)
from tests.unit.evidence.people import KEYS, ORIGIN, policy
from tests.unit.evidence.steps import run_steps

WORKER = "bank.example/loans/requests/worker-2"


def worker(case: Case, name: str, **options: object) -> Case:
    """A worker's log of the deployment, with two requests."""
    made = another_log(case, name)
    given = {"origin": WORKER, "signer": WORKER_KEY, "delegating_origin": ORIGIN} | options
    with open_log(made, **given) as log:
        start(made, log, serving(case).to_model)
        for number in range(2):
            answer(made, log, serving(case).to_model, number)
    return made


WORKER_KEY = generate_key()


def delegating(case: Case, name: str, keyid: str) -> Path:
    """The deployment's own log, in which a worker's is delegated."""
    made = another_log(case, name)
    message = v1.LogDelegation(origin=WORKER, keyid=keyid)
    message.start_time.FromDatetime(samples.in_days(-1))
    with open_log(made) as log:
        log.append(v1.LogEntry(delegation=message))
    return made.log


def worker_trust() -> TrustPolicy:
    """The trust file that knows the worker's key, and no log of it."""
    return TrustPolicy(trust_edit.add_key(policy(), WORKER_KEY.public, "worker-2@bank.example"))


def test_a_workers_log_counts_if_the_deployments_log_delegated_it(
    case: Case, tools: Path, tmp_path: Path
) -> None:
    """And names that log back; nobody delegated: nobody believes it."""
    made = worker(case, "worker")
    own = delegating(case, "delegating", WORKER_KEY.keyid)
    built = Bundle.open(made.build("worker-bundle", request=1, deployment_log=own))
    report = verify(built, worker_trust())
    assert (failing(report), report.exit_code) == ([], 0)
    assert report.of("log.delegation")[0].holds
    alone = remade(built, {"delegation/leaf.bin": None, "delegation/proof.tlog": None})
    report = verify(alone, worker_trust())
    assert (report.exit_code, failing(report)) == (3, [("log.checkpoint", "trust.unknown_log")])
    report = verify(built, case.trust)
    assert failing(report) == [("log.checkpoint", "log.delegated_key")]
    trust_file = trust_edit.save(worker_trust().message, tmp_path / "trust.json")
    assert trust_file.version == worker_trust().version
    (tmp_path / "work").mkdir()
    folder = case.folder / "worker-bundle"
    code, printed = run_steps(folder, tmp_path / "trust.json", tools, tmp_path / "work")
    assert code == 0, printed[-1]


def test_a_workers_log_that_names_nobody_back_is_no_evidence(case: Case) -> None:
    """Nor is one of another key than the one that was delegated."""
    own = delegating(case, "delegating-2", WORKER_KEY.keyid)
    silent = worker(case, "silent", delegating_origin=None)
    built = silent.build("silent-bundle", request=1, deployment_log=own)
    assert failing(verify(built, worker_trust())) == [("log.delegation", "log.delegating_origin")]
    other = delegating(case, "delegating-3", KEYS["trainer"].keyid)
    made = worker(case, "other-key")
    built = made.build("other-key-bundle", request=1, deployment_log=other)
    report = verify(built, worker_trust())
    assert (report.exit_code, failing(report)) == (3, [("log.checkpoint", "note.untrusted")])


def test_that_a_delegation_was_not_ended_later_is_not_called_shown(case: Case) -> None:
    """The bundle shows one leaf of the delegating log; a later one may say that it is over."""
    made = worker(case, "ended")
    own = delegating(case, "delegating-ended", WORKER_KEY.keyid)
    last = made.build("last-bundle", request=1, deployment_log=own)
    (link,) = verify(last, worker_trust()).of("log.delegation")
    assert (link.verdict, "last leaf" in link.words) == ("PASS", True)
    kept = LogFolder.open(own).leaf(1)
    message = v1.LogDelegation(origin=WORKER, keyid=WORKER_KEY.keyid)
    message.start_time.FromDatetime(samples.in_days(-2))
    message.end_time.FromDatetime(samples.in_days(-1))
    with open_log(another_log(case, "delegating-ended")) as log:
        log.append(v1.LogEntry(delegation=message))
    built = Bundle.open(made.build("ended-bundle", request=1, deployment_log=own))
    assert failing(verify(built, worker_trust())) == [("log.delegation", "log.delegation_time")]
    source = LogFolder.open(own)
    assert source.leaf(1) == kept
    files = {"delegation/leaf.bin": kept, "delegation/proof.tlog": source.prove(1).to_bytes()}
    report = verify(remade(built, files), worker_trust())
    (link,) = report.of("log.delegation")
    assert (link.verdict, report.exit_code) == ("NOT PROVEN", 0)
    assert "may have ended it" in link.words


def test_f3_a_delegation_that_nobody_needs_is_refused(case: Case, bundle: Bundle) -> None:
    """The trust file believes the log by itself, so nobody would verify what stands there."""
    names = ("delegation/leaf.bin", "delegation/proof.tlog")
    for name in names:
        changed = remade(bundle, {name: bundle.files[name.partition("/")[2]]})
        assert failing(verify(changed, case.trust)) == [("bundle.stray", "evidence.stray_file")]
    assert verify(bundle, case.trust).holds


def test_l9_the_readme_does_not_believe_a_delegation_by_its_word(
    case: Case, tools: Path, tmp_path: Path
) -> None:
    """A key of the trust file that is no log's signs a log, and a leaf in no log delegates it."""
    forger = KEYS["trainer"]
    made = worker(case, "forged", signer=forger)
    nowhere = another_log(case, "forged-owner")
    message = v1.LogDelegation(origin=WORKER, keyid=forger.keyid)
    message.start_time.FromDatetime(samples.in_days(-1))
    with open_log(nowhere, signer=forger) as log:
        log.append(v1.LogEntry(delegation=message))
    made.build("forged-bundle", request=1, deployment_log=nowhere.log)
    trust_edit.save(policy(), tmp_path / "trust.json")
    (tmp_path / "work").mkdir()
    folder = case.folder / "forged-bundle"
    code, printed = run_steps(folder, tmp_path / "trust.json", tools, tmp_path / "work")
    assert code != 0
    assert not any("the delegation is in a log" in text for text in printed)
    assert verify(folder, case.trust).exit_code == 3
