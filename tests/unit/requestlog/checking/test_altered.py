"""Whatever is done to the files of a log, it does not go on to hold, and no foreign error comes."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.requestlog.checking import Verdict, verify_log
from tests.unit.requestlog.checking import folders
from tests.unit.requestlog.logs import KEY
from tests.unit.samples import attempt


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, ...]]:
    """A log that holds, with side records, and the names of its files."""
    place = tmp_path_factory.mktemp("whole") / "log"
    folders.write(place, folders.with_sides(place, folders.plain(300), range(2, 300, 7)))
    folders.check(place)
    names = (str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
    return place, tuple(sorted(names))


OPERATIONS = st.one_of(
    st.tuples(st.just("flip"), st.floats(0, 1, exclude_max=True), st.integers(1, 255)),
    st.tuples(st.just("cut"), st.floats(0, 1, exclude_max=True), st.just(0)),
    st.tuples(st.just("insert"), st.floats(0, 1), st.integers(0, 255)),
    st.tuples(st.just("swap"), st.floats(0, 1, exclude_max=True), st.integers(1, 200)),
    st.tuples(st.just("remove"), st.just(0.0), st.just(0)),
)


def alter(data: bytes, operation: tuple[str, float, int]) -> bytes | None:
    """Return other bytes; None: no file."""
    what, where, value = operation
    at = int(where * len(data))
    if what == "flip":
        return data[:at] + bytes([data[at] ^ value]) + data[at + 1 :]
    if what == "cut":
        return data[:at]
    if what == "insert":
        return data[:at] + bytes([value]) + data[at:]
    if what == "swap":
        middle = data[at : at + value]
        rest = data[at + value : at + 2 * value]
        return data[:at] + rest + middle + data[at + 2 * value :]
    return None


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_l1_nothing_altered_holds(whole: tuple[Path, tuple[str, ...]], data: st.DataObject) -> None:
    """Flipped, cut, spliced, reordered or removed: it fails, or is refused by an error of ours."""
    place, names = whole
    name = data.draw(st.sampled_from(names))
    before = (place / name).read_bytes()
    after = alter(before, data.draw(OPERATIONS))
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copytree(place, Path(scratch) / "log"))
        if after is None:
            (copy / name).unlink()
        else:
            (copy / name).write_bytes(after)
        report = attempt(lambda: verify_log(copy, KEY))
    if isinstance(report, Exception) or report.exit_code == 1:
        return
    # Side records may be gone, and so may be the torn end of them: that is how erasing looks.
    assert after == before or name.startswith("side/")
    assert all(line.verdict is not Verdict.FAIL for line in report.lines)
    (root,) = report.of("log.root")
    assert root.verdict is Verdict.PASS
