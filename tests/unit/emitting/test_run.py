"""Runs and steps: each block leaves one sealed record, however it ends."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mlspec import Run, open_store, unseal, v1
from mlspec.emitting import Step
from mlspec.emitting.surroundings import settle_parents
from mlspec.errors import (
    MLSpecError,
    StateError,
    StoreConflictError,
    StoreLockedError,
    StoreNotFoundError,
    UnreadableError,
    UsageError,
    ValidationError,
)
from mlspec.records import new_id, reference
from mlspec.sealing import Sealed, generate_key, write_private_key
from mlspec.store import Store, UnverifiedRecord
from tests.unit.store import making

Edit = Callable[[Step[v1.ModelTraining]], object]

SUCCEEDED = v1.RECORD_STATE_SUCCEEDED
FAILED = v1.RECORD_STATE_FAILED


def training() -> v1.ModelTraining:
    """A body that has to be filled before it is complete."""
    return v1.ModelTraining(algorithm="logistic regression")


def opened() -> v1.HoldoutOpened:
    """A body that is complete as soon as it is made."""
    return v1.HoldoutOpened()


def renaming(object_id: str | None = None) -> v1.ObjectEvent:
    """A small complete body that changes nothing, because nothing is known of the object."""
    return v1.ObjectEvent(
        action=v1.OBJECT_ACTION_CREATE,
        object_kind=v1.OBJECT_KIND_DATASET,
        object_id=(made := object_id or new_id()),
        dataset=v1.Dataset(
            attributes=v1.ObjectAttributes(
                id=made, name=f"loans-{made}", status=v1.OBJECT_STATUS_ACTIVE
            )
        ),
    )


def fail(run: Run, error: BaseException, edit: Edit = lambda step: None) -> None:
    """Run a training step that changes something and then raises."""
    with run.step(training()) as step:
        edit(step)
        raise error


def header_of(record: Sealed | UnverifiedRecord, store: Store) -> v1.RecordHeader:
    """The header of a stored record, signature checked."""
    return unseal(store.get(record.sha256), making.TRUST).header


def only(store: Store, **wanted: object) -> v1.Record:
    """The one record that matches."""
    (row,) = store.records(**wanted)  # type: ignore[arg-type]
    return unseal(store.get(row.digest), making.TRUST).record


def test_a_step_leaves_one_sealed_record(run: Run, store: Store, tmp_path: Path) -> None:
    """Who, what, when, from what, to what."""
    (tmp_path / "in.csv").write_text("a,b\n")
    with run.step(renaming(), name="register") as step:
        step.body.reason = "first of its kind"
        step.input(tmp_path / "in.csv", role="raw data")
        (tmp_path / "out.bin").write_bytes(b"model")
        made = step.output(tmp_path / "out.bin", role="model", name="model.bin")
        step.tag("colour", "blue")
        step.tag("team", "fraud")
    record = only(store)
    header = record.header
    assert record.object_event.reason == "first of its kind"
    assert (header.state, header.capture) == (SUCCEEDED, v1.CAPTURE_METHOD_RECORDED)
    assert (header.run_id, header.namespace_name) == (run.id, "loans")
    assert (header.pipeline.name, header.pipeline.version) == ("loan-approval", "2")
    assert (header.step_name, header.step_attempt) == ("register", 1)
    assert header.actor.identity == "risk@bank.example"
    assert header.environment.language == "CPython"
    assert {tag.name: tag.value for tag in header.tags} == {"team": "fraud", "colour": "blue"}
    assert [(each.name, each.role) for each in header.inputs] == [("in.csv", "raw data")]
    assert [(each.name, each.role) for each in header.outputs] == [("model.bin", "model")]
    assert made.digest == header.outputs[0].digest
    assert made.producer_run_id == run.id
    assert header.start_time.ToNanoseconds() <= header.end_time.ToNanoseconds()
    assert header.create_time == header.end_time
    assert [row.reference for row in store.records()] == [step.reference]


def test_records_sealed_steps_and_references_become_parents(run: Run, store: Store) -> None:
    """Each once, however it is named."""
    with run.step(renaming(), name="one") as first:
        pass
    assert first.sealed is not None
    emitted = run.emit(renaming())
    row = store.row(emitted.digest)
    assert row is not None
    verified = unseal(first.sealed, making.TRUST)
    with run.step(renaming(), name="two", parents=[first]) as second:
        for parent in (first, first.sealed, first.reference, verified, emitted, row):
            second.input(parent)
    assert second.sealed is not None
    header = header_of(second.sealed, store)
    assert list(header.parents) == [first.reference, emitted.reference]
    assert list(header.inputs) == []
    with pytest.raises(TypeError):
        second.parent(3)  # type: ignore[arg-type]


def test_what_a_body_names_becomes_a_parent_once(run: Run, store: Store) -> None:
    """Whoever follows parents alone misses nothing; beside them stand those named by hand."""
    first, other = run.emit(renaming()), run.emit(renaming())
    evaluation = reference(other.sha256, v1.STAGE_MODEL_EVALUATION)
    test = v1.HoldoutTest(opening=reference(first.sha256, v1.STAGE_HOLDOUT_OPENED))
    test.evaluation.CopyFrom(evaluation)
    header = run.new_header(v1.STAGE_HOLDOUT_TEST)
    header.parents.append(evaluation)
    settle_parents(header, test, store, ())
    assert list(header.parents) == [evaluation, test.opening]


def test_a_step_is_named_only_when_it_has_ended(run: Run) -> None:
    """Before that it has no digest."""
    with (
        pytest.raises(UsageError, match="must have ended"),
        run.step(renaming()) as step,
    ):
        run.emit(renaming(), parents=[step])


def test_names_and_attempts_count(run: Run, store: Store) -> None:
    """The stage is the name unless one is given; each try at a step is counted."""
    for _ in range(2):
        with run.step(renaming()):
            pass
    with run.step(renaming(), name="other"):
        pass
    assert [(row.step_name, row.step_attempt) for row in store.records()] == [
        ("object_event", 1),
        ("object_event", 2),
        ("other", 1),
    ]


def test_an_attempt_that_another_process_took_is_counted_up(run: Run, store: Store) -> None:
    """Two at once both get their record."""
    with run.step(renaming(), name="race") as slow, run.step(renaming(), name="race") as quick:
        pass
    assert [row.step_attempt for row in store.records(step="race")] == [1, 2]
    assert slow.header.step_attempt == 2
    assert quick.header.step_attempt == 1


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_exception_leaves_a_failed_record_and_goes_on_up(
    run: Run, store: Store, kind: type[BaseException]
) -> None:
    """Whatever it is, also those that are no errors."""
    error = kind("the disk said no")
    with pytest.raises(kind) as caught:
        fail(run, error, lambda step: step.body.hyperparameters.add(name="C", number_value=0.5))
    assert caught.value is error
    record = only(store)
    assert record.header.state == FAILED
    assert (record.header.failure.kind, record.header.failure.message) == (
        kind.__name__,
        "the disk said no",
    )
    assert record.model_training.hyperparameters[0].name == "C"


def test_a_body_that_breaks_a_rule_is_left_out_of_the_failed_record(run: Run, store: Store) -> None:
    """What made the step fail may be what makes its body invalid."""
    with pytest.raises(ZeroDivisionError):
        fail(run, ZeroDivisionError(), lambda step: step.body.hyperparameters.add(name=""))
    record = only(store)
    assert record.header.state == FAILED
    assert record.WhichOneof("body") is None
    assert not record.header.failure.HasField("message")


def test_an_invalid_header_does_not_cost_the_failed_record(run: Run, store: Store) -> None:
    """Then it is as bare as it must be."""
    with pytest.raises(ZeroDivisionError):
        fail(run, ZeroDivisionError(), lambda step: step.header.inputs.add(name=""))
    assert list(only(store).header.inputs) == []


def test_a_step_whose_record_breaks_a_rule_fails(run: Run, store: Store) -> None:
    """The work is done, and the record says that it could not be recorded."""
    with pytest.raises(ValidationError), run.step(training()) as step:
        step.body.algorithm = ""
    record = only(store)
    assert record.header.failure.kind == "mlspec.errors.ValidationError"
    assert "model_training.algorithm [string.min_len]" in record.header.failure.message


def test_a_store_that_fails_never_hides_the_programs_error(
    run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said in a note."""

    def locked(_sealed: Sealed) -> None:
        raise StoreLockedError("somebody has it")

    monkeypatch.setattr(store, "put", locked)
    with pytest.raises(ValueError, match="mine") as caught, run.step(training()):
        raise ValueError("mine")
    assert any("somebody has it" in note for note in caught.value.__notes__)
    with pytest.raises(StoreLockedError), run.step(renaming()):
        pass
    monkeypatch.setattr(store, "records", lambda **_: iter([object()]))
    with pytest.raises(ValueError, match="mine") as caught, run:
        raise ValueError("mine")
    assert any("manifest" in note for note in caught.value.__notes__)


