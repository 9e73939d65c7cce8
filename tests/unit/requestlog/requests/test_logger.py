"""The request log of a process: everything is logged once, in order, or counted as lost."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.errors import (
    LimitError,
    MLSpecError,
    SigningError,
    StateError,
    StoreError,
    UsageError,
    ValidationError,
)
from mlspec.requestlog import NoteKey, NoteKeyKind, leaf_hash
from mlspec.requestlog.checking import verify_log
from mlspec.requestlog.disk import LogFolder, side_lock
from mlspec.requestlog.requests import Person, RequestLogger, erase, line, open_detail
from mlspec.requestlog.requests.side_records import SideRecords
from mlspec.sealing.signers import write_private_key
from tests.unit.requestlog.requests.serving import (
    CHECKPOINTED,
    ORIGIN,
    SIGNER,
    buffered,
    deployment,
    details,
    entries,
    inferences,
    logging,
    queue,
)

ROOT = Path(__file__).parents[4]
PATHS = [str(ROOT / "python"), str(ROOT)]
LIMIT = 60.0


def eventually(told: object, seconds: float = LIMIT) -> None:
    """Wait until a function returns true."""
    deadline = time.monotonic() + seconds
    while not told():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.005)


def dropped(folder: Path) -> list[tuple[int, int]]:
    """What the leaves say was dropped: how many, and why."""
    return [
        (entry.dropped.dropped_count, entry.dropped.reason)
        for entry in entries(folder)
        if entry.HasField("dropped")
    ]


def test_a_request_is_on_disk_when_logging_it_returns(tmp_path: Path) -> None:
    """Under checkpointed durability: a reader beside the writer sees it, signed for."""
    with logging(tmp_path) as log:
        for number in range(3):
            with log.request(f"r-{number}") as request:
                request.answer(0.25 * number, decision="approve", threshold=0.5)
            assert [each.request_id for each in inferences(tmp_path)] == [
                f"r-{each}" for each in range(number + 1)
            ]


def test_the_leaf_has_the_facts_and_the_side_record_the_person(tmp_path: Path) -> None:
    """What names or describes the person is in no leaf."""
    with logging(tmp_path) as log, log.request("r-1") as request:
        request.answer(0.41, decision="refer", threshold=0.5, confidence=0.59)
        request.with_features([1.5, 2.5])
        request.reason("Debts are high", code="R07", feature="obrat", contribution=-1.5)
        request.about(subject_id="case-4711", user="branch-12", endpoint="/v1/score/{id}")
        request.about(row_count=1, conversation_id="c-1")
    entry = entries(tmp_path)[2]
    record = entry.inference
    assert record.outcome == v1.INFERENCE_OUTCOME_ANSWERED
    assert record.model.name == "loan-approval"
    assert record.model.sha256 == bytes([101]) * 32
    assert record.model.prediction == v1.Prediction(
        number_value=0.41, decision="refer", threshold=0.5, confidence_rate=0.59
    )
    assert record.principal_reasons[0].code == "R07"
    assert (record.pipeline_sha256, record.training_data_sha256) == (b"p" * 32, b"t" * 32)
    assert record.input_kind == v1.FEATURE_KIND_TENSOR
    told = details(tmp_path)[0]
    assert told is not None
    assert (told.subject_id, told.user, told.conversation_id) == ("case-4711", "branch-12", "c-1")
    assert told.features.shape == [2]
    assert told.features.content not in entry.SerializeToString()
    assert b"4711" not in entry.SerializeToString()


def test_the_text_lines_are_those_of_the_leaves(tmp_path: Path) -> None:
    """What the fast way writes is what `line` makes of leaf and side record."""
    with logging(tmp_path) as log:
        for number in range(5):
            with log.request() as request:
                request.about(user='Zoë "x"', subject_id="case")
                request.answer(number)
    records, expected = SideRecords(tmp_path), []
    for index, leaf in LogFolder.open(tmp_path).leaves():
        entry = v1.LogEntry.FromString(leaf)
        if entry.HasField("inference"):
            side = records.read(index)
            assert side is not None
            expected.append(line(entry, leaf_hash(leaf), open_detail(entry, side)))
    assert (tmp_path / "access.log").read_bytes().splitlines() == expected
    assert len(expected) == 5


def test_a_request_that_raises_is_logged_as_failed_and_raises_still(tmp_path: Path) -> None:
    """With the class of the error, and without its message."""
    with logging(tmp_path) as log:
        with pytest.raises(ZeroDivisionError), log.request():
            raise ZeroDivisionError("applicant 4711")
        with pytest.raises(TimeoutError), log.request():
            raise TimeoutError
    failed, late = inferences(tmp_path)
    assert (failed.outcome, failed.error_kind) == (
        v1.INFERENCE_OUTCOME_FAILED,
        "ZeroDivisionError",
    )
    assert late.outcome == v1.INFERENCE_OUTCOME_TIMED_OUT
    assert b"applicant 4711" not in b"".join(
        path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()
    )


def test_threads_share_a_log_and_a_commit(tmp_path: Path) -> None:
    """Eight threads: each entry once, and far fewer checkpoints than entries."""

    def serve(number: int) -> None:
        for each in range(25):
            with log.request(f"r-{number}-{each}") as request:
                request.answer(each)

    with logging(tmp_path) as log:
        threads = [threading.Thread(target=serve, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert log.counters()["accepted"] == log.counters()["settled"] == 201
    assert {each.request_id for each in inferences(tmp_path)} == {
        f"r-{number}-{each}" for number in range(8) for each in range(25)
    }


def test_coroutines_wait_without_holding_up_their_loop(tmp_path: Path) -> None:
    """A hundred at once, of two loops."""

    async def one(number: int) -> None:
        request = log.begin(f"r-{number}")
        await log.log_async(request)

    async def many(start: int) -> None:
        await asyncio.gather(*(one(number) for number in range(start, start + 50)))

    with logging(tmp_path) as log:
        asyncio.run(many(0))
        asyncio.run(many(50))
    assert len({each.request_id for each in inferences(tmp_path)}) == 100


def test_a_full_queue_drops_and_the_log_says_so_before_anything_else(tmp_path: Path) -> None:
    """The count in the leaf is the count in the counters."""
    with logging(tmp_path, durability=buffered(5), queue=queue(10, drop=True)) as log:
        with side_lock(str(tmp_path)):
            for number in range(60):
                with log.request(f"r-{number}") as request:
                    request.about(subject_id="x")
            lost = log.counters()["dropped_queue_full"]
            assert log.counters()["waiting"] == 10
            assert lost == 50
        eventually(lambda: log.counters()["waiting"] == 0)
        with log.request("last") as request:
            request.about(subject_id="x")
    assert dropped(tmp_path) == [(50, v1.ENTRY_DROP_REASON_QUEUE_FULL)]
    made = entries(tmp_path)
    kinds = [entry.WhichOneof("event") for entry in made]
    assert kinds.count("inference") == 11
    assert kinds.index("dropped") < len(kinds) - 1
    assert made[-1].inference.request_id == "last"


def test_a_full_queue_makes_requests_wait(tmp_path: Path) -> None:
    """Nothing is lost, and nobody is told otherwise."""
    with logging(tmp_path, durability=buffered(60, 5), queue=queue(1000)) as log:
        with side_lock(str(tmp_path)):
            threads = [
                threading.Thread(target=lambda: log.log(log.begin()), daemon=True)
                for _ in range(12)
            ]
            with log.request() as request:
                request.about(subject_id="x")
            for thread in threads:
                thread.start()
            eventually(lambda: log.counters()["waiting"] == 5)
            time.sleep(0.05)
            # No more may be at stake than the log declares, whatever the queue could hold.
            assert log.counters()["waiting"] == 5
        for thread in threads:
            thread.join(LIMIT)
    assert len(inferences(tmp_path)) == 13


def test_no_entry_joins_while_the_oldest_is_longer_on_its_way_than_declared(tmp_path: Path) -> None:
    """A disk that hangs must not let more time be at stake than the log says."""
    with (
        logging(tmp_path, durability=buffered(0.1, 500), queue=queue(500, drop=True)) as log,
        side_lock(str(tmp_path)),
    ):
        with log.request() as request:
            request.about(subject_id="x")
        time.sleep(0.15)
        with log.request():
            pass
        assert log.counters()["dropped_queue_full"] == 1
    assert dropped(tmp_path) == [(1, v1.ENTRY_DROP_REASON_QUEUE_FULL)]


def test_a_request_fails_clearly_when_the_disk_takes_too_long(tmp_path: Path) -> None:
    """Within the time that the durability allows, in threads and in coroutines."""
    durability = v1.LogDurability()
    durability.CopyFrom(CHECKPOINTED)
    durability.checkpointed.max_wait_duration.FromMilliseconds(50)
    with logging(tmp_path, durability=durability) as log, side_lock(str(tmp_path)):
        request = log.begin()
        request.about(subject_id="x")
        with pytest.raises(StoreError) as caught:
            log.log(request)
        assert caught.value.id == "log.wait"
        with pytest.raises(StoreError) as caught:
            asyncio.run(log.log_async(log.begin()))
        assert caught.value.id == "log.wait"
    assert len(inferences(tmp_path)) == 2


class MoodySigner:
    """A key service that does not answer for a while."""

    def __init__(self) -> None:
        self.keyid, self.public = SIGNER.keyid, SIGNER.public
        self.refusals = 0

    def sign(self, data: bytes) -> bytes:
        """Sign, or not."""
        if self.refusals:
            self.refusals -= 1
            raise SigningError("must be reachable")
        return SIGNER.sign(data)


def test_a_signer_that_fails_for_a_while_loses_nothing(tmp_path: Path) -> None:
    """The commit is tried again until it holds; the request waits for it."""
    signer = MoodySigner()
    with logging(tmp_path, signer=signer) as log:
        signer.refusals = 3
        with log.request("r-1") as request:
            request.about(subject_id="x")
        assert log.counters()["disk_faults"] == 3
    assert [each.request_id for each in inferences(tmp_path)] == ["r-1"]
    assert len(details(tmp_path)) == 1


def test_closing_does_not_wait_for_ever_and_counts_what_it_gives_up(tmp_path: Path) -> None:
    """Whoever waits for the disk is told, and whoever comes later too."""
    signer = MoodySigner()
    log = RequestLogger.open(
        tmp_path,
        origin=ORIGIN,
        signer=signer,
        deployment=deployment(),
        durability=buffered(60),
        queue=queue(),
        patience=0.05,
    )
    signer.refusals = 10**9
    with log.request():
        pass
    with pytest.raises(MLSpecError) as caught:
        log.close()
    assert caught.value.id == SigningError.default_id
    assert log.counters()["dropped_write_failed"] == 1
    assert log.counters()["waiting"] == 0
    with pytest.raises(MLSpecError):
        log.log(log.begin())


def test_closing_writes_all_that_waits(tmp_path: Path) -> None:
    """A window of a minute is no reason to lose what it holds."""
    with logging(tmp_path, durability=buffered(60, 1000)) as log:
        for _ in range(50):
            with log.request():
                pass
    log.close()
    with pytest.raises(StateError):
        log.log(log.begin())
    with pytest.raises(StateError):
        asyncio.run(log.log_async(log.begin()))
    # What came too late is in no log, but it is counted.
    assert log.counters()["dropped_write_failed"] == 2
    assert len(inferences(tmp_path)) == 50


def test_a_buffered_entry_is_on_disk_within_the_window(tmp_path: Path) -> None:
    """Without anything else happening."""
    with logging(tmp_path, durability=buffered(5)) as log:
        with log.request("r-1"):
            pass
        eventually(lambda: len(inferences(tmp_path)) == 1, 5)


def test_requests_name_the_deployment_that_they_began_under(tmp_path: Path) -> None:
    """One that ends after the change is logged under the old one, and the new one comes back."""
    with logging(tmp_path) as log:
        late, later = log.begin("late"), log.begin("later")
        with log.request("before"):
            pass
        log.announce(deployment(2))
        with log.request("after"):
            pass
        log.log(late)
        with log.request("again"):
            pass
        log.log(later)
        log.announce(deployment(2, v1.DEPLOYMENT_CHANGE_KIND_ENDED))
        with pytest.raises(StateError):
            log.begin()
    made = entries(tmp_path)
    assert {each.inference.request_id: each.inference.model.version for each in made} == {
        "": "",
        "before": "1",
        "after": "2",
        "late": "1",
        "again": "2",
        "later": "1",
    }
    changes = [each.deployment_change for each in made if each.HasField("deployment_change")]
    kinds = [change.kind for change in changes]
    assert kinds[0] == v1.DEPLOYMENT_CHANGE_KIND_STARTED
    assert kinds[-1] == v1.DEPLOYMENT_CHANGE_KIND_ENDED
    assert kinds.count(v1.DEPLOYMENT_CHANGE_KIND_TRAFFIC_MOVED) == 4
    assert not changes[0].HasField("previous_deployment")
    assert changes[1].previous_deployment == changes[0].deployment


def test_many_threads_and_many_roll_outs_keep_the_log_in_order(tmp_path: Path) -> None:
    """Each request names the deployment of the last change before it; `entries` checks that."""
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            with log.request():
                time.sleep(0.001)

    with logging(tmp_path, durability=buffered(0.2, 1000)) as log:
        threads = [threading.Thread(target=serve) for _ in range(6)]
        for thread in threads:
            thread.start()
        for number in range(2, 12):
            log.announce(deployment(number))
        stop.set()
        for thread in threads:
            thread.join()
    versions = {each.model.version for each in inferences(tmp_path)}
    assert versions >= {"1", "11"} or len(versions) > 3


def test_another_model_of_the_deployment_can_answer_and_no_other(tmp_path: Path) -> None:
    """A model that was not announced is no answer of this deployment."""
    with logging(tmp_path) as log, log.request() as request:
        with pytest.raises(UsageError) as caught:
            request.answered_by("loan-approval", "7")
        assert caught.value.id == "log.deployment.model"
        request.answered_by("loan-canary", "1")
    assert inferences(tmp_path)[0].model.name == "loan-canary"


def test_feedback_is_a_leaf_and_its_words_can_be_erased(tmp_path: Path) -> None:
    """Ground truth stays; the comment is in the side record, and goes with the request's."""
    with logging(tmp_path) as log:
        with log.request("r-1") as request:
            request.about(subject_id="anna-4711")
        log.feedback(
            "r-1",
            detail=v1.RequestDetail(comment="anna-4711 called"),
            source=v1.FEEDBACK_SOURCE_OPERATOR,
            ground_truth=v1.GroundTruth(bool_value=True),
        )
        log.feedback("r-1", usefulness_rate=0.5)
        with pytest.raises(ValidationError):
            log.feedback("r-1")
        with pytest.raises(ValidationError):
            log.feedback("r-1", usefulness_rate=2.0)
        with pytest.raises(UsageError):
            log.feedback("r-1", colour="green")
        erased = erase(
            tmp_path,
            LogFolder.open(tmp_path),
            person=Person(subject_ids=frozenset({"anna-4711"})),
        )
        assert erased.indexes == (2, 3)
    made = [entry.feedback for entry in entries(tmp_path) if entry.HasField("feedback")]
    assert made[0].ground_truth.bool_value
    assert made[0].HasField("side_hmac_sha256")
    assert not made[1].HasField("side_hmac_sha256")
    traces = [p for p in tmp_path.rglob("*") if p.is_file() and b"anna-4711" in p.read_bytes()]
    assert traces == []


