"""Logs, checked by the code of Go's checksum database, which nobody here wrote, and the reverse."""

import base64
import copy
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mlspec.requestlog import (
    EMPTY_ROOT,
    Checkpoint,
    MemoryTree,
    Note,
    NoteKey,
    NoteKeyKind,
    TileTree,
    cosign_text,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    tree_root,
    verify_checkpoint,
    verify_consistency,
    verify_inclusion,
)
from mlspec.requestlog.tiles import tile_bytes, tiles_between
from mlspec.sealing import generate_key

PROGRAM = Path(__file__).with_name("sumdb")
ORIGIN = "bank.example/loans/requests"
SIZES = (1, 2, 3, 7, 8, 255, 256, 257, 600)

pytestmark = pytest.mark.interop

Log = dict[str, Any]


@pytest.fixture(scope="module")
def sumdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, compiled."""
    if not shutil.which("go"):
        pytest.skip("go is not installed")
    made = tmp_path_factory.mktemp("sumdb") / "sumdb"
    subprocess.run(["go", "build", "-trimpath", "-o", made, "."], cwd=PROGRAM, check=True)
    return made


def run(program: Path, command: str, log: Log) -> subprocess.CompletedProcess[str]:
    """Hand a log to the program."""
    return subprocess.run(
        [program, command], input=json.dumps(log), capture_output=True, text=True, check=False
    )


def text(data: bytes) -> str:
    """Bytes, as JSON carries them."""
    return base64.b64encode(data).decode()


def texts(many: tuple[bytes, ...]) -> list[str]:
    """Several of them."""
    return [text(data) for data in many]


def leaves(size: int) -> list[bytes]:
    """Leaves of many lengths, the empty one first."""
    return [bytes([number % 251]) * number for number in range(size)]


def ours(size: int) -> Log:
    """A log of ours: signed checkpoint, tiles, and every proof."""
    tree = MemoryTree()
    for leaf in leaves(size):
        tree.append(leaf_hash(leaf))
    signer = generate_key()
    key = NoteKey(ORIGIN, NoteKeyKind.LOG, signer.public)
    tiles = {}
    for tile in tiles_between(0, size):
        start = tile.index * 256
        hashes = [tree.node(8 * tile.level, start + place) for place in range(tile.width)]
        tiles[tile.path] = text(tile_bytes(hashes))
    return {
        "vkey": key.to_vkey(),
        "origin": ORIGIN,
        "checkpoint": text(Checkpoint(ORIGIN, size, tree_root(tree, size)).sign(key, signer)),
        "leaves": texts(tuple(leaves(size))),
        "tiles": tiles,
        "inclusion": [
            {"index": index, "hashes": texts(prove_inclusion(tree, index, size))}
            for index in range(size)
        ],
        "consistency": [
            {
                "old_size": old,
                "old_root": text(tree_root(tree, old)),
                "hashes": texts(prove_consistency(tree, old, size)),
            }
            for old in range(1, size + 1)
        ],
    }


@pytest.mark.parametrize("size", SIZES)
def test_go_accepts_our_log(sumdb: Path, size: int) -> None:
    """Checkpoint, key line, every tile, every inclusion and every consistency proof."""
    done = run(sumdb, "check", ours(size))
    assert done.returncode == 0, done.stderr


def flip(encoded: str) -> str:
    """Change one bit of bytes in base64."""
    data = bytearray(base64.b64decode(encoded))
    data[-2] ^= 1
    return text(bytes(data))


def test_go_refuses_our_log_when_it_is_altered(sumdb: Path) -> None:
    """The checks above can fail: each part is looked at."""
    log = ours(257)
    assert run(sumdb, "check", log).returncode == 0
    for part in ("checkpoint", "leaves", "tiles", "inclusion", "consistency"):
        altered = copy.deepcopy(log)
        if part == "checkpoint":
            altered[part] = flip(log[part])
        elif part == "leaves":
            altered[part][9] = flip(log[part][9])
        elif part == "tiles":
            altered[part]["tile/0/000"] = flip(log[part]["tile/0/000"])
        else:
            altered[part][5]["hashes"][0] = flip(log[part][5]["hashes"][0])
        done = run(sumdb, "check", altered)
        assert done.returncode == 1, part
        assert done.stderr, part


def ours_cosigned(*times: int) -> Log:
    """A checkpoint of ours with a cosignature at each of the times."""
    signer = generate_key()
    key = NoteKey(ORIGIN, NoteKeyKind.LOG, signer.public)
    note = Note.from_bytes(Checkpoint(ORIGIN, 0, EMPTY_ROOT).sign(key, signer))
    witnesses = []
    for number, time in enumerate(times):
        signer = generate_key()
        witness = NoteKey(f"witness-{number}.example/w", NoteKeyKind.WITNESS, signer.public)
        note = note.with_signature(cosign_text(note.text, witness, signer, time))
        witnesses.append({"vkey": witness.to_vkey(), "time": time})
    return {"vkey": key.to_vkey(), "checkpoint": text(note.to_bytes()), "witnesses": witnesses}


def test_go_accepts_our_cosignatures(sumdb: Path) -> None:
    """By a verifier written from the standard for Go's notes; what was altered it refuses."""
    good = ours_cosigned(0, 1_700_000_000, 2**63 - 1)
    done = run(sumdb, "witnesses", good)
    assert done.returncode == 0, done.stderr
    for change in ("time", "checkpoint", "vkey"):
        altered = copy.deepcopy(good)
        if change == "time":
            altered["witnesses"][1]["time"] += 1
        elif change == "checkpoint":
            altered["checkpoint"] = flip(good["checkpoint"])
        else:
            altered["witnesses"][1]["vkey"] = ours_cosigned(1)["witnesses"][0]["vkey"]
        assert run(sumdb, "witnesses", altered).returncode == 1, change


