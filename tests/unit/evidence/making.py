"""A small pipeline with real signed records, the log of its deployment, and a trust file.

The bodies are those of the vectors, with references set to the records that are really there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import Message

from mlspec import Run, open_store, v1
from mlspec.evidence import Bundle, EvidenceReport, build
from mlspec.evidence.bundle import manifest_of
from mlspec.records import body_of
from mlspec.requestlog.disk import LogWriter
from mlspec.requestlog.keeping import keep_checkpoint
from mlspec.requestlog.record_log import RecordLog
from mlspec.requestlog.requests import make_side
from mlspec.sealing import Sealed, TrustPolicy, trust_edit
from mlspec.store.walking import find
from tests.unit.evidence.people import KEYS, NAMESPACE, ORIGIN, PEOPLE, RECORDS, cosigned, policy
from tools.places import ROOT

BOUND = 0.75

CHECKPOINTED = v1.LogDurability(checkpointed=v1.CheckpointedDurability())

_REFERENCE = "mlspec.v1.RecordReference"

_SPLIT = "mlspec.v1.SplitReference"


@dataclass
class Case:
    """The pipeline on disk.

    Attributes:
        folder: Where everything is.
        records: The sealed records by stage.
        request_ids: The requests in the log, in order.
        log_name: The name of the request log's folder.
    """

    folder: Path
    records: dict[int, Sealed] = field(default_factory=dict)
    request_ids: list[str] = field(default_factory=list)
    log_name: str = "requests"

    @property
    def store(self) -> Path:
        """The store's file."""
        return self.folder / "mlspec.db"

    @property
    def log(self) -> Path:
        """The request log's folder."""
        return self.folder / self.log_name

    @property
    def record_log(self) -> Path:
        """The record log's folder."""
        return self.folder / "records"

    @property
    def package(self) -> Path:
        """The packaged model's folder."""
        return self.folder / "package"

    @property
    def trust(self) -> TrustPolicy:
        """The trust file."""
        return TrustPolicy(policy())

    @property
    def deployment(self) -> Sealed:
        """The deployment's record."""
        return self.records[v1.STAGE_MODEL_SERVING]

    def build(self, name: str = "bundle", *, request: int = 2, **options: Any) -> Path:
        """Build the bundle of a request."""
        given: dict[str, Any] = {"record_log": self.record_log, "packages": [self.package]}
        given |= {"trust": self.trust} | options
        with open_store(self.store, read_only=True, create=False) as store:
            return build(
                store,
                self.log,
                self.request_ids[request],
                self.folder / name,
                **given,
            )


def make_case(folder: Path) -> Case:
    """Run the pipeline, serve four requests, and log all of it."""
    case = Case(folder)
    case.package.mkdir(parents=True)
    (case.package / "model.onnx").write_bytes(b"a model")
    with Run(
        "loan-approval",
        store=case.store,
        signer=KEYS["data"],
        namespace=NAMESPACE,
        environment=v1.Environment(language="CPython"),
    ) as run:
        for name in (
            "objectives",
            "data_ingestion",
            "data_splitting",
            "model_training",
            "model_evaluation",
            "holdout_opened",
            "holdout_test",
            "gate_decision",
            "model_packaging",
            "model_serving",
        ):
            _emit(case, run, name)
            if name == "objectives":
                _log_records(case, run)
        run_id = run.id
    _log_records(case, run, run_id)
    serve(case)
    trust_edit.save(policy(), folder / "trust.json")
    return case


def another_log(case: Case, name: str) -> Case:
    """The same pipeline, with a request log that is not there yet."""
    return replace(case, log_name=name, request_ids=[])


def open_log(case: Case, **options: Any) -> LogWriter:
    """Open the request log for writing."""
    given: dict[str, Any] = {"origin": ORIGIN, "signer": KEYS["log"], "durability": CHECKPOINTED}
    return LogWriter.open(case.log, kind=v1.LOG_KIND_REQUESTS, **(given | options))


def serve(case: Case, model: v1.ModelVersionReference | None = None, count: int = 4) -> None:
    """Open the request log, start the deployment there, and answer requests."""
    served = model or serving(case).to_model
    with open_log(case) as log:
        start(case, log, served)
        for number in range(count):
            answer(case, log, served, number)


def start(case: Case, log: LogWriter, served: v1.ModelVersionReference) -> None:
    """Log that the deployment is in force from here on."""
    change = v1.DeploymentChange(
        kind=v1.DEPLOYMENT_CHANGE_KIND_STARTED, deployment=case.deployment.reference
    )
    change.change_time.GetCurrentTime()
    change.models.add(model=served, traffic_rate=1)
    log.append(v1.LogEntry(deployment_change=change))


def answer(case: Case, log: LogWriter, served: v1.ModelVersionReference, number: int) -> None:
    """Log one request, a refused loan, with its side record."""
    asked = v1.InferenceRecord(
        request_id=f"request-{number}",
        outcome=v1.INFERENCE_OUTCOME_ANSWERED,
        status_code=200,
        deployment_sha256=case.deployment.sha256,
        model=v1.InferenceModel(
            name=served.model_name,
            version=served.version,
            sha256=served.digest.sha256,
            prediction=v1.Prediction(number_value=0.25, decision="refuse", threshold=0.5),
        ),
    )
    asked.request_time.GetCurrentTime()
    asked.latency_duration.FromMicroseconds(1834)
    entry = v1.LogEntry(origin=log.origin, sequence_number=log.size, inference=asked)
    side = make_side(entry, v1.RequestDetail(host="203.0.113.7", user="branch-12"))
    log.append(entry, side=side)
    case.request_ids.append(asked.request_id)