def test_a_person_is_erased_while_requests_are_logged(tmp_path: Path) -> None:
    """No trace of them in any file, everybody else's side records open, and the tree holds."""
    anna, boris = "canary-anna", "applicant-boris"
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            for subject in (anna, boris):
                with log.request() as request:
                    request.about(subject_id=subject, user=f"user-of-{subject}")

    def forget() -> int:
        person = Person(subject_ids=frozenset({anna}))
        return len(erase(tmp_path, LogFolder.open(tmp_path), person=person).indexes)

    with logging(tmp_path, durability=buffered(0.4, 500), text_bytes=20_000) as log:
        threads = [threading.Thread(target=serve) for _ in range(3)]
        for thread in threads:
            thread.start()
        eventually(lambda: forget() and len(SideRecords(tmp_path).erased()) > 300, 60)
        stop.set()
        for thread in threads:
            thread.join()
        log.flush()
        forget()
        # A line is written after its entry: of what was erased in between, none may follow.
        log.flush()
    marks = [p for p in tmp_path.rglob("*") if p.is_file() and anna.encode() in p.read_bytes()]
    assert marks == []
    told = details(tmp_path)
    assert len(told) == 2 * sum(each is not None for each in told)
    assert {each.subject_id for each in told if each is not None} == {boris}
    assert len(SideRecords(tmp_path).erased()) == sum(each is None for each in told)
    text = b"".join(p.read_bytes() for p in tmp_path.glob("access.log*"))
    assert text.count(b"user-of-" + boris.encode()) == len(told) // 2


