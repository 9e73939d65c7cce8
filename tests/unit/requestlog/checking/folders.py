"""Folders of logs, written by the pure core: as a writer leaves them, or a forger."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from mlspec import records, v1
from mlspec.requestlog import Checkpoint, MemoryTree, Tile, VerifiedCheckpoint, leaf_hash, tree_root
from mlspec.requestlog import verify_checkpoint as verify
from mlspec.requestlog.checking import LogReport, verify_log
from mlspec.requestlog.requests import make_side
from mlspec.requestlog.tiles import bundle_bytes, bundles_between, tile_bytes, tiles_between
from tests.unit.requestlog.logs import KEY, ORIGIN, SIGNER

DEPLOYMENT, OTHER = (hashlib.sha256(name).digest() for name in (b"deployment", b"other"))
MODEL = hashlib.sha256(b"model").digest()


def opened(**fields: object) -> v1.LogEntry:
    """An opening."""
    made = v1.LogOpened(
        kind=v1.LOG_KIND_REQUESTS,
        spec_version=records.SPEC_VERSION,
        keyid=SIGNER.public.keyid,
        durability=v1.LogDurability(checkpointed=v1.CheckpointedDurability()),
    )
    made.open_time.FromSeconds(1_700_000_000)
    for name, value in fields.items():
        setattr(made, name, value)
    return v1.LogEntry(opened=made)


def change(deployment: bytes = DEPLOYMENT, version: str = "3") -> v1.LogEntry:
    """A roll-out starts to answer."""
    made = v1.DeploymentChange(kind=v1.DEPLOYMENT_CHANGE_KIND_STARTED)
    made.change_time.FromSeconds(1_700_000_001)
    made.deployment.digest.sha256 = deployment
    made.deployment.payload_type = "application/vnd.mlspec.record.v1+protobuf"
    made.deployment.stage = v1.STAGE_MODEL_SERVING
    served = made.models.add(traffic_rate=1)
    served.model.model_name, served.model.version = "loan-approval", version
    served.model.digest.sha256 = MODEL
    return v1.LogEntry(deployment_change=made)


def request(number: int = 0, deployment: bytes = DEPLOYMENT, version: str = "3") -> v1.LogEntry:
    """A request that was answered."""
    made = v1.InferenceRecord(
        request_id=f"request-{number:06}",
        outcome=v1.INFERENCE_OUTCOME_ANSWERED,
        status_code=200,
        deployment_sha256=deployment,
        model=v1.InferenceModel(name="loan-approval", version=version, sha256=MODEL),
    )
    made.request_time.FromSeconds(1_700_000_002 + number)
    made.latency_duration.FromMilliseconds(2)
    made.model.prediction.decision = "approve"
    return v1.LogEntry(inference=made)


def plain(size: int) -> list[v1.LogEntry]:
    """The entries of a log that holds."""
    return [opened(), change(), *(request(number) for number in range(2, size))][:size]


def leaves_of(entries: Iterable[v1.LogEntry], origin: str = ORIGIN) -> list[bytes]:
    """The leaves that a writer makes of entries."""
    made = []
    for index, entry in enumerate(entries):
        entry.origin, entry.sequence_number, entry.nonce = origin, index, os.urandom(16)
        made.append(entry.SerializeToString())
    return made


def write(folder: Path, leaves: list[bytes], note: bytes | None = None) -> Path:
    """Write a log's folder: what its writer leaves, whatever the leaves are."""
    tree = MemoryTree()
    for leaf in leaves:
        tree.append(leaf_hash(leaf))
    size = len(leaves)
    for tile in bundles_between(0, size):
        first = tile.index * 256
        put(folder / tile.path, bundle_bytes(leaves[first : first + tile.width]))
    for tile in tiles_between(0, size):
        first = tile.index * 256
        hashes = [tree.node(8 * tile.level, first + place) for place in range(tile.width)]
        put(folder / tile.path, tile_bytes(hashes))
    made = Checkpoint(ORIGIN, size, tree_root(tree, size)).sign(KEY, SIGNER)
    put(folder / "checkpoint", made if note is None else note)
    return folder


def put(path: Path, data: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def checkpoint(folder: Path) -> VerifiedCheckpoint:
    """A log's checkpoint, verified."""
    return verify((folder / "checkpoint").read_bytes(), KEY)


def edit(folder: Path, tile: Tile, change: Callable[[bytearray], None]) -> None:
    """Change the bytes of a tile or bundle."""
    data = bytearray((folder / tile.path).read_bytes())
    change(data)
    (folder / tile.path).write_bytes(data)


def failed(report: LogReport) -> list[str]:
    """The ids of what fails."""
    return [line.id for line in report.problems]


def check(folder: Path, **more: object) -> LogReport:
    """Verify a log that must hold."""
    report = verify_log(folder, KEY, **more)  # type: ignore[arg-type]
    assert failed(report) == []
    return report


def with_sides(folder: Path, entries: list[v1.LogEntry], wanted: Iterable[int]) -> list[bytes]:
    """Bind side records to some entries and write them; return all leaves."""
    from mlspec.codec.streams import frame

    streams: dict[int, bytes] = {}
    for index, entry in enumerate(entries):
        entry.origin, entry.sequence_number, entry.nonce = ORIGIN, index, os.urandom(16)
        if index in wanted:
            side = make_side(entry, v1.RequestDetail(host="203.0.113.7", subject_id="applicant-7"))
            streams.setdefault(index // 256, b"")
            streams[index // 256] += frame(side.SerializeToString())
    for number, data in streams.items():
        put(folder / "side" / f"{number:03}", data)
    return [entry.SerializeToString() for entry in entries]
