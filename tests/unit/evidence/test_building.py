"""What a builder puts into a bundle, and what it refuses."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mlspec import Run, open_store, v1
from mlspec.errors import InputError, MLSpecError, StoreNotFoundError, UnreadableError, UsageError
from mlspec.evidence import Bundle, verify
from mlspec.sealing import Sealed, TrustPolicy, trust_edit
from tests.unit.evidence.making import (
    CHECKPOINTED,
    Case,
    another_log,
    answer,
    failing,
    open_log,
    serve,
    serving,
    start,
)
from tests.unit.evidence.people import KEYS, NAMESPACE, ORIGIN, policy


def refusal(case: Case, **options: object) -> MLSpecError:
    """The error that building raises; nothing is left behind."""
    before = set(case.folder.iterdir())
    with pytest.raises(MLSpecError) as raised:
        case.build("refused", **options)  # type: ignore[arg-type]
    assert set(case.folder.iterdir()) == before
    return raised.value


def test_a_request_that_is_not_there_is_refused(case: Case) -> None:
    """Its log is named."""
    elsewhere = another_log(case, "few")
    serve(elsewhere, count=1)
    elsewhere.request_ids.append("request-unknown")
    error = refusal(elsewhere, request=1)
    assert (type(error), error.id) == (StoreNotFoundError, "evidence.request_unknown")
    assert error.source.endswith("few")


def test_a_request_id_that_was_given_twice_is_refused(case: Case) -> None:
    """Nobody can say which is meant."""
    elsewhere = another_log(case, "twice")
    with open_log(elsewhere) as log:
        start(elsewhere, log, serving(case).to_model)
        for _ in range(2):
            answer(elsewhere, log, serving(case).to_model, 7)
    error = refusal(elsewhere, request=0)
    assert (type(error), error.id) == (InputError, "evidence.request_twice")


def test_a_log_that_is_not_there_is_refused(case: Case) -> None:
    """Before anything is written."""
    nowhere = another_log(case, "no-log")
    nowhere.request_ids.append("request-0")
    error = refusal(nowhere, request=0)
    assert (type(error), error.id) == (StoreNotFoundError, "log.missing")


def test_the_last_restart_before_the_request_is_shown(case: Case) -> None:
    """Beside the first leaf: it says how durable the log was then."""
    elsewhere = another_log(case, "restarted")
    serve(elsewhere, count=1)
    buffered = v1.LogDurability(buffered=v1.BufferedDurability(loss_window_entry_count=100))
    buffered.buffered.loss_window_duration.seconds = 2
    with open_log(elsewhere, durability=buffered) as log:
        answer(elsewhere, log, serving(case).to_model, 1)
    with open_log(elsewhere, durability=CHECKPOINTED):
        pass
    built = Bundle.open(elsewhere.build("restarted-bundle", request=1))
    assert {name for name in built.files if name.startswith("opened/")} == {
        "opened/0.bin",
        "opened/0.tlog",
        "opened/3.bin",
        "opened/3.tlog",
    }
    (link,) = verify(built, case.trust).of("log.opened")
    assert "leaf 3" in link.words
    assert "loses at most 2 s of requests" in link.words
    draft = policy()
    limit = draft.requirements.add(namespace_glob="*").max_loss_window_duration
    limit.seconds = 1
    found = failing(verify(built, TrustPolicy(draft)))
    assert [link for link, _ in found] == ["requirement.max_loss_window"]
    limit.seconds = 2
    assert failing(verify(built, TrustPolicy(draft))) == []


def test_other_peoples_leaves_are_bounded(case: Case) -> None:
    """All of those between, or none."""
    alone = Bundle.open(case.build("alone", leaves_between=1))
    assert "between.bin" not in alone.files
    (link,) = verify(alone, case.trust).of("log.in_force")
    assert (link.verdict, "--leaves-between" in link.remedy) == ("NOT PROVEN", True)
    next_one = Bundle.open(case.build("next", request=0, leaves_between=0))
    assert verify(next_one, case.trust).of("log.in_force")[0].holds


def test_nothing_that_names_a_person_goes_in_unasked(case: Case) -> None:
    """Nor after it was erased, even if asked for."""
    assert "side.bin" not in Bundle.open(case.build("no-side")).files
    elsewhere = another_log(case, "erased")
    serve(elsewhere, count=1)
    for path in (elsewhere.log / "side").rglob("*"):
        if path.is_file():
            path.unlink()
    error = refusal(elsewhere, request=0, with_side=True)
    assert error.id == "evidence.no_side"


def test_packages_have_names_of_their_own(case: Case, tmp_path: Path) -> None:
    """Two folders of one name, and names that are no names."""
    assert refusal(case, packages=[case.package, case.package]).id == "evidence.package_name"
    odd = tmp_path / "a b"
    odd.mkdir()
    error = refusal(case, packages=[odd])
    assert (type(error), error.id) == (UsageError, "evidence.package_name")


def test_an_expired_trust_file_builds_nothing(case: Case) -> None:
    """Its bundle would hold for nobody."""
    draft = policy()
    draft.expire_time.FromSeconds(1)
    assert refusal(case, trust=TrustPolicy(draft)).id == "trust.expired"


def test_the_statement_about_the_log_goes_in(case: Case, tmp_path: Path) -> None:
    """So that how long it is kept can be held against what the trust file asks."""
    own = replace(case, folder=tmp_path / "own")
    shutil.copytree(case.folder, own.folder)
    case = own
    body = v1.Logging(origin=ORIGIN, kind=v1.LOG_KIND_REQUESTS, keyid=KEYS["log"].keyid)
    body.retention.leaf_retention_duration.seconds = 200 * 86_400
    with (
        open_store(case.store, create=False) as store,
        Run(None, store=store, signer=KEYS["data"], namespace=NAMESPACE) as run,
        run.step(body, signer=KEYS["release"]) as step,
    ):
        step.skip("only what is needed here")
    draft = trust_edit.add_role(
        policy(), "operator", [KEYS["release"].keyid], stages=[v1.STAGE_LOGGING]
    )
    trust = TrustPolicy(draft)
    built = Bundle.open(case.build("with-statement", trust=trust))
    stages = [
        Sealed.from_json(data).peek().header.stage
        for name, data in built.files.items()
        if name.startswith("records/")
    ]
    assert stages.count(v1.STAGE_LOGGING) == 1
    assert verify(built, trust).exit_code == 0
    draft.requirements.add(namespace_glob="*").log_retention_duration.seconds = 183 * 86_400
    assert failing(verify(built, TrustPolicy(draft))) == []
    draft.requirements[0].log_retention_duration.seconds = 365 * 86_400
    found = failing(verify(built, TrustPolicy(draft)))
    assert [link for link, _ in found] == ["requirement.log_retention"]
    assert verify(case.build("for-others"), case.trust).exit_code == 0


def test_a_place_that_cannot_be_written_leaves_nothing(case: Case) -> None:
    """Not even a draft."""
    with pytest.raises(UnreadableError):
        case.build("nowhere/bundle")
    with pytest.raises(UnreadableError):
        case.build("nowhere/bundle.zip")
    assert not (case.folder / "nowhere").exists()
    case.build("taken")
    with pytest.raises(InputError) as raised:
        case.build("taken")
    assert raised.value.id == "file.exists"
