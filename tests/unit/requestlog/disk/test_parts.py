"""The parts of a writer: leaves are what protobuf encodes, and growth is the tree that it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import v1
from mlspec.errors import DecodeError, InputError
from mlspec.requestlog import MAX_SIZE, Tile, leaf_hash
from mlspec.requestlog.disk.durability import MOST_ENTRIES, Window
from mlspec.requestlog.disk.growth import Growth
from mlspec.requestlog.disk.layout import partials_path, side_path
from mlspec.requestlog.disk.leaves import LeafMaker, event_bytes, require_event
from mlspec.requestlog.tiles import tile_bytes, tiles_between
from tests.unit.requestlog import logs
from tests.unit.requestlog.disk.folders import CHECKPOINTED, ORIGIN, buffered, entry

EDGES = [0, 1, 127, 128, 255, 256, 16_383, 16_384, 2**21 - 1, 2**21, MAX_SIZE]


@settings(max_examples=200)
@given(st.lists(st.one_of(st.sampled_from(EDGES), st.integers(0, MAX_SIZE)), max_size=6))
def test_a_leaf_is_what_protobuf_encodes(numbers: list[int]) -> None:
    """At every number, in whatever order: field by field, lowest number first."""
    maker = LeafMaker(ORIGIN)
    for number in numbers:
        made = entry()
        made.origin, made.sequence_number, made.nonce = ORIGIN, number, bytes(range(16))
        leaf = maker.make(number, event_bytes(made), made.nonce)
        assert leaf == made.SerializeToString()


@given(st.integers(0, 40_000))
def test_an_event_of_any_length_is_one(length: int) -> None:
    """And with a byte more or less it is none."""
    event = v1.LogEntry(inference=v1.InferenceRecord(request_id="x" * length)).SerializeToString()
    require_event(event)
    for wrong in (event + b"\0", event[:-1], event[1:], b"\0" + event):
        with pytest.raises(DecodeError):
            require_event(wrong)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_event_or_an_error_of_ours(data: bytes) -> None:
    """What passes parses as fields of an entry that has nothing else."""
    try:
        require_event(data)
    except DecodeError:
        return
    assert data[0] >> 3 in range(4, 11)


def test_an_entry_without_an_event_has_no_bytes() -> None:
    """There is nothing to log."""
    with pytest.raises(InputError) as caught:
        event_bytes(v1.LogEntry(origin=ORIGIN))
    assert caught.value.id == "log.event"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=5))
def test_growth_gives_the_tiles_and_roots_of_the_tree(steps: list[int]) -> None:
    """However many leaves each commit has, and also when it is taken up again from its edge."""
    growth = Growth(0, (), [()] * 8)
    size = 0
    for step in steps:
        for number in range(size, size + step):
            growth.append(leaf_hash(logs.leaf(number)))
        grown = growth.grown()
        memory = logs.tree(size + step)
        assert (grown.size, grown.root) == (size + step, logs.root(size + step))
        assert [tile for tile, _ in grown.tiles] == list(tiles_between(size, size + step))
        for tile, data in grown.tiles:
            places = range(tile.index * 256, tile.index * 256 + tile.width)
            assert data == tile_bytes([memory.node(8 * tile.level, at) for at in places])
        growth.commit(size + step)
        size += step


def test_a_commit_of_less_than_there_is_keeps_the_rest() -> None:
    """Entries go on coming while a commit writes."""
    growth = Growth(0, (), [()] * 8)
    for number in range(300):
        growth.append(leaf_hash(logs.leaf(number)))
    growth.commit(280)
    assert [tile for tile, _ in growth.grown().tiles] == [Tile(0, 1, 44)]
    assert growth.root() == logs.root(300)


def test_windows_are_what_the_modes_declare() -> None:
    """A window larger than memory is smaller all the same."""
    assert Window.of(buffered(0.5, 7)) == Window(7, 0.5)
    assert Window.of(buffered(0.5, 10**9)).entries == MOST_ENTRIES
    assert Window.of(CHECKPOINTED) == Window()
    waiting = v1.LogDurability()
    waiting.checkpointed.max_wait_duration.FromMilliseconds(250)
    assert Window.of(waiting).wait_seconds == 0.25


def test_paths_beside_bundles_are_spelled_as_they_are() -> None:
    """Three digits a part."""
    assert side_path(0) == "side/000"
    assert side_path(1234067) == "side/x001/x234/067"
    assert partials_path(-1, 12) == "tile/entries/012.p"
