"""Objects: what may be done to them, and what an archived one forbids."""

import warnings
from typing import Any

import pytest

from mlspec import open_store, records, v1
from mlspec.errors import InputError, StateError
from mlspec.records import new_id
from mlspec.sealing import Sealed, seal
from mlspec.store import DeprecatedObjectWarning, ObjectRow, Store
from tests.unit.store import making

CREATE = v1.OBJECT_ACTION_CREATE
RENAME = v1.OBJECT_ACTION_RENAME
DEPRECATE = v1.OBJECT_ACTION_DEPRECATE
ARCHIVE = v1.OBJECT_ACTION_ARCHIVE
REACTIVATE = v1.OBJECT_ACTION_REACTIVATE


def state(store: Store, object_id: str) -> tuple[str, str]:
    """Name and status of an object."""
    row = store.object(object_id)
    assert row is not None
    return row.name, row.status_name


def test_an_object_goes_through_its_life(store: Store, place: str, run: str) -> None:
    """Create, rename, deprecate, reactivate, archive, reactivate: each an event that was sealed."""
    one = new_id()
    store.put(making.dataset(run, "loans", one))
    assert state(store, one) == ("loans", "active")
    for action, new_name, expected in (
        (RENAME, "Loans-2", ("Loans-2", "active")),
        (DEPRECATE, None, ("Loans-2", "deprecated")),
        (RENAME, "loans-3", ("loans-3", "deprecated")),
        (REACTIVATE, None, ("loans-3", "active")),
        (ARCHIVE, None, ("loans-3", "archived")),
        (REACTIVATE, "loans-4", ("loans-4", "active")),
    ):
        store.put(making.event(run, action, one, new_name=new_name))
        assert state(store, one) == expected
    with open_store(place, create=False, read_only=True) as again:
        assert state(again, one) == ("loans-4", "active")


@pytest.mark.parametrize(
    ("before", "action"),
    [
        ((), REACTIVATE),
        ((DEPRECATE,), DEPRECATE),
        ((ARCHIVE,), ARCHIVE),
        ((ARCHIVE,), DEPRECATE),
        ((ARCHIVE,), RENAME),
    ],
)
def test_steps_that_an_object_cannot_take(
    store: Store, run: str, before: tuple[v1.ObjectAction.ValueType, ...], action: int
) -> None:
    """They are refused, and neither event nor change is stored."""
    one = new_id()
    store.put(making.dataset(run, "loans", one))
    for each in before:
        store.put(making.event(run, each, one))
    kept, count = state(store, one), store.size()
    new_name = "other" if action == RENAME else None
    with pytest.raises(StateError) as caught:
        store.put(making.event(run, v1.ObjectAction.ValueType(action), one, new_name=new_name))
    assert caught.value.id == "object.transition"
    assert (state(store, one), store.size()) == (kept, count)


def test_a_name_is_taken_whatever_its_case(store: Store, run: str) -> None:
    """By objects of the kind in the namespace that are not archived."""
    one, two = new_id(), new_id()
    store.put(making.dataset(run, "Loans", one))
    with pytest.raises(StateError, match="must be free") as caught:
        store.put(making.dataset(run, "LOANS", two))
    assert caught.value.id == "object.name_taken"
    store.put(making.dataset(run, "loans", new_id(), namespace="cards"))
    store.put(making.dataset(run, "other", two))
    with pytest.raises(StateError, match="must be free"):
        store.put(making.event(run, RENAME, two, new_name="lOANS"))
    store.put(making.event(run, RENAME, one, new_name="LOANS"))
    store.put(making.event(run, DEPRECATE, one))
    with pytest.raises(StateError, match="must be free"):
        store.put(making.event(run, RENAME, two, new_name="loans"))


def test_archiving_frees_the_name_and_reactivating_wants_it_back(store: Store, run: str) -> None:
    """Unless somebody else has it by then; another name may be given."""
    one, two = new_id(), new_id()
    store.put(making.dataset(run, "loans", one))
    store.put(making.event(run, ARCHIVE, one))
    store.put(making.dataset(run, "Loans", two))
    with pytest.raises(StateError) as caught:
        store.put(making.event(run, REACTIVATE, one))
    assert caught.value.id == "object.name_taken"
    store.put(making.event(run, REACTIVATE, one, new_name="loans-old"))
    assert state(store, one) == ("loans-old", "active")