def test_what_expired_is_pruned_with_all_that_stands_beside_it(tmp_path: Path) -> None:
    """Leaves, side records and lines of whole bundles go; what stays is proven as before."""
    with logging(tmp_path, durability=buffered(5, 100), text_bytes=20_000) as log:
        for number in range(600):
            if number == 300:
                log.announce(deployment(2))
            with log.request() as request:
                request.about(user=f"user-{number:03}-end")
        log.flush()
        # The deployment that answered the first request that stays has to stay as well.
        assert log.prune(512) == 256
        with log.request() as request:
            request.about(user="user-after-end")
    # Two leaves come first: the opening, and what answers.
    kept = range(254, 600)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    text = b"".join(path.read_bytes() for path in tmp_path.glob("access.log*"))
    for number in range(600):
        marked = b"user-%03d-end" % number
        assert any(marked in data for data in files) == (marked in text) == (number in kept)
    assert b"user-after-end" in text
    assert verify_log(tmp_path, NoteKey(ORIGIN, NoteKeyKind.LOG, SIGNER.public)).exit_code == 0


def test_what_describes_persons_is_not_for_everybody(tmp_path: Path) -> None:
    """Owner and group read side records and lines, and nobody else."""
    with logging(tmp_path) as log, log.request() as request:
        request.about(user="anna")
    for path in (tmp_path / "side/000", tmp_path / "access.log"):
        assert path.stat().st_mode & 0o007 == 0


