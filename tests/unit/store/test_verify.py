"""Verifying a store: whatever was changed in it is found, and the record is named.

Each case alters a copy of one small store whose guards are gone; the copy without the alteration
passes, so that nothing but the alteration can be what is found.
"""

# ruff: noqa: S608 - the SQL here is the attack.

from __future__ import annotations

import base64
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mlspec import open_store, records, v1
from mlspec.errors import UntrustedError
from mlspec.records import new_id
from mlspec.sealing import Sealed, TrustPolicy
from mlspec.store import (
    DeprecatedObjectWarning,
    Report,
    Store,
    rules,
    sql_links,
    verify_store,
)
from mlspec.store.schema import INDEX_COLUMNS, OBJECT_COLUMNS
from tests.unit import samples
from tests.unit.store import making
from tools.vectors.provenance import people
from tools.vectors.provenance.case import AT
from tools.vectors.provenance.of_gate import newer_version
from tools.vectors.provenance.story import tell

Change = Callable[[sqlite3.Connection], object]


class World(NamedTuple):
    """A store, and what lies in it."""

    path: Path
    runs: tuple[str, str]
    kept: list[Sealed]
    object_id: str

    @property
    def ingested(self) -> Sealed:
        """The record that two others rest on."""
        return self.kept[1]

    @property
    def trained(self) -> Sealed:
        """A record with parents, artifacts and two signatures."""
        return self.kept[2]

    @property
    def end(self) -> Sealed:
        """The manifest of the first run."""
        return self.kept[4]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two finished runs with an object, parents, artifacts; links of the first five indexed."""
    path = tmp_path_factory.mktemp("verify") / "store.db"
    runs, one, kept = (new_id(), new_id()), new_id(), []
    patch = pytest.MonkeyPatch()
    patch.setattr(sql_links, "BATCH", 5)
    with open_store(path) as store:

        def keep(record: Sealed) -> Sealed:
            store.put(record)
            kept.append(record)
            return record

        keep(making.dataset(runs[0], "loans", one))
        source = keep(making.sealed(runs[0], v1.DataIngestion(), step="ingest", makes=["table"]))
        model = making.sealed(
            runs[0], step="train", parents=[source.reference], reads=["table"], makes=["model"]
        )
        keep(model.countersign(making.OTHER_KEY))
        keep(making.sealed(runs[0], v1.ModelEvaluation(), step="test", parents=[model.reference]))
        keep(making.manifest(store, runs[0]))
        keep(making.event(runs[1], v1.OBJECT_ACTION_DEPRECATE, one))
        keep(making.sealed(runs[1], parents=[source.reference, model.reference], reads=["table"]))
        keep(making.manifest(store, runs[1]))
    patch.undo()
    return World(path, runs, kept, one)


@pytest.fixture
def altered(world: World, tmp_path: Path) -> Callable[..., Report]:
    """Verify a copy of the store, altered by SQL behind the guards' back."""

    def verify(change: Change | str | None = None, trust: TrustPolicy = making.TRUST) -> Report:
        path = tmp_path / f"{new_id()}.db"
        shutil.copy(world.path, path)
        with sqlite3.connect(path) as connection:
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type='trigger'"
            ):
                connection.execute(f"DROP TRIGGER {name}")
            if isinstance(change, str):
                assert connection.execute(change).rowcount > 0
            elif change is not None:
                change(connection)
        connection.close()
        with open_store(path, create=False, read_only=True) as store:
            return store.verify(trust)

    return verify


def names(report: Report) -> set[str]:
    """What the lines that fail are about."""
    return {line.name for line in report.problems}


def envelope_of(connection: sqlite3.Connection, record: Sealed) -> v1.Envelope:
    """The stored envelope of a record."""
    query = "SELECT envelope FROM records WHERE sha256 = ?"
    return v1.Envelope.FromString(connection.execute(query, (record.sha256,)).fetchone()[0])


def overwrite(record: Sealed, edit: Callable[[v1.Envelope], object]) -> Change:
    """A change that edits the stored envelope of a record."""

    def change(connection: sqlite3.Connection) -> None:
        envelope = envelope_of(connection, record)
        edit(envelope)
        connection.execute(
            "UPDATE records SET envelope = ? WHERE sha256 = ?",
            (envelope.SerializeToString(), record.sha256),
        )

    return change