def test_skipped_and_cached_steps_say_so(run: Run, store: Store) -> None:
    """A cached step rests on the record that has its result."""
    with run.step(renaming()) as first:
        pass
    with run.step(training(), name="skipped") as skipped:
        skipped.skip("nothing new")
    with run.step(training(), name="cached") as cached:
        cached.cached(first)
    record = only(store, step="skipped")
    assert record.header.state == v1.RECORD_STATE_SKIPPED
    assert record.header.tags[-1] == v1.Tag(name="skip_reason", value="nothing new")
    record = only(store, step="cached")
    assert record.header.state == v1.RECORD_STATE_CACHED
    assert list(record.header.parents) == [first.reference]


def test_steps_may_have_other_signers(store: Store, environment: v1.Environment) -> None:
    """A path, PEM bytes or a signer."""
    own, others = generate_key(), [generate_key() for _ in range(3)]
    path = Path(store.url).with_name("key.pem")
    write_private_key(others[1], path, None)
    run = Run(None, store=store, signer=own, environment=environment)
    sources = [None, others[0], path, others[2].to_pem(None)]
    for source in sources:
        with run.step(renaming(), signer=source) as step:
            pass
        assert step.sealed is not None
    keyids = [store.get(row.digest).signatures[0].keyid for row in store.records()]
    assert keyids == [key.keyid for key in (own, *others)]


