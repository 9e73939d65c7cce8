"""A program that writes a log and says what it was promised, until it is killed."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

from mlspec import v1
from mlspec.requestlog.disk import Appended, LogWriter
from tests.kill.log_recording import RecordingFiles
from tests.unit.requestlog.disk.folders import buffered, entry, open_log

WINDOW_SECONDS = 0.25
WINDOW_ENTRIES = 40
CHECKPOINTED = v1.LogDurability(checkpointed=v1.CheckpointedDurability())
BUFFERED = buffered(WINDOW_SECONDS, WINDOW_ENTRIES)
PER_OPENING = 60
THREADS = 3


def side_of(number: int) -> v1.SideRecord:
    """The side record of an entry."""
    return v1.SideRecord(salt=bytes(32), content=b"somebody %d" % number)


def write_log(
    folder: Path, durability: v1.LogDurability, output: int, chance: random.Random
) -> None:
    """Append for ever; say on `output` what is acknowledged, and each checkpoint that was seen.

    The log is closed and opened now and then, and every third entry has a side record.
    """
    while True:
        with open_log(folder, durability=durability) as writer:
            _say(output, _checkpoint_line(writer))
            if durability.HasField("buffered"):
                for _ in range(PER_OPENING):
                    _say(output, _entry_line(_append(writer)))
                    time.sleep(chance.random() * 0.002 if chance.random() < 1 / 2 else 0)
            else:
                threads = [
                    threading.Thread(target=_work, args=(writer, output)) for _ in range(THREADS)
                ]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()


def write_a_while(
    files: RecordingFiles, durability: v1.LogDurability, chance: random.Random
) -> None:
    """Write a log of about a thousand entries, in some openings; every third has a side record.

    Commits are of one entry or of many, so that tiles are filled and left partial.
    """
    folder = Path(files.root)
    for _ in range(4):
        with open_log(folder, durability=durability, files=files) as writer:
            files.say(_checkpoint_line(writer))
            for _ in range(6):
                count = chance.choice((1, 1, 2, 5, 90))
                appended = [_append(writer) for _ in range(count)]
                if durability.HasField("checkpointed"):
                    writer.commit()
                for each in appended:
                    files.say(_entry_line(each))
                files.say(_checkpoint_line(writer))


def _work(writer: LogWriter, output: int) -> None:
    for _ in range(PER_OPENING // THREADS):
        appended = _append(writer)
        writer.commit()
        _say(output, _entry_line(appended))
        _say(output, _checkpoint_line(writer))


def _append(writer: LogWriter) -> Appended:
    number = writer.size
    return writer.append(entry(number), side=side_of(number) if number % 3 == 0 else None)


def _say(output: int, line: str) -> None:
    os.write(output, line.encode())


def _entry_line(appended: Appended) -> str:
    return f"entry {appended.index} {appended.leaf_hash.hex()} {time.monotonic()}\n"


def _checkpoint_line(writer: LogWriter) -> str:
    return f"checkpoint {writer.checkpoint.note.to_bytes().hex()}\n"


if __name__ == "__main__":
    import sys

    with open_log(Path(sys.argv[1])) as log:
        for count in (1, 1, 3, 1, 250, 1, 2, 300, 1, 1, 1, 1):
            for _ in range(count):
                _append(log)
            log.commit()
            _say(1, f"{log.size}\n")
