"""Tiles have one path and one content each."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.errors import DecodeError, LimitError, MLSpecError, UsageError, VerificationError
from mlspec.requestlog import (
    MAX_LEAF,
    MAX_SIZE,
    Tile,
    TileTree,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    tree_root,
)
from mlspec.requestlog.tiles import (
    ENTRIES,
    MAX_BUNDLE,
    bundle_bytes,
    bundle_entries,
    bundles_between,
    tile_bytes,
    tile_hashes,
    tile_root,
    tiles_between,
    verify_bundle,
)
from tests.unit.requestlog import logs

PATHS = {
    "tile/0/000": Tile(0, 0),
    "tile/1/x001/x234/067": Tile(1, 1234067),
    "tile/0/999.p/1": Tile(0, 999, 1),
    "tile/2/x001/000.p/255": Tile(2, 1000, 255),
    "tile/entries/x273/112.p/112": Tile(ENTRIES, 273112, 112),
}


@pytest.mark.parametrize(("path", "tile"), PATHS.items())
def test_paths_are_those_of_the_standard(path: str, tile: Tile) -> None:
    """Three digits a part, an x before all but the last."""
    assert tile.path == path
    assert Tile.from_path(path) == tile


@given(st.integers(0, 2**40), st.integers(1, 256), st.sampled_from([ENTRIES, 0, 1]))
def test_every_path_reads_back(index: int, width: int, level: int) -> None:
    """Whatever the tile."""
    tile = Tile(level, index, width)
    assert Tile.from_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/tile/0/000",
        "tile/00/000",
        "tile/0/0",
        "tile/0/x000/001",
        "tile/0/001/x000",
        "tile/0/x001/x002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/007",
        "tile/0/000\n",
        "tile/-1/000",
        "tile/8/000",
        "tile/64/000",
        "tile/data/000",
        "tile/0/../000",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/" + "x999/" * 7 + "999",
        "tile/0/" + "x999/" * 7000 + "999",
    ],
)
def test_other_paths_are_refused(path: str) -> None:
    """A second spelling, or a tile that no log can have."""
    with pytest.raises(DecodeError) as caught:
        Tile.from_path(path)
    assert caught.value.id == "tile.path"


@given(st.text(max_size=40))
def test_any_text_is_a_path_or_an_error_of_ours(text: str) -> None:
    """And a path is the tile's own."""
    try:
        made = Tile.from_path(text)
    except MLSpecError:
        return
    assert made.path == text


def test_the_tiles_of_a_tree_are_those_of_the_standard() -> None:
    """The example of tlog-tiles: 70,000 leaves; and 256, which need a second level."""
    tiles = list(tiles_between(0, 70_000))
    assert [(t.level, t.index, t.width) for t in tiles if t.width < 256] == [
        (0, 273, 112),
        (1, 1, 17),
        (2, 0, 1),
    ]
    assert len(tiles) == 273 + 1 + 1 + 1 + 1
    assert list(tiles_between(0, 256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_between(0, 0)) == []
    assert list(bundles_between(250, 257)) == [Tile(ENTRIES, 0), Tile(ENTRIES, 1, 1)]
    for sizes in ((2, 1), (-1, 1), (0, MAX_SIZE + 1)):
        with pytest.raises(UsageError):
            list(tiles_between(*sizes))


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_growth_writes_what_is_new_and_nothing_else(first: int, second: int) -> None:
    """The tiles of the larger tree that the smaller one has not."""
    old, new = sorted((first, second))
    before = set(tiles_between(0, old))
    assert set(tiles_between(0, new)) - before == set(tiles_between(old, new)) - before
    assert not set(tiles_between(old, new)) & before


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 1200), st.data())
def test_a_tree_in_tiles_is_the_tree(size: int, data: st.DataObject) -> None:
    """Roots and proofs out of tiles are those of the tree in memory."""
    memory = logs.tree(size)
    kept = {
        tile: tile_bytes(
            [memory.node(8 * tile.level, tile.index * 256 + at) for at in range(tile.width)]
        )
        for tile in tiles_between(0, size)
    }
    tiled = TileTree(size, kept.__getitem__)
    index = data.draw(st.integers(0, size - 1))
    assert tree_root(tiled, size) == logs.root(size)
    assert prove_inclusion(tiled, index, size) == prove_inclusion(memory, index, size)
    assert prove_consistency(tiled, index, size) == prove_consistency(memory, index, size)
    for level, place in ((0, size), (64, 0), (-1, 0), (0, -1)):
        with pytest.raises(UsageError):
            tiled.node(level, place)