def flipped(data: bytes, bit: int) -> bytes:
    """Bytes with one bit turned round."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_the_store_holds(world: World, altered: Callable[..., Report]) -> None:
    """With its guards and without them: they stop accidents, and are no evidence."""
    with open_store(world.path, read_only=True) as store:
        report = store.verify(making.TRUST)
    assert (report.exit_code, len(report.lines)) == (0, 10)
    assert {line.verdict for line in report.lines} == {"PASS"}
    twin = altered()
    assert twin.exit_code == 0
    assert {line.verdict for line in twin.lines} == {"PASS", "NOTE"}


def test_every_flipped_bit_of_a_payload_is_found(
    world: World, altered: Callable[..., Report]
) -> None:
    """In each record, spread over all of its length."""
    for record in world.kept:
        for bit in range(3, 8 * len(record.payload), 8 * 97 + 1):

            def flip(envelope: v1.Envelope, bit: int = bit) -> None:
                envelope.payload = flipped(envelope.payload, bit)

            report = altered(overwrite(record, flip))
            assert (report.exit_code, record.hex in names(report)) == (1, True)


def test_a_flipped_bit_of_type_or_signature_is_found(
    world: World, altered: Callable[..., Report]
) -> None:
    """Of every record: the type is signed, and each record needs its signature."""
    for record in world.kept:

        def other_type(envelope: v1.Envelope) -> None:
            envelope.payload_type = envelope.payload_type.replace("record", "Record")

        def other_signature(envelope: v1.Envelope) -> None:
            envelope.signatures[0].sig = flipped(envelope.signatures[0].sig, 77)

        for edit in (other_type, other_signature):
            report = altered(overwrite(record, edit))
            assert (report.exit_code, record.hex in names(report)) == (1, True)


def test_a_type_is_found_changed_even_if_no_signature_names_its_key(
    world: World, altered: Callable[..., Report]
) -> None:
    """Without the hint one could take the signature for a stranger's."""

    def edit(envelope: v1.Envelope) -> None:
        envelope.payload_type += "x"
        envelope.signatures[0].ClearField("keyid")

    report = altered(overwrite(world.ingested, edit))
    assert (report.exit_code, names(report)) == (1, {world.ingested.hex})


def test_a_second_signature_is_not_needed(world: World, altered: Callable[..., Report]) -> None:
    """What nobody asked for may be damaged; the record still has its author's."""

    def edit(envelope: v1.Envelope) -> None:
        envelope.signatures[1].sig = flipped(envelope.signatures[1].sig, 5)

    assert altered(overwrite(world.trained, edit)).exit_code == 0


@pytest.mark.parametrize("junk", [b"", b"\xff", b"\x0a\x05abc", b"{}", b"\x0a\x01a\x0a\x01b"])
def test_a_row_that_holds_no_envelope_is_found(
    world: World, altered: Callable[..., Report], junk: bytes
) -> None:
    """Cut short, empty, or something else."""

    def change(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE records SET envelope = ? WHERE sha256 = ?", (junk, world.ingested.sha256)
        )

    report = altered(change)
    assert (report.exit_code, world.ingested.hex in names(report)) == (1, True)


def test_a_deleted_row_is_missed(world: World, altered: Callable[..., Report]) -> None:
    """Each record; of a manifest the run is named."""
    for record in world.kept:
        run_id = record.peek().header.run_id
        report = altered(f"DELETE FROM records WHERE sha256 = x'{record.hex}'")
        assert report.exit_code == 1
        assert run_id in names(report)
        ends = record.peek().header.stage == v1.STAGE_RUN_MANIFEST
        assert (record.hex in names(report)) is not ends


def test_a_run_that_was_deleted_whole_leaves_a_gap(
    world: World, altered: Callable[..., Report]
) -> None:
    """Nothing names its records any more, but those after it have kept their numbers."""

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM records WHERE run_id = ?", (world.runs[0],))
        connection.execute("DELETE FROM links")
        connection.execute("DELETE FROM objects")

    report = altered(change)
    assert report.exit_code == 1
    assert any("the first is 6" in line.message for line in report.problems)


def test_swapped_rows_are_found(world: World, altered: Callable[..., Report]) -> None:
    """Whether the envelopes change places, or the places themselves."""
    first, second = world.ingested, world.trained

    def envelopes(connection: sqlite3.Connection) -> None:
        kept = {each: envelope_of(connection, each) for each in (first, second)}
        for there, other in ((first, second), (second, first)):
            connection.execute(
                "UPDATE records SET envelope = ? WHERE sha256 = ?",
                (kept[other].SerializeToString(), there.sha256),
            )

    def places(connection: sqlite3.Connection) -> None:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute("UPDATE records SET sequence = ? WHERE sequence = ?", (new, old))

    for change in (envelopes, places):
        report = altered(change)
        assert report.exit_code == 1
        assert {first.hex, second.hex} <= names(report)