def test_emitted_records_are_of_no_step(run: Run, store: Store, tmp_path: Path) -> None:
    """For gates, openings, events."""
    (tmp_path / "file").write_bytes(b"x")
    sealed = run.emit(
        renaming(),
        inputs=[tmp_path / "file"],
        outputs=[v1.Artifact(name="bucket", uri="s3://bucket/key")],
        tags={"team": "law"},
    )
    header = header_of(sealed, store)
    assert not header.HasField("step_name")
    assert header.tags[0].value == "law"
    assert (header.inputs[0].name, header.outputs[0].uri) == ("file", "s3://bucket/key")
    with pytest.raises(ValidationError):
        run.emit(opened())
    assert store.size() == 1


def test_inputs_that_cannot_be_read_fail_at_once(run: Run, tmp_path: Path) -> None:
    """A missing file, and a URL that nobody can hash from here."""
    step = run.step(training())
    with pytest.raises(UnreadableError):
        step.input(tmp_path / "missing")
    with pytest.raises(UsageError) as caught:
        step.input("s3://user:hunter2@bucket/key?sig=abc")
    assert "hunter2" not in str(caught.value)
    assert "sig" not in str(caught.value)


def test_leaving_a_run_seals_its_manifest(run: Run, store: Store) -> None:
    """Every record in the order of storing, and how it all ended."""
    with run:
        with run.step(renaming(), name="one"):
            pass
        run.emit(renaming())
    manifest = only(store, stage=v1.STAGE_RUN_MANIFEST)
    rows = [row for row in store.records() if row.stage != v1.STAGE_RUN_MANIFEST]
    body = manifest.run_manifest
    assert (body.state, body.record_count) == (v1.RUN_STATE_SUCCEEDED, 2)
    assert [each.record.digest.sha256 for each in body.entries] == [row.sha256 for row in rows]
    assert [each.step_name for each in body.entries] == ["one", ""]
    assert store.verify(making.TRUST).exit_code == 0
    assert run.finish() is None
    for late in (lambda: run.step(renaming()), lambda: run.emit(renaming())):
        with pytest.raises(UsageError, match="must not have ended"):
            late()


def test_a_run_that_fails_says_so_in_its_manifest(run: Run, store: Store) -> None:
    """By an exception, or by a step whose last attempt failed."""
    run.emit(renaming())
    with pytest.raises(RuntimeError), run:
        raise RuntimeError
    manifest = only(store, stage=v1.STAGE_RUN_MANIFEST)
    assert manifest.run_manifest.state == v1.RUN_STATE_FAILED
    assert manifest.header.state == SUCCEEDED