def test_the_opening_declares_durability_and_queue(tmp_path: Path) -> None:
    """They stand in the log's first leaf, as the logger keeps them."""
    with logging(tmp_path, durability=buffered(3, 70), queue=queue(90, drop=True)):
        pass
    opened = entries(tmp_path)[0].opened
    assert opened.durability == buffered(3, 70)
    assert opened.queue == queue(90, drop=True)


def test_a_restart_goes_on_and_mends_the_lines(tmp_path: Path) -> None:
    """Torn and missing lines come back from the log, those of erased requests do not."""
    with logging(tmp_path) as log:
        for number in range(10):
            with log.request(f"r-{number}") as request:
                request.about(subject_id=f"case-{number}", user="u")
    whole = (tmp_path / "access.log").read_bytes()
    lines = whole.splitlines(keepends=True)
    erase(tmp_path, indexes=[11])
    (tmp_path / "access.log").write_bytes(b"".join(lines[:4]) + lines[4][:40])
    with logging(tmp_path) as log, log.request("r-10"):
        pass
    again = (tmp_path / "access.log").read_bytes().splitlines(keepends=True)
    assert again[:9] == lines[:9]
    assert len(again) == 10
    assert b'request_id="r-10"' in again[9]


def test_lines_are_rotated_and_a_restart_knows_where_they_ended(tmp_path: Path) -> None:
    """No line twice, and none lost."""
    for start in (0, 10):
        with logging(tmp_path, text_bytes=3000) as log:
            for number in range(start, start + 10):
                with log.request(f"r-{number}"):
                    pass
    names = sorted(path.name for path in tmp_path.glob("access.log*"))
    assert len(names) > 2
    text = b"".join((tmp_path / name).read_bytes() for name in names)
    assert sorted(text.count(b'request_id="r-%d"' % number) for number in range(20)) == [1] * 20