def test_a_replayed_row_is_found(world: World, altered: Callable[..., Report]) -> None:
    """The same record once more, under another number."""
    columns = ", ".join((*INDEX_COLUMNS, "sha256", "envelope"))

    def again(connection: sqlite3.Connection) -> None:
        for index in ("records_sha256", "records_record_id", "records_attempt"):
            connection.execute(f"DROP INDEX {index}")
        connection.execute(
            f"INSERT INTO records ({columns}, sequence) "
            f"SELECT {columns}, 9 FROM records WHERE sequence = 2"
        )

    report = altered(again)
    assert (report.exit_code, world.ingested.hex in names(report)) == (1, True)


def test_a_record_of_elsewhere_put_into_a_finished_run_is_found(
    world: World, altered: Callable[..., Report], tmp_path: Path
) -> None:
    """It is genuine, of the right run, and rightly indexed; the manifest does not name it."""
    stranger = making.sealed(world.runs[0], step="train", attempt=2)
    with open_store(tmp_path / "elsewhere.db") as store:
        store.put(stranger)
    columns = ", ".join((*INDEX_COLUMNS, "sha256", "envelope"))

    def replay(connection: sqlite3.Connection) -> None:
        connection.execute("ATTACH ? AS elsewhere", (str(tmp_path / "elsewhere.db"),))
        connection.execute(
            f"INSERT INTO main.records ({columns}, sequence) "
            f"SELECT {columns}, 9 FROM elsewhere.records"
        )

    report = altered(replay)
    assert report.exit_code == 1
    assert names(report) == {world.runs[0], stranger.hex}


@pytest.mark.parametrize("column", INDEX_COLUMNS)
def test_a_changed_index_column_is_found(
    world: World, altered: Callable[..., Report], column: str
) -> None:
    """Each of them, changed to another value and to another type."""
    for value in ("'019382aa-3c4e-7b21-9f1e-5d2c6a7b8c90'", "x'00'", "'zz'", "12345"):
        report = altered(
            f"UPDATE records SET {column} = {value} WHERE sha256 = x'{world.trained.hex}'"
        )
        assert (report.exit_code, world.trained.hex in names(report)) == (1, True)


def test_a_changed_key_is_found(world: World, altered: Callable[..., Report]) -> None:
    """The row no longer holds what it is stored under."""
    report = altered(
        f"UPDATE records SET sha256 = zeroblob(32) WHERE sha256 = x'{world.trained.hex}'"
    )
    assert report.exit_code == 1
    assert {world.trained.hex, "00" * 32} <= names(report)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM links WHERE rowid_of = 1",
        "DELETE FROM links WHERE sequence = 3",
        "UPDATE links SET sequence = 2 WHERE sequence = 3",
        "INSERT INTO links (link, sequence) VALUES (x'1100', 3)",
        "UPDATE links SET link = x'11' || zeroblob(32) WHERE sequence = 3 AND hex(link) < '20'",
    ],
)
def test_a_changed_link_is_found(world: World, altered: Callable[..., Report], change: str) -> None:
    """The index of links is what the records' own links make of it."""
    if "rowid_of" in change:
        change = "DELETE FROM links WHERE link IN (SELECT link FROM links WHERE sequence = 2)"
    report = altered(change)
    assert report.exit_code == 1
    assert names(report) & {world.ingested.hex, world.trained.hex}


@pytest.mark.parametrize("value", [0, 3, 8])
def test_a_moved_line_of_indexing_is_found(
    world: World, altered: Callable[..., Report], value: int
) -> None:
    """Records would be looked for on the wrong side of it."""
    report = altered(f"UPDATE meta SET value = {value} WHERE name = 'links_through'")
    assert report.exit_code == 1
    assert names(report) & {record.hex for record in world.kept}


@pytest.mark.parametrize("column", [*OBJECT_COLUMNS, "name_key"])
def test_a_changed_object_is_found(
    world: World, altered: Callable[..., Report], column: str
) -> None:
    """Its row is what the events make of it."""
    for value in ("'7'", "'zz'", "x'00'"):
        report = altered(f"UPDATE objects SET {column} = {value}")
        assert report.exit_code == 1
        assert names(report) & {world.object_id, world.kept[0].hex}


