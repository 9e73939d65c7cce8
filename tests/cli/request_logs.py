"""Logs as a deployment has them: with side records, lines, and a worker's log beside."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mlspec import records, v1
from mlspec.requestlog import leaf_hash
from mlspec.requestlog.disk import LogWriter, side_lock
from mlspec.requestlog.requests import TextLines, line, make_side, open_detail
from mlspec.sealing import PrivateKey, generate_key, trust_edit, write_private_key
from tests.unit import samples

ORIGIN = "bank.example/loans/requests"
WORKER = f"{ORIGIN}/worker-1"
DEPLOYMENT, MODEL = (hashlib.sha256(name).digest() for name in (b"deployment", b"model"))
DURABILITY = v1.LogDurability(checkpointed=v1.CheckpointedDurability())


def write_logs(folder: Path) -> None:
    """Write `requests`, a log of 20 leaves, `worker`, one that it delegated to, and `logs.json`."""
    keys = {name: generate_key() for name in ("log", "worker")}
    for name, key in keys.items():
        write_private_key(key, folder / "keys" / f"{name}.pem", None)
    draft = trust_edit.new_policy(samples.in_days(30))
    for name, key in keys.items():
        draft = trust_edit.add_key(draft, key.public, f"{name}.bank.example")
    draft = trust_edit.add_role(draft, "none", [keys["log"].keyid], stages=records.all_stages())
    draft = trust_edit.add_log(
        draft, ORIGIN, keys["log"].keyid, kind=v1.LOG_KIND_REQUESTS, namespace_globs=["loans"]
    )
    trust_edit.save(draft, folder / "logs.json")
    with writer(folder / "requests", keys["log"]) as log:
        log.append(change())
        for number in range(2, 18):
            append(folder / "requests", log, number)
        (folder / "seen.checkpoint").write_bytes(log.folder.checkpoint())
        delegation = v1.LogDelegation(origin=WORKER, keyid=keys["worker"].keyid)
        delegation.start_time.FromSeconds(1_600_000_000)
        log.append(v1.LogEntry(delegation=delegation))
        append(folder / "requests", log, 19)
    with writer(folder / "worker", keys["worker"], WORKER, ORIGIN) as log:
        log.append(change())
        append(folder / "worker", log, 2)


def writer(
    folder: Path, key: PrivateKey, origin: str = ORIGIN, owner: str | None = None
) -> LogWriter:
    """Open a log for writing."""
    return LogWriter.open(
        folder,
        origin=origin,
        signer=key,
        kind=v1.LOG_KIND_REQUESTS,
        durability=DURABILITY,
        delegating_origin=owner,
    )


def change() -> v1.LogEntry:
    """A roll-out starts to answer."""
    made = v1.DeploymentChange(kind=v1.DEPLOYMENT_CHANGE_KIND_STARTED)
    made.change_time.FromSeconds(1_732_000_001)
    made.deployment.digest.sha256 = DEPLOYMENT
    made.deployment.payload_type = "application/vnd.mlspec.record.v1+protobuf"
    made.deployment.stage = v1.STAGE_MODEL_SERVING
    served = made.models.add(traffic_rate=1)
    served.model.model_name, served.model.version = "loan-approval", "3"
    served.model.digest.sha256 = MODEL
    return v1.LogEntry(deployment_change=made)


def append(folder: Path, log: LogWriter, number: int) -> None:
    """Log a request with its side record and its line, durably."""
    made = v1.InferenceRecord(
        request_id=f"request-{number:06}",
        outcome=v1.INFERENCE_OUTCOME_ANSWERED,
        status_code=200,
        deployment_sha256=DEPLOYMENT,
        model=v1.InferenceModel(name="loan-approval", version="3", sha256=MODEL),
    )
    made.request_time.FromSeconds(1_732_000_002 + number)
    made.latency_duration.FromMilliseconds(2)
    entry = v1.LogEntry(inference=made, origin=log.origin, sequence_number=log.size)
    detail = v1.RequestDetail(host="203.0.113.7", subject_id=f"applicant-{number}")
    side = make_side(entry, detail)
    appended = log.append(entry, side=side)
    log.commit()
    with side_lock(str(folder)):
        text = line(entry, leaf_hash(appended.leaf), open_detail(entry, side))
        TextLines(folder).append([text])