def test_archived_objects_are_found_by_id_and_not_listed(store: Store, run: str) -> None:
    """Unless they are asked for."""
    one, two = new_id(), new_id()
    store.put(making.dataset(run, "loans", one))
    store.put(making.dataset(run, "cards", two, namespace="cards"))
    store.put(making.event(run, ARCHIVE, one))

    def listed(**wanted: object) -> list[str]:
        rows: list[ObjectRow] = list(store.objects(**wanted))  # type: ignore[arg-type]
        return [row.object_id for row in rows]

    assert listed() == [two]
    assert listed(archived=True) == [one, two]
    assert listed(archived=True, namespace="loans") == [one]
    assert listed(kind=v1.OBJECT_KIND_MODEL, archived=True) == []
    assert state(store, one) == ("loans", "archived")
    assert store.object(new_id()) is None


def test_events_about_objects_that_are_not_there(store: Store, run: str) -> None:
    """Unknown, created twice, of another kind or namespace."""
    one = new_id()
    with pytest.raises(StateError) as caught:
        store.put(making.event(run, ARCHIVE, one))
    assert caught.value.id == "object.unknown"
    store.put(making.dataset(run, "loans", one))
    with pytest.raises(StateError) as caught:
        store.put(making.dataset(run, "other", one))
    assert caught.value.id == "object.exists"
    for changes in ({"kind": v1.OBJECT_KIND_MODEL}, {"namespace": "cards"}):
        with pytest.raises(StateError) as caught:
            store.put(making.event(run, ARCHIVE, one, **changes))
        assert caught.value.id == "object.mismatch"
    assert state(store, one) == ("loans", "active")


def test_what_is_created_is_what_the_event_says(store: Store, run: str) -> None:
    """Kind, id and status of the created object agree with the event."""
    one = new_id()
    good = v1.ObjectAttributes(id=one, name="loans", status=v1.OBJECT_STATUS_ACTIVE)
    for kind, changes in (
        (v1.OBJECT_KIND_MODEL, {}),
        (v1.OBJECT_KIND_DATASET, {"id": new_id()}),
        (v1.OBJECT_KIND_DATASET, {"status": v1.OBJECT_STATUS_DEPRECATED}),
    ):
        attributes = v1.ObjectAttributes()
        attributes.CopyFrom(good)
        for field, value in changes.items():
            setattr(attributes, field, value)
        body = v1.ObjectEvent(
            action=CREATE,
            object_kind=kind,
            object_id=one,
            dataset=v1.Dataset(attributes=attributes),
        )
        header = records.new_header(v1.STAGE_OBJECT_EVENT, namespace="loans", run_id=run)
        with pytest.raises(InputError) as caught:
            store.put(making.unchecked(records.new_record(body, header)))
        assert caught.value.id == "object_event.malformed"
    assert store.object(one) is None


def test_an_event_may_name_the_one_before_it(store: Store, run: str) -> None:
    """Then it must be the last one: somebody may have been quicker."""
    one = new_id()
    created = making.dataset(run, "loans", one)
    store.put(created)
    row = store.object(one)
    assert row is not None
    assert row.event == created.sha256

    def archiving() -> Sealed:
        body = v1.ObjectEvent(
            action=ARCHIVE,
            object_kind=v1.OBJECT_KIND_DATASET,
            object_id=one,
            previous_event=created.reference,
        )
        return making.sealed(run, body, parents=[created.reference])

    late = archiving()
    store.put(archiving())
    with pytest.raises(StateError) as caught:
        store.put(late)
    assert caught.value.id in ("object.transition", "object.previous_event")
    store.put(making.event(run, REACTIVATE, one))
    with pytest.raises(StateError, match="must be the last event") as caught:
        store.put(archiving())
    assert caught.value.id == "object.previous_event"