def test_an_object_without_events_is_found(world: World, altered: Callable[..., Report]) -> None:
    """And events without their object."""
    assert names(altered("DELETE FROM objects")) == {world.object_id}
    stray = "INSERT INTO objects VALUES ('stray', 2, 'loans', 'stray', 'stray', 1, 1, 1, x'')"
    assert names(altered(stray)) == {"stray"}


def test_foreign_triggers_are_found_and_foreign_tables_noted(
    world: World, altered: Callable[..., Report]
) -> None:
    """A trigger can change what is written; a table beside the store's harms nothing."""
    trigger = "CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM links; END"
    assert altered(lambda connection: connection.execute(trigger)).exit_code == 1
    view = "CREATE VIEW v AS SELECT * FROM records"
    assert altered(lambda connection: connection.execute(view)).exit_code == 1
    table = "CREATE TABLE mine (a)"
    assert altered(lambda connection: connection.execute(table)).exit_code == 0


def test_a_page_that_was_damaged_is_found(world: World, tmp_path: Path) -> None:
    """Bytes of the file, not of a row: read as far as it goes."""
    path = tmp_path / "damaged.db"
    data = bytearray(world.path.read_bytes())
    where = data.index(world.ingested.payload[40:80])
    data[where] ^= 1
    path.write_bytes(data)
    with open_store(path, read_only=True) as store:
        report = store.verify(making.TRUST)
    assert (report.exit_code, names(report) >= {world.ingested.hex}) == (1, True)


def test_who_is_not_trusted_is_not_a_forger(world: World, altered: Callable[..., Report]) -> None:
    """Nothing was changed, and nobody who is known vouches for it: another exit code."""
    report = altered(trust=making.STRANGERS)
    assert report.exit_code == 3
    assert names(report) == {record.hex for record in world.kept}
    both = altered(
        f"DELETE FROM records WHERE sha256 = x'{world.ingested.hex}'", trust=making.STRANGERS
    )
    assert both.exit_code == 1


def test_a_key_counts_for_its_stages_only(world: World, altered: Callable[..., Report]) -> None:
    """The records of the others are named."""
    stages = [stage for stage in records.all_stages() if stage != v1.STAGE_MODEL_TRAINING]
    trust = samples.trust(making.KEY, stages=tuple(stages), namespace_globs=("*",))
    report = altered(trust=trust)
    assert report.exit_code == 3
    assert names(report) == {world.trained.hex, world.kept[6].hex}


def test_an_unfinished_run_fails_unless_it_may_go_on(store: Store, run: str) -> None:
    """A run without a manifest may be one whose manifest was deleted."""
    store.put(making.sealed(run))
    report = verify_store(store, making.TRUST)
    assert (report.exit_code, names(report)) == (1, {run})
    assert verify_store(store, making.TRUST, allow_unfinished=True).exit_code == 0
    store.put(making.manifest(store, run))
    assert verify_store(store, making.TRUST).exit_code == 0


def test_a_parent_that_is_nowhere_is_found(store: Store, run: str) -> None:
    """The record that names it fails, with the parent's digest in the message."""
    stray = making.sealed(run, parents=[records.reference(bytes(32), v1.STAGE_DATA_ANALYSIS)])
    store.put(stray)
    store.put(making.manifest(store, run))
    report = store.verify(making.TRUST)
    assert (report.exit_code, names(report)) == (1, {stray.hex})
    assert "00" * 32 in report.problems[0].message


def test_a_parent_of_another_stage_than_was_said_is_found(store: Store, run: str) -> None:
    """The reference claims more than the record is."""
    parent = making.sealed(run)
    claim = records.reference(parent.sha256, v1.STAGE_GATE_DECISION)
    child = making.sealed(run, parents=[claim])
    for record in (parent, child):
        store.put(record)
    store.put(making.manifest(store, run))
    report = store.verify(making.TRUST)
    assert (report.exit_code, names(report)) == (1, {child.hex})


def test_a_record_named_in_a_body_is_looked_for(store: Store, run: str) -> None:
    """Not only parents must be there."""
    absent = records.reference(bytes(32), v1.STAGE_MODEL_TRAINING)
    stray = making.sealed(run, v1.ModelEvaluation(training=absent))
    store.put(stray)
    store.put(making.manifest(store, run))
    report = store.verify(making.TRUST)
    assert (report.exit_code, names(report)) == (1, {stray.hex})
    assert "model_evaluation.training must be in the store" in report.problems[0].message