def minimal(name: str) -> Message:
    """The body of a vector."""
    text = (ROOT / "vectors" / "v1" / name / "minimal.txtpb").read_text()
    body = body_of(text_format.Parse(text, v1.Record()))
    assert body is not None
    return body


def _emit(case: Case, run: Run, name: str) -> None:
    """Seal a stage's record, with references to those that are there."""
    body: Any = minimal(name)
    _settle(case, name, body)
    for _, split in find(body, _SPLIT, name):
        split.splitting.stage = v1.STAGE_DATA_SPLITTING  # type: ignore[attr-defined]
    for _, found in find(body, _REFERENCE, name):
        reference: Any = found
        reference.CopyFrom(case.records[reference.stage].reference)
    parents: list[Any] = [reference for _, reference in find(body, _REFERENCE, name)]
    if name in ("model_training", "data_splitting", "holdout_opened"):
        parents += [case.records[stage].reference for stage in _BEFORE[name]]
    stage = next(key for key, stages in PEOPLE.items() if _STAGES[name] in stages)
    sealed = run.emit(body, parents=parents, signer=KEYS[stage])
    case.records[_STAGES[name]] = sealed


def _settle(case: Case, name: str, body: Any) -> None:
    for criterion in getattr(body, "criteria", ()):
        criterion.bound = BOUND
    if name in ("model_evaluation", "holdout_test"):
        for result in body.outcome.required_results:
            result.bound = BOUND
    if name == "model_evaluation":
        splits = case.records[v1.STAGE_DATA_SPLITTING].peek().data_splitting.splits
        body.data.split.digest.CopyFrom(splits[1].digest)
    if name == "data_splitting":
        opened: Any = minimal("holdout_opened")
        held = body.splits.add(
            name="holdout", role=v1.SPLIT_ROLE_HOLDOUT, row_count=10, digest=opened.holdout.digest
        )
        held.custody.custodian.CopyFrom(opened.custodian)
        held.custody.row_count = 10
        held.custody.row_encoding = v1.ROW_ENCODING_LINE
        held.custody.commitment_root.sha256 = bytes(32)
        held.custody.salt_digest.sha256 = bytes(32)
        body.row_count = 30
        checked = body.leakage_checks.add()
        checked.CopyFrom(body.leakage_checks[0])
        checked.split_name = "holdout"
    if name == "gate_decision":
        body.evidence.add().record.stage = v1.STAGE_HOLDOUT_TEST
        for each in body.evidence:
            record = case.records[each.record.stage].peek()
            outcome = body_of(record).outcome  # type: ignore[union-attr]
            each.outcome.CopyFrom(outcome)
    if name == "model_packaging":
        body.training.stage = v1.STAGE_MODEL_TRAINING
        data = (case.package / "model.onnx").read_bytes()
        digest = hashlib.sha256(data)
        listed = f"{digest.hexdigest()}  model.onnx\n".encode()
        body.manifest.sha256 = hashlib.sha256(listed).digest()
        body.manifest.files[0].sha256 = digest.digest()
        body.manifest.files[0].size_bytes = len(data)
    if name == "model_serving":
        body.packaging.stage = v1.STAGE_MODEL_PACKAGING
        body.gate_decision.stage = v1.STAGE_GATE_DECISION
        body.request_logs.add(
            origin=ORIGIN, keyid=KEYS["log"].keyid, durability=CHECKPOINTED, start_tree_size=0
        )


def _log_records(case: Case, run: Run, run_id: str | None = None) -> None:
    with (
        open_store(case.store, create=False) as store,
        RecordLog.open(case.record_log, origin=RECORDS, signer=KEYS["records"]) as log,
    ):
        log.follow(store, run_id or run.id)
        keep_checkpoint(case.record_log, cosigned(log.checkpoint.note.to_bytes()))


def serving(case: Case) -> v1.ModelServing:
    """What the deployment's record says."""
    return case.deployment.peek().model_serving


def remade(bundle: Bundle, changes: Mapping[str, bytes | None]) -> Bundle:
    """A bundle with files changed, added or (None) left out, and a manifest that fits."""
    files = {name: data for name, data in {**bundle.files, **changes}.items() if data is not None}
    del files["MANIFEST"]
    return Bundle.of(files | {"MANIFEST": manifest_of(files)})


def failing(report: EvidenceReport) -> list[tuple[str, str]]:
    """The links that fail: what was checked, and the id of what is wrong."""
    return [(link.id, link.error_id) for link in report.links if link.verdict == "FAIL"]


_STAGES = {
    name: getattr(v1, f"STAGE_{name.upper()}")
    for name in (
        "objectives",
        "data_ingestion",
        "data_splitting",
        "model_training",
        "model_evaluation",
        "holdout_opened",
        "holdout_test",
        "gate_decision",
        "model_packaging",
        "model_serving",
    )
}

_BEFORE = {
    "data_splitting": (v1.STAGE_DATA_INGESTION,),
    "model_training": (v1.STAGE_DATA_SPLITTING, v1.STAGE_OBJECTIVES),
    "holdout_opened": (v1.STAGE_DATA_SPLITTING,),
}
