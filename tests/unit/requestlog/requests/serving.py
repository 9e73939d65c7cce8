"""A deployment, a request log for it, and reading back what was logged."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlspec import v1
from mlspec.requestlog import (
    NoteKey,
    NoteKeyKind,
    leaf_hash,
    read_entry,
    root_of,
    verify_checkpoint,
)
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.requests import RequestLogger, SideRecords, open_detail
from mlspec.sealing import generate_key

ORIGIN = "bank.example/loans/requests"
SIGNER = generate_key()
KEY = NoteKey(ORIGIN, NoteKeyKind.LOG, SIGNER.public)
CHECKPOINTED = v1.LogDurability(checkpointed=v1.CheckpointedDurability())


def buffered(seconds: float = 1.0, count: int = 1000) -> v1.LogDurability:
    """Durability that a crash can cost so much."""
    made = v1.LogDurability()
    made.buffered.loss_window_duration.FromNanoseconds(int(seconds * 1e9))
    made.buffered.loss_window_entry_count = count
    return made


def queue(capacity: int = 1000, *, drop: bool = False) -> v1.LogQueue:
    """A queue that waits or drops."""
    overflow = v1.LOG_OVERFLOW_DROP if drop else v1.LOG_OVERFLOW_BLOCK
    return v1.LogQueue(capacity_count=capacity, overflow=overflow)


def deployment(
    number: int = 1, kind: v1.DeploymentChangeKind.ValueType = v1.DEPLOYMENT_CHANGE_KIND_STARTED
) -> v1.DeploymentChange:
    """A change to deployment `number`, with a model of its own and a canary."""
    made = v1.DeploymentChange(
        kind=kind,
        deployment=v1.RecordReference(
            digest=v1.Digest(sha256=bytes([number]) * 32),
            payload_type="application/vnd.mlspec.record.v1+protobuf",
            stage=v1.STAGE_MODEL_SERVING,
        ),
        pipeline=v1.PipelineReference(
            name="loans", definition_digest=v1.Digest(sha256=b"p" * 32), version="1"
        ),
        feature_schema=v1.FeatureSchemaReference(
            name="loans", version="1.0.0", digest=v1.Digest(sha256=b"f" * 32)
        ),
        training_data=v1.DatasetVersionReference(
            dataset_name="loans", digest=v1.Digest(sha256=b"t" * 32)
        ),
        endpoint="/v1/score",
    )
    made.change_time.GetCurrentTime()
    if kind != v1.DEPLOYMENT_CHANGE_KIND_ENDED:
        for name, share in (("loan-approval", 0.9), ("loan-canary", 0.1)):
            model = v1.ModelVersionReference(
                model_name=name,
                version=str(number),
                digest=v1.Digest(sha256=bytes([number + 100]) * 32),
            )
            made.models.add(model=model, traffic_rate=share)
    return made


@contextmanager
def logging(folder: Path, **options: Any) -> Iterator[RequestLogger]:
    """A request log, closed at the end of the block."""
    given = {"signer": SIGNER, "deployment": deployment(), "queue": queue(), **options}
    given.setdefault("durability", CHECKPOINTED)
    with RequestLogger.open(folder, origin=ORIGIN, **given) as made:
        yield made


def entries(folder: Path) -> list[v1.LogEntry]:
    """All entries, each valid and in its place, under a checkpoint that verifies."""
    log = LogFolder.open(folder)
    found = verify_checkpoint(log.checkpoint(), KEY)
    leaves = [leaf for _, leaf in log.leaves(0, found.size)]
    assert root_of([leaf_hash(leaf) for leaf in leaves]) == found.root
    made = [read_entry(leaf, ORIGIN, index) for index, leaf in enumerate(leaves)]
    require_deployments(made)
    return made


def require_deployments(made: list[v1.LogEntry]) -> None:
    """Each request names the deployment of the last change before it, and one of its models."""
    change = v1.DeploymentChange()
    for entry in made:
        if entry.HasField("deployment_change"):
            change = entry.deployment_change
        if entry.HasField("inference"):
            record = entry.inference
            assert record.deployment_sha256 == change.deployment.digest.sha256
            known = [(each.model.model_name, each.model.version) for each in change.models]
            assert (record.model.name, record.model.version) in known


def inferences(folder: Path) -> list[v1.InferenceRecord]:
    """The requests that were logged."""
    return [entry.inference for entry in entries(folder) if entry.HasField("inference")]


def details(folder: Path) -> list[v1.RequestDetail | None]:
    """What describes the person, of each request; verified. None: there is nothing."""
    records, found = SideRecords(folder), list[v1.RequestDetail | None]()
    for entry in entries(folder):
        if entry.HasField("inference"):
            side = records.read(entry.sequence_number)
            found.append(None if side is None else open_detail(entry, side))
    return found
