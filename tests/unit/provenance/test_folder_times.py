"""A record log in its folder shows which record came first, and when outsiders saw it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlspec.errors import UntrustedError
from mlspec.provenance import Verdict
from mlspec.provenance.folder_times import FolderTimes
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.keeping import keep_checkpoint
from mlspec.requestlog.record_log import RecordLog
from mlspec.sealing import TrustPolicy
from tests.unit.provenance.told import look
from tests.unit.requestlog import record_logs
from tests.unit.requestlog.logs import ANNA, BORIS, cosigned
from tools.vectors.provenance.story import Story, tell

SEEN = datetime(2024, 12, 2, 9, 0, tzinfo=UTC)
STORY = tell()


def write(
    folder: Path, names: Iterable[str], *, seen_after: str | None, story: Story = STORY
) -> FolderTimes:
    """Log records by name; witnesses see the log after one of them. Return what it proves."""
    place, signer = folder / "records", record_logs.SIGNER
    with RecordLog.open(place, origin=record_logs.ORIGIN, signer=signer) as log:
        for name in names:
            log.add(story.ref(name))
            if name == seen_after:
                note = log.checkpoint.note.to_bytes()
                for witness in (ANNA, BORIS):
                    note = cosigned(note, witness, int(SEEN.timestamp()))
                keep_checkpoint(place, note)
    return FolderTimes(place, record_logs.trust())


def test_an_outsider_saw_the_objectives_first(tmp_path: Path) -> None:
    """Then they were fixed beforehand, and the time is the witnesses'."""
    times = write(tmp_path, ["objectives", "evaluate"], seen_after="objectives")
    objectives, evaluation = STORY.sha256("objectives"), STORY.sha256("evaluate")
    assert times.before(objectives, evaluation) is True
    assert times.before(evaluation, objectives) is False
    assert times.seen_before(objectives, evaluation)
    assert times.time_of(objectives) == SEEN
    assert times.time_of(evaluation) is None
    (found,) = look(STORY, times=times).of("objectives.fixed_beforehand")
    assert found.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("names", "seen_after", "order"),
    [
        (["objectives", "evaluate"], "evaluate", True),
        (["objectives", "evaluate"], None, True),
        (["evaluate", "objectives"], "evaluate", False),
        (["evaluate"], "evaluate", None),
    ],
)
def test_an_order_that_no_outsider_saw_in_time_fixes_nothing(
    tmp_path: Path, names: list[str], seen_after: str | None, order: bool | None
) -> None:
    """Whoever holds the log's key writes its leaves in any order."""
    times = write(tmp_path, names, seen_after=seen_after)
    objectives, evaluation = STORY.sha256("objectives"), STORY.sha256("evaluate")
    assert times.before(objectives, evaluation) is order
    assert not times.seen_before(objectives, evaluation)
    (found,) = look(STORY, times=times).of("objectives.fixed_beforehand")
    wanted = "objectives.fixed_afterwards" if order is False else "objectives.time"
    assert found.id == wanted


def test_l1_an_altered_leaf_proves_nothing(tmp_path: Path) -> None:
    """Its place does not lead to the root, whatever else the log shows."""
    times = write(tmp_path, ["objectives", "evaluate"], seen_after="objectives")
    assert times.seen_before(STORY.sha256("objectives"), STORY.sha256("evaluate"))
    bundles = (tmp_path / "records").glob("tile/entries/000.p/*")
    bundle = max(bundles, key=lambda path: int(path.name))
    data = bytearray(bundle.read_bytes())
    data[data.index(STORY.sha256("evaluate")) + 1] ^= 1
    bundle.write_bytes(data)
    altered = FolderTimes(tmp_path / "records", record_logs.trust())
    assert altered.before(STORY.sha256("objectives"), STORY.sha256("evaluate")) is None
    assert not altered.seen_before(STORY.sha256("objectives"), STORY.sha256("evaluate"))
    changed = bytearray(STORY.sha256("evaluate"))
    changed[1] ^= 1
    assert altered.before(STORY.sha256("objectives"), bytes(changed)) is None


def test_a_kept_checkpoint_of_another_history_is_passed_over(tmp_path: Path) -> None:
    """The newest checkpoint does not extend it, so nothing that it covers is known to be first."""
    write(tmp_path / "one", ["train", "objectives"], seen_after="objectives")
    write(tmp_path / "other", ["objectives", "evaluate", "test"], seen_after=None)
    forked, shown = tmp_path / "one" / "records", tmp_path / "other" / "records"
    for kept in forked.glob("checkpoints/*"):
        (shown / "checkpoints").mkdir(exist_ok=True)
        (shown / "checkpoints" / kept.name).write_bytes(kept.read_bytes())
    times = FolderTimes(shown, record_logs.trust())
    assert LogFolder.open(shown).kept_sizes() == (3,)
    assert not times.seen_before(STORY.sha256("objectives"), STORY.sha256("test"))
    assert times.before(STORY.sha256("objectives"), STORY.sha256("test")) is True


def test_a_log_that_nobody_believes_is_refused(tmp_path: Path) -> None:
    """The trust file has to name it."""
    write(tmp_path, ["objectives"], seen_after=None)
    message = record_logs.draft()
    del message.logs[:]
    with pytest.raises(UntrustedError) as caught:
        FolderTimes(tmp_path / "records", TrustPolicy(message))
    assert caught.value.id == "trust.unknown_log"


def test_a_log_counts_only_for_its_namespaces(tmp_path: Path) -> None:
    """What it shows of a record of another namespace is no order and no time."""
    times = write(tmp_path, ["objectives", "evaluate"], seen_after="objectives")
    message = record_logs.draft()
    message.logs[0].namespace_globs[:] = ["cards"]
    elsewhere = FolderTimes(tmp_path / "records", TrustPolicy(message))
    (found,) = look(STORY, times=times).of("objectives.fixed_beforehand")
    (other,) = look(STORY, times=elsewhere).of("objectives.fixed_beforehand")
    assert (found.verdict, other.verdict) == (Verdict.PASS, Verdict.NOT_PROVEN)
    assert elsewhere.time_of(STORY.sha256("objectives")) == SEEN
    assert elsewhere.time_of(STORY.sha256("objectives"), "loans") is None


def test_c8_a_log_of_other_namespaces_does_not_save_a_lapsed_key(tmp_path: Path) -> None:
    """Its time is not proven for the record, so the key is judged now."""
    story = tell(signers={"ingest": ("leaver",)})
    later = datetime(2025, 3, 1, tzinfo=UTC)
    times = write(tmp_path, ["ingest"], seen_after="ingest", story=story)
    message = record_logs.draft()
    message.logs[0].namespace_globs[:] = ["cards"]
    elsewhere = FolderTimes(tmp_path / "records", TrustPolicy(message))
    (found,) = look(story, at=later, times=times).of("record.verified")
    (other,) = look(story, at=later, times=elsewhere).of("record.verified")
    assert (found.verdict, found.id) == (Verdict.PASS, "")
    assert (other.verdict, other.id) == (Verdict.FAIL, "signature.lapsed")