def test_work_on_data_that_was_archived_by_then_is_found(store: Store, run: str) -> None:
    """Also where another program put it into the store; a deprecated version is told of."""
    dataset, version = new_id(), new_id()
    kind = v1.OBJECT_KIND_DATASET_VERSION
    store.put(making.dataset(run, "loans", dataset))
    store.put(making.dataset_version(run, "loans-1", dataset, version))
    reference = v1.DatasetVersionReference(dataset_name="loans", id=version)
    store.put(making.event(run, v1.OBJECT_ACTION_DEPRECATE, version, kind=kind))
    early = making.sealed(run, v1.DataAnalysis(dataset_version=reference))
    with pytest.warns(DeprecatedObjectWarning):
        store.put(early)
    store.put(making.event(run, v1.OBJECT_ACTION_ARCHIVE, version, kind=kind))
    late = making.sealed(run, v1.DataAnalysis(dataset_version=reference))
    patch = pytest.MonkeyPatch()
    patch.setattr(rules, "require_usable_data", lambda *_: ())
    store.put(late)
    patch.undo()
    store.put(making.manifest(store, run))
    report = store.verify(making.TRUST)
    assert (report.exit_code, names(report)) == (1, {late.hex})
    (told,) = (line for line in report.lines if line.name == early.hex)
    assert "is deprecated" in told.message


@pytest.mark.parametrize(
    "edit",
    [
        {"state": v1.RECORD_STATE_SKIPPED},
        {"step_name": "other"},
        {"step_attempt": 7},
        {"record_id": "019382aa-3c4e-7b21-9f1e-5d2c6a7b8c90"},
    ],
)
def test_a_manifest_that_tells_records_otherwise_is_found(
    store: Store, run: str, edit: dict[str, Any]
) -> None:
    """Its entries are what the records say of themselves."""
    record = making.sealed(run, step="train")
    store.put(record)
    honest = making.manifest(store, run).peek()
    for field, value in edit.items():
        setattr(honest.run_manifest.entries[0], field, value)
    store.put(making.unchecked(honest))
    report = store.verify(making.TRUST)
    assert (report.exit_code, names(report)) == (1, {run, record.hex})


def test_an_empty_store_shows_nothing(store: Store) -> None:
    """Deleting everything must not pass."""
    assert store.verify(making.TRUST).exit_code == 1


def test_a_trust_file_past_its_date_verifies_nothing(store: Store, run: str) -> None:
    """Whatever the store holds."""
    store.put(making.sealed(run))
    draft = samples.policy(making.KEY, stages=records.all_stages())
    draft.expire_time.FromDatetime(samples.in_days(-1))
    with pytest.raises(UntrustedError, match="expired"):
        store.verify(TrustPolicy(draft))


def test_a_store_of_any_kind_finds_what_was_changed(
    place: str, store: Store, run: str, tmp_path: Path
) -> None:
    """A bit of a payload, in whatever file it is."""
    record = making.sealed(run, reads=["a name that is easily found"])
    store.put(record)
    store.put(making.manifest(store, run))
    store.close()
    path = tmp_path / Path(place).name
    if path.is_dir():
        (path,) = path.glob(f"*-{record.hex}.json")
    elif not path.is_file():
        pytest.skip("PostgreSQL keeps its own files")
    plain, changed = b"easily found", b"easily faund"
    data = path.read_bytes()
    if path.suffix == ".json":
        payload = base64.b64encode(record.payload.replace(plain, changed))
        data = data.replace(base64.b64encode(record.payload), payload)
    else:
        assert data.count(plain) == 1
        data = data.replace(plain, changed)
    path.write_bytes(data)
    with open_store(place, create=False, read_only=True) as again:
        report = again.verify(making.TRUST)
    assert report.exit_code == 1
    assert record.hex in names(report)


def test_a_record_that_is_not_fully_understood_is_no_pass(store: Store) -> None:
    """It verifies, and is NOT PROVEN; its twin, which this reader understands, passes."""
    newer = tell({"train": newer_version})
    for sealed in newer.held:
        store.put(sealed)
    report = store.verify(TrustPolicy(people.trust()), at=AT)
    verdicts = {line.name: (line.verdict, line.id) for line in report.lines}
    assert verdicts.pop(newer.sealed["train"].hex) == ("NOT PROVEN", "record.not_understood")
    assert set(verdicts.values()) == {("PASS", "")}
    assert report.exit_code == 0