def test_a_full_tile_is_one_hash_above() -> None:
    """A partial one is not hashed into the level above."""
    hashes = [leaf_hash(logs.leaf(number)) for number in range(256)]
    assert tile_root(hashes) == logs.root(256)
    with pytest.raises(UsageError):
        tile_root(hashes[:255])


@pytest.mark.parametrize("change", [-32, -1, 1, 32])
def test_l12_a_torn_tile_is_refused(change: int) -> None:
    """Its length is that of its width; the whole one is read."""
    tile, hashes = Tile(0, 0, 3), (bytes(32), b"a" * 32, b"b" * 32)
    data = tile_bytes(hashes)
    assert tile_hashes(tile, data) == hashes
    with pytest.raises(DecodeError) as caught:
        tile_hashes(tile, (data + bytes(32))[: len(data) + change])
    assert caught.value.id == "tile.size"


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256), st.data())
def test_l12_a_torn_bundle_is_refused(entries: list[bytes], data: st.DataObject) -> None:
    """Cut anywhere, with a byte more, or with another width; the whole one is read."""
    whole = bundle_bytes(entries)
    tile = Tile(ENTRIES, 0, len(entries))
    assert bundle_entries(tile, whole) == tuple(entries)
    cut = data.draw(st.integers(0, len(whole) - 1))
    for wrong in (whole[:cut], whole + b"\0"):
        with pytest.raises(DecodeError) as caught:
            bundle_entries(tile, wrong)
        assert caught.value.id == "bundle.syntax"
    with pytest.raises(DecodeError):
        bundle_entries(Tile(ENTRIES, 0, len(entries) % 256 + 1), whole)


@pytest.mark.parametrize("how", ["flip", "delete", "insert", "reorder", "duplicate"])
def test_l1_altered_entries_are_refused(how: str) -> None:
    """The tile beside the bundle says which entry is not the log's."""
    tile = Tile(ENTRIES, 1, 4)
    entries = [logs.leaf(number) for number in range(4)]
    hashes = [leaf_hash(entry) for entry in entries]
    verify_bundle(tile, entries, hashes)
    made = {
        "flip": [entries[0], b"Leaf 1", *entries[2:]],
        "delete": [entries[0], *entries[2:]],
        "insert": [entries[0], b"new", *entries[1:]],
        "reorder": [entries[0], entries[2], entries[1], entries[3]],
        "duplicate": [entries[0], entries[0], *entries[1:]],
    }
    with pytest.raises(VerificationError, match="number 257") as caught:
        verify_bundle(tile, made[how], hashes)
    assert caught.value.id == "log.entry"
    with pytest.raises(VerificationError, match="number 259"):
        verify_bundle(tile, entries[:3], hashes)


def test_bounds_hold_when_writing_and_reading() -> None:
    """Entries, hashes and their numbers."""
    assert bundle_entries(Tile(ENTRIES, 0, 1), bundle_bytes([bytes(MAX_LEAF)]))
    with pytest.raises(LimitError):
        bundle_bytes([bytes(MAX_LEAF + 1)])
    with pytest.raises(LimitError):
        leaf_hash(bytes(MAX_LEAF + 1))
    with pytest.raises(LimitError):
        bundle_entries(Tile(ENTRIES, 0), bytes(MAX_BUNDLE + 1))
    for count in (0, 257):
        with pytest.raises(UsageError):
            bundle_bytes([b""] * count)
        with pytest.raises(UsageError):
            tile_bytes([bytes(32)] * count)
    with pytest.raises(DecodeError):
        tile_bytes([bytes(31)])
    for tile in ((-2, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (7, 0, 128), (0, 2**60, 1)):
        with pytest.raises(UsageError):
            Tile(*tile)