@pytest.mark.parametrize(("again", "state"), [(True, 2), (False, 3)])
def test_a_step_that_fails_and_then_succeeds_is_forgiven(
    run: Run, store: Store, again: bool, state: int
) -> None:
    """What counts is each step's last attempt."""
    with run:
        with pytest.raises(ValueError, match="no"), run.step(renaming(), name="try"):
            raise ValueError("no")
        if again:
            with run.step(renaming(), name="try"):
                pass
    assert only(store, stage=v1.STAGE_RUN_MANIFEST).run_manifest.state == state


def test_a_run_without_records_leaves_nothing(run: Run, store: Store) -> None:
    """Not even a manifest."""
    with run:
        pass
    assert store.size() == 0


def test_a_run_whose_end_could_not_be_stored_can_end_again(
    run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the store is free."""
    run.emit(renaming())
    with monkeypatch.context() as patch:

        def locked(_sealed: Sealed) -> None:
            raise StoreLockedError("somebody has it")

        patch.setattr(store, "put", locked)
        with pytest.raises(StoreLockedError):
            run.finish()
    assert run.finish() is not None
    assert store.verify(making.TRUST).exit_code == 0


def test_a_record_that_comes_while_the_run_ends_is_in_the_manifest(
    run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest is made anew until it names everything."""
    run.emit(renaming())
    honest = run.seal
    late: list[Sealed] = []

    def meanwhile(record: v1.Record, signer: object) -> Sealed:
        if not late:
            late.append(making.sealed(run.id))
            store.put(late[0])
        return honest(record, signer)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "seal", meanwhile)
    run.finish()
    named = only(store, stage=v1.STAGE_RUN_MANIFEST).run_manifest.entries
    assert late[0].sha256 in {each.record.digest.sha256 for each in named}
    assert store.verify(making.TRUST).exit_code == 0


def test_a_run_goes_on_in_another_process(
    run: Run, store: Store, environment: v1.Environment
) -> None:
    """By environment variables; what it says there rests on what was handed over."""
    with run.step(renaming(), name="first") as first:
        pass
    environ = run.context()
    assert all(isinstance(value, str) and value for value in environ.values())
    other = Run.resume(signer=making.KEY, environ=environ, environment=environment)
    assert (other.id, other.namespace) == (run.id, run.namespace)
    with other:
        with other.step(renaming(), name="second") as second:
            pass
        with other.step(renaming(), name="third", parents=[second]):
            pass
    assert store.size() == 3
    assert list(only(store, step="second").header.parents) == [first.reference]
    assert list(only(store, step="third").header.parents) == [second.reference]
    assert only(store, step="second").header.pipeline == only(store, step="first").header.pipeline
    run.finish()
    assert store.verify(making.TRUST).exit_code == 0


def test_a_context_may_name_its_parents(run: Run, environment: v1.Environment) -> None:
    """Instead of what was stored last."""
    one, two, _ = (run.emit(renaming()) for _ in range(3))
    other = Run.resume(signer=making.KEY, environ=run.context(one, two), environment=environment)
    assert list(other.parents) == [one.reference, two.reference]


@pytest.mark.parametrize(
    "changes",
    [
        {"MLSPEC_RUN_ID": ""},
        {"MLSPEC_RUN_ID": "not-an-id"},
        {"MLSPEC_STORE": ""},
        {"MLSPEC_NAMESPACE": ""},
        {"MLSPEC_PARENTS": "zz"},
        {"MLSPEC_PARENTS": "00" * 32},
        {"MLSPEC_PARENT_RUN_ID": "x"},
        {"MLSPEC_PIPELINE_DIGEST": "x"},
    ],
)
def test_a_broken_context_is_refused(
    run: Run, environment: v1.Environment, changes: dict[str, str]
) -> None:
    """A run is not made up out of what is missing."""
    run.emit(renaming())
    environ = run.context() | changes
    with pytest.raises((UsageError, StoreNotFoundError)):
        Run.resume(signer=making.KEY, environ=environ, environment=environment)