def test_without_text_there_is_no_file_of_lines(tmp_path: Path) -> None:
    """Who does not want a view has none."""
    with logging(tmp_path, text_bytes=0) as log, log.request():
        pass
    assert not list(tmp_path.glob("access.log*"))


def test_lines_that_were_put_away_by_another_program_are_not_written_again(tmp_path: Path) -> None:
    """A restart then begins a new file."""
    for number in range(2):
        with logging(tmp_path) as log, log.request(f"r-{number}"):
            pass
        if not number:
            (tmp_path / "access.log").rename(tmp_path / "access.log-20261125")
    assert b'request_id="r-0"' not in (tmp_path / "access.log").read_bytes()


def test_an_erased_request_whose_line_is_still_on_its_way_gets_none(tmp_path: Path) -> None:
    """The side record is there before the line: erasing in between must not be undone."""
    with logging(tmp_path) as log:
        real = log._pump._write_lines

        def erase_first() -> None:
            if any(index == 2 for index, _ in log._pump._entering.lines):
                erase(tmp_path, indexes=[2])
            real()

        log._pump._write_lines = erase_first  # type: ignore[method-assign]
        for number in range(2):
            with log.request(f"r-{number}") as request:
                request.about(subject_id="case")
    text = (tmp_path / "access.log").read_bytes()
    assert b"r-0" not in text
    assert b"r-1" in text


