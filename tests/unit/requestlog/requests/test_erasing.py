"""Erasing a person leaves no trace of them in any file, and everybody else untouched."""

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.codec.streams import frame
from mlspec.errors import StateError, UnreadableError, UsageError
from mlspec.requestlog.disk import side_lock
from mlspec.requestlog.requests import Person, erase, open_detail
from tests.unit.requestlog.requests.people import ANNA, BORIS, ORIGIN, Log


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """600 requests: every tenth is Anna's."""
    made = Log(tmp_path)
    for index in range(600):
        made.add(ANNA if index % 10 == 3 else BORIS)
    return made


def of_anna(log: Log) -> list[int]:
    """Anna's requests."""
    return [index for index in range(len(log.entries)) if index % 10 == 3]


def check_others(log: Log) -> None:
    """Everyone else's side records open still, and their lines are there."""
    text = b"".join(path.read_bytes() for path in log.lines.files())
    for index, entry in enumerate(log.entries):
        side = log.records.read(index)
        assert (side is None) == (index % 10 == 3)
        if side is not None:
            assert open_detail(entry, side).subject_id == BORIS
        assert (f' seq="{index}" '.encode() in text) == (index % 10 != 3)


@pytest.mark.parametrize(
    "person",
    [
        Person(subject_ids=frozenset({ANNA})),
        Person(hosts=frozenset({"198.51.100.7"})),
        Person(users=frozenset({f"user-of-{ANNA}"})),
    ],
)
def test_a_person_leaves_no_trace(log: Log, person: Person) -> None:
    """By subject, host or user, in side records, lines and rotated lines."""
    log.lines.path.rename(log.folder / "access.log.1")
    for index in range(600, 620):
        log.add(ANNA if index % 10 == 3 else BORIS)
    assert len(log.traces(ANNA)) == 5  # three streams of side records, two files of lines
    found = erase(log.folder, log, person=person)
    assert found.indexes == tuple(of_anna(log))
    assert found.side_record_count == found.line_count == len(found.indexes)
    assert log.traces(ANNA) == []
    check_others(log)


def test_what_was_erased_is_counted_and_what_never_was_there_is_not(log: Log) -> None:
    """The count is of side records that are gone on purpose."""
    assert log.records.erased() == frozenset()
    erase(log.folder, indexes=[3, 13, 9999])
    assert log.records.erased() == {3, 13}
    erase(log.folder, indexes=[3, 23])
    assert log.records.erased() == {3, 13, 23}


def test_a_request_is_erased_with_all_feedback_on_it(log: Log) -> None:
    """A comment on a request tells of the same person."""
    feedback = v1.LogEntry(origin=ORIGIN, nonce=b"n" * 16)
    feedback.feedback.request_id = "r-3"
    feedback.feedback.feedback_time.seconds = 1
    number = log.add(ANNA, feedback)
    assert erase(log.folder, log, request_ids=["r-3"]).indexes == (3, number)
    assert log.records.read(3) is None
    assert log.records.read(number) is None
    assert log.records.read(13) is not None


def test_a_line_is_known_by_its_own_fields_not_by_what_a_client_wrote(log: Log) -> None:
    """An agent that looks like another request's last fields takes nothing with it."""
    entry = log.entries[5]
    forged = f' seq="{5}" leaf="{"0" * 64}"'
    log.lines.append([b'- - - [x] "-" 200 5 "-" "' + forged.encode() + b'" seq="7777" leaf=""'])
    erase(log.folder, indexes=[entry.sequence_number])
    assert forged.encode() in log.lines.path.read_bytes()