def test_a_context_keeps_pipeline_and_parent_run(store: Store, environment: v1.Environment) -> None:
    """Also the digest of the definition."""
    pipeline = v1.PipelineReference(name="p", version="3", definition_digest=making.digest("p"))
    above = new_id()
    run = Run(
        pipeline, store=store, signer=making.KEY, environment=environment, parent_run_id=above
    )
    other = Run.resume(signer=making.KEY, environ=run.context(), environment=environment)
    sealed = other.emit(renaming())
    header = header_of(sealed, store)
    assert (header.pipeline, header.parent_run_id) == (pipeline, above)


def test_a_forked_child_does_not_end_its_parents_run(run: Run, store: Store) -> None:
    """It has a copy of the object, not the run."""
    run.emit(renaming())
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if run.finish() is None else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert run.finish() is not None
    assert store.verify(making.TRUST).exit_code == 0


def test_threads_may_run_steps_at_once(run: Run, store: Store) -> None:
    """Each leaves its record."""

    def work(name: str) -> None:
        for _ in range(3):
            with run.step(renaming(), name=name):
                pass

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    attempts = sorted((row.step_name or "", row.step_attempt or 0) for row in store.records())
    assert attempts[1:] == [("a", n) for n in range(1, 7)] + [("b", n) for n in range(1, 4)]
    assert store.verify(making.TRUST).exit_code == 0


def test_archived_data_stops_a_step_before_it_starts(run: Run, store: Store) -> None:
    """By the reference in the body, or by the artifact that it reads."""
    dataset, version = new_id(), new_id()
    store.put(making.dataset(new_id(), "loans", dataset))
    store.put(making.dataset_version(new_id(), "v1", dataset, version))
    kind = v1.OBJECT_KIND_DATASET_VERSION
    store.put(making.event(new_id(), v1.OBJECT_ACTION_ARCHIVE, version, kind=kind))
    reference = v1.DatasetVersionReference(dataset_name="loans", id=version)
    with pytest.raises(StateError):
        run.step(v1.DataAnalysis(dataset_version=reference))
    artifact = v1.Artifact(name="table", dataset_version_id=version)
    with pytest.raises(StateError), run.step(training()) as step:
        step.input(artifact)
    record = only(store, step="model_training")
    assert record.header.failure.kind == "mlspec.errors.StateError"


def test_an_event_rests_on_the_one_before_it(run: Run, store: Store) -> None:
    """The store knows it, so that nobody has to look it up."""
    one = new_id()
    created = run.emit(renaming(one))
    kind, deprecate = v1.OBJECT_KIND_DATASET, v1.OBJECT_ACTION_DEPRECATE
    second = run.emit(v1.ObjectEvent(action=deprecate, object_kind=kind, object_id=one))
    reactivate = v1.OBJECT_ACTION_REACTIVATE
    with run.step(v1.ObjectEvent(action=reactivate, object_kind=kind, object_id=one)) as step:
        step.input(created)
    record = only(store, step="object_event")
    assert record.object_event.previous_event == second.reference
    assert list(record.header.parents) == [created.reference, second.reference]
    row = store.object(one)
    assert row is not None
    assert (row.event, row.status_name) == (step.reference.digest.sha256, "active")


def test_only_bodies_make_steps(run: Run) -> None:
    """A message that is no body says which are."""
    with pytest.raises(UsageError, match="must be the body of a stage"):
        run.step(v1.Digest())


def test_a_run_opens_and_closes_the_store_that_it_is_told_of(
    tmp_path: Path, environment: v1.Environment
) -> None:
    """By path or URL; a store that is handed in stays open."""
    path = tmp_path / "own.db"
    with Run(None, store=path, signer=making.KEY, environment=environment) as run:
        run.emit(renaming())
    assert not path.with_name("own.db-wal").exists()
    with open_store(path, create=False) as store:
        assert store.verify(making.TRUST).exit_code == 0


def test_a_run_of_too_many_conflicts_gives_up(
    run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that is always taken is a fault, not a loop."""

    def conflict(_sealed: Sealed) -> None:
        raise StoreConflictError("taken", error_id="store.attempt")

    monkeypatch.setattr(store, "put", conflict)
    with pytest.raises(MLSpecError, match="attempt of its own"), run.step(renaming()):
        pass


def test_a_step_is_a_step_of_its_body(run: Run) -> None:
    """Type checkers know what `step.body` is."""
    step: Step[v1.ModelTraining] = run.step(training())
    assert step.body.algorithm == "logistic regression"