def test_we_accept_cosignatures_of_go(sumdb: Path) -> None:
    """With the times that they name."""
    times = {"anna.example/w": 1_700_000_000, "boris.example": 1}
    named = [{"name": name, "time": time} for name, time in times.items()]
    done = run(sumdb, "cosign", {"origin": ORIGIN, "witnesses": named})
    assert done.returncode == 0, done.stderr
    log = json.loads(done.stdout)
    witnesses = [NoteKey.from_vkey(each["vkey"]) for each in log["witnesses"]]
    note = base64.b64decode(log["checkpoint"])
    head = verify_checkpoint(note, NoteKey.from_vkey(log["vkey"]), witnesses, needed=2)
    assert {each.witness.name: each.time for each in head.cosignatures} == times


@pytest.mark.parametrize("size", SIZES)
def test_we_accept_the_log_of_go(sumdb: Path, size: int) -> None:
    """What Go signs and builds, ours verifies; from its tiles we make the proofs that it makes."""
    given = {"origin": ORIGIN, "leaves": texts(tuple(leaves(size)))}
    done = run(sumdb, "make", given)
    assert done.returncode == 0, done.stderr
    log = json.loads(done.stdout)

    key = NoteKey.from_vkey(log["vkey"])
    head = verify_checkpoint(base64.b64decode(log["checkpoint"]), key)
    assert head.size == size

    tiles = {path: base64.b64decode(data) for path, data in log["tiles"].items()}
    tree = TileTree(size, lambda tile: tiles[tile.path])
    assert {tile.path for tile in tiles_between(0, size)} == set(tiles)
    assert tree_root(tree, size) == head.root

    for proof in log["inclusion"]:
        index = proof["index"]
        hashes = [base64.b64decode(each) for each in proof["hashes"]]
        verify_inclusion(leaf_hash(leaves(size)[index]), index, size, head.root, hashes)
        assert list(prove_inclusion(tree, index, size)) == hashes
    for proof in log["consistency"]:
        old, root = proof["old_size"], base64.b64decode(proof["old_root"])
        hashes = [base64.b64decode(each) for each in proof["hashes"]]
        verify_consistency(old, root, size, head.root, hashes)
        assert list(prove_consistency(tree, old, size)) == hashes