def test_nothing_is_erased_while_lines_stand_where_they_cannot_be_rewritten(log: Log) -> None:
    """A compressed file of lines would keep the person: it is named, and nothing is changed."""
    (log.folder / "access.log.2.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(StateError) as caught:
        erase(log.folder, indexes=[3])
    assert caught.value.id == "log.text.foreign"
    assert "access.log.2.gz" in str(caught.value)
    assert log.records.read(3) is not None


def test_a_negative_index_is_no_leaf(log: Log) -> None:
    """It is refused before anything is rewritten."""
    with pytest.raises(UsageError):
        erase(log.folder, indexes=[-1])


def test_drafts_of_an_erasing_that_died_are_removed(log: Log) -> None:
    """A half-written file may hold the next person who is erased."""
    for place in (log.folder, log.folder / "side"):
        (place / f".access.log.{'0' * 16}.draft").write_bytes(ANNA.encode())
    erase(log.folder, log, person=Person(subject_ids=frozenset({ANNA})))
    assert log.traces(ANNA) == []


def test_an_erasing_that_died_halfway_is_done_by_the_same_call(log: Log) -> None:
    """Lines go first: while the side record is there, the person is still found."""
    with side_lock(str(log.folder)):
        log.lines.erase(of_anna(log)[:30])
    assert log.traces(ANNA)
    erase(log.folder, log, person=Person(subject_ids=frozenset({ANNA})))
    assert log.traces(ANNA) == []


def test_a_torn_end_goes_with_the_erasing_and_nothing_else(log: Log) -> None:
    """What a crashed writer left half-written was never acknowledged, and may name the person."""
    side = log.records.read(593)
    assert side is not None
    with log.records.path(593 // 256).open("ab") as file:
        file.write(frame(side.SerializeToString())[:-3])
    erase(log.folder, log, person=Person(subject_ids=frozenset({ANNA})))
    assert log.traces(ANNA) == []
    check_others(log)


def test_cutting_removes_what_no_checkpoint_covers(log: Log) -> None:
    """Side records and lines at or beyond the leaf go, torn ends too; the rest stays."""
    with log.lines.path.open("ab") as file:
        file.write(b'203.0.113.8 - - [01/Jan/1970:00:00:00 +0000] "GET / HT')
    (log.folder / "side" / "003").write_bytes(b"\x05torn")
    with side_lock(str(log.folder)):
        log.records.cut(300)
        assert log.lines.cut(300) == 300
    assert log.records.bundles() == [0, 1]
    for index in (0, 255, 256, 299, 300, 599):
        assert (log.records.read(index) is None) == (index >= 300)
    lines = log.lines.path.read_bytes().splitlines()
    assert len(lines) == 300
    assert b' seq="299" ' in lines[-1]


def test_rotated_lines_are_numbered_on(log: Log) -> None:
    """The newest has the highest number; without a file nothing is rotated."""
    with side_lock(str(log.folder)):
        assert log.lines.rotate() == log.folder / "access.log.1"
        assert log.lines.rotate() is None
    log.add(BORIS)
    with side_lock(str(log.folder)):
        assert log.lines.rotate() == log.folder / "access.log.2"
    assert [path.name for path in log.lines.files()] == ["access.log.1", "access.log.2"]


def test_side_records_are_not_read_through_links(log: Log) -> None:
    """A link in the place of a file leads out of the folder: it is refused."""
    target = log.folder.parent / f"{log.folder.name}-elsewhere"
    shutil.move(log.records.path(0), target)
    log.records.path(0).symlink_to(target)
    with pytest.raises(UnreadableError):
        log.records.read(3)
    with pytest.raises(UnreadableError):
        erase(log.folder, indexes=[3])


ERASER = """
import sys
from mlspec.requestlog.requests import erase
for index in range(0, 200, 2):
    erase(sys.argv[1], indexes=[index])
"""


def test_erasing_in_another_process_loses_nothing_of_a_writer(tmp_path: Path) -> None:
    """Whatever is written meanwhile is there afterwards, and what is erased is gone."""
    log = Log(tmp_path)
    for _ in range(200):
        log.add(BORIS)
    eraser = subprocess.Popen([sys.executable, "-c", ERASER, tmp_path])
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            log.add(BORIS)
            time.sleep(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    assert eraser.wait(timeout=120) == 0
    stop.set()
    writer.join()
    assert len(log.entries) > 200
    text = log.lines.path.read_bytes()
    present = {s.sequence_number for n in log.records.bundles() for s in log.records.of_bundle(n)}
    expected = set(range(len(log.entries))) - set(range(0, 200, 2))
    assert present == expected
    assert {int(part.split(b'"')[0]) for part in text.split(b' seq="')[1:]} == expected