@pytest.mark.parametrize(
    ("kind", "field", "message"),
    [
        (v1.OBJECT_KIND_MODULE, "computation_module", v1.Module),
        (v1.OBJECT_KIND_PIPELINE, "pipeline", v1.Pipeline),
        (v1.OBJECT_KIND_MODEL, "model", v1.Model),
    ],
)
def test_other_kinds_of_object_live_alike(
    store: Store, run: str, kind: v1.ObjectKind.ValueType, field: str, message: Any
) -> None:
    """Whatever their field is called."""
    one = new_id()
    attributes = v1.ObjectAttributes(id=one, name="x", status=v1.OBJECT_STATUS_ACTIVE)
    body = v1.ObjectEvent(action=CREATE, object_kind=kind, object_id=one)
    getattr(body, field).CopyFrom(message(attributes=attributes))
    store.put(making.sealed(run, body))
    store.put(making.event(run, ARCHIVE, one, kind=kind))
    assert state(store, one) == ("x", "archived")


def test_an_event_that_did_not_succeed_changes_nothing(store: Store, run: str) -> None:
    """It is stored as what was tried."""
    one = new_id()
    failure = v1.Failure(kind="PermissionError")
    body = v1.ObjectEvent(action=ARCHIVE, object_kind=v1.OBJECT_KIND_DATASET, object_id=one)
    header = records.new_header(
        v1.STAGE_OBJECT_EVENT,
        namespace="loans",
        run_id=run,
        state=v1.RECORD_STATE_FAILED,
    )
    header.failure.CopyFrom(failure)
    store.put(seal(records.new_record(body, header), making.KEY))
    assert store.object(one) is None
    assert store.size() == 1


def test_an_archived_dataset_gets_no_new_version(store: Store, run: str) -> None:
    """A version is new work too. Its name is unique among the versions of the namespace."""
    one = new_id()
    store.put(making.dataset(run, "loans", one))
    store.put(making.dataset_version(run, "loans", one, new_id()))
    with pytest.raises(StateError) as caught:
        store.put(making.dataset_version(run, "LOANS", one, new_id()))
    assert caught.value.id == "object.name_taken"
    store.put(making.event(run, ARCHIVE, one))
    with pytest.raises(StateError) as caught:
        store.put(making.dataset_version(run, "loans-2", one, new_id()))
    assert caught.value.id == "object.owner_archived"


def uses(run: str, version_id: str, **header: Any) -> list[Sealed]:
    """Records that rest on a dataset version, each by another field."""
    reference = v1.DatasetVersionReference(dataset_name="loans", id=version_id)
    analysis = v1.DataAnalysis(dataset_version=reference)
    splitting = v1.DataSplitting(dataset_version=reference)
    return [making.sealed(run, body, **header) for body in (analysis, splitting)]


def test_new_work_on_an_archived_dataset_version_is_refused(store: Store, run: str) -> None:
    """Wherever in the record it is named; what failed or was skipped is no work."""
    one, version = new_id(), new_id()
    store.put(making.dataset(run, "loans", one))
    store.put(making.dataset_version(run, "v1", one, version))
    for record in uses(run, version):
        store.put(record)
    store.put(making.event(run, ARCHIVE, version, kind=v1.OBJECT_KIND_DATASET_VERSION))
    count = store.size()
    for record in uses(run, version):
        with pytest.raises(StateError, match="must not be archived") as caught:
            store.put(record)
        assert caught.value.path.endswith("dataset_version.id")
    assert store.size() == count
    for record in uses(run, version, state=v1.RECORD_STATE_SKIPPED):
        store.put(record)
    reference = v1.DatasetVersionReference(dataset_name="loans", id=version)
    for body in (
        v1.DataValidation(dataset_version=reference),
        v1.DataIngestion(previous_dataset_version=reference),
    ):
        store.put(making.sealed(run, body))


def test_new_work_on_a_deprecated_dataset_version_warns(store: Store, run: str) -> None:
    """And is stored, even where warnings are errors."""
    one, version = new_id(), new_id()
    store.put(making.dataset(run, "loans", one))
    store.put(making.dataset_version(run, "v1", one, version))
    store.put(making.event(run, DEPRECATE, version, kind=v1.OBJECT_KIND_DATASET_VERSION))
    first, second = uses(run, version)
    with pytest.warns(DeprecatedObjectWarning, match="'v1' is deprecated"):
        store.put(first)
    count = store.size()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DeprecatedObjectWarning):
            store.put(second)
    assert store.size() == count + 1