def test_what_is_too_large_for_a_side_record_is_refused_where_it_is_given(tmp_path: Path) -> None:
    """The application hears of it, and the rest of the request is logged."""
    big = v1.RequestContent(content=b"x" * 500_000)
    with logging(tmp_path) as log, log.request() as request:
        request.add_to_side(v1.RequestDetail(inputs=[big]))
        with pytest.raises(LimitError):
            request.add_to_side(v1.RequestDetail(outputs=[big]))
    told = details(tmp_path)[0]
    assert told is not None
    assert (len(told.inputs), len(told.outputs)) == (1, 0)


SERVER = """
import sys
from pathlib import Path
from mlspec.sealing import load_private_key
from tests.unit.requestlog.requests.serving import CHECKPOINTED, buffered, logging
durability = CHECKPOINTED if sys.argv[2] == "checkpointed" else buffered(0.2, 50)
with logging(Path(sys.argv[1]), durability=durability, signer=load_private_key(sys.argv[3])) as log:
    number = 0
    while True:
        with log.request(f"r-{number}") as request:
            request.about(subject_id="case")
        print(number, flush=True)
        number += 1
"""


@pytest.mark.parametrize("mode", ["checkpointed", "buffered"])
def test_a_killed_server_loses_no_more_than_it_declared(tmp_path: Path, mode: str) -> None:
    """Nothing that was acknowledged, or at most the window; and the log goes on afterwards."""
    key, folder = tmp_path / "key.pem", tmp_path / "log"
    write_private_key(SIGNER, key, None)
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, folder, mode, key],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PATHS)},
    )
    assert server.stdout is not None
    acknowledged = [int(server.stdout.readline()) for _ in range(120)][-1]
    server.kill()
    rest = server.communicate()[0].split()
    acknowledged = int(rest[-1]) if rest else acknowledged
    with logging(folder) as log, log.request("after"):
        pass
    found = [each.request_id for each in inferences(folder)]
    kept = len(found) - 1
    assert found == [*(f"r-{number}" for number in range(kept)), "after"]
    assert kept >= acknowledged + 1 - (0 if mode == "checkpointed" else 50)
    assert all(told is not None for told in details(folder)[:-1])
    lines = (folder / "access.log").read_bytes().splitlines()
    assert len(lines) == len(found)
