"""The records of the story, each from those before it."""

from mlspec import v1
from mlspec.records import body_of
from tools.vectors.provenance import people
from tools.vectors.provenance.story import OTHER_RUN, RUN, VERSION_ID, Make, Story, digest

MODEL = v1.ModelVersionReference(model_name="loan-approval", version="3", digest=digest("model"))
SIGNERS: dict[str, tuple[str, ...]] = {}
"""Who signs a record that several roles may sign."""


def version() -> v1.DatasetVersionReference:
    """Return the dataset version that is split."""
    return v1.DatasetVersionReference(
        dataset_name="loanapp", id=VERSION_ID, digest=digest("dataset")
    )


def split(story: Story, name: str, role: v1.SplitRole.ValueType) -> v1.SplitReference:
    """Return a reference to a split."""
    return v1.SplitReference(
        name=name, role=role, digest=digest(name), splitting=story.ref("split")
    )


def dataset(story: Story) -> v1.Record:
    """Make the event that created the dataset version."""
    record = story.draft(v1.STAGE_OBJECT_EVENT)
    event = record.object_event
    event.Clear()
    event.action = v1.OBJECT_ACTION_CREATE
    event.object_kind = v1.OBJECT_KIND_DATASET_VERSION
    event.object_id = VERSION_ID
    attributes = event.dataset_version.attributes
    attributes.id, attributes.name = VERSION_ID, "loanapp-1"
    attributes.status = v1.OBJECT_STATUS_ACTIVE
    event.dataset_version.dataset_id = OTHER_RUN
    event.dataset_version.version = "1"
    return record


def change(story: Story, action: v1.ObjectAction.ValueType, previous: str) -> v1.Record:
    """Make an event that changes the dataset version."""
    record = story.draft(v1.STAGE_OBJECT_EVENT, previous)
    event = record.object_event
    event.Clear()
    event.action, event.object_kind = action, v1.OBJECT_KIND_DATASET_VERSION
    event.object_id = VERSION_ID
    event.previous_event.CopyFrom(story.ref(previous))
    return record


def objectives(story: Story) -> v1.Record:
    """Make the objectives: one criterion, auc of at least 0.75."""
    return story.draft(v1.STAGE_OBJECTIVES)


def ingest(story: Story) -> v1.Record:
    """Make the ingestion."""
    record = story.draft(v1.STAGE_DATA_INGESTION)
    record.data_ingestion.dataset_version.CopyFrom(version())
    return record


def splitting(story: Story) -> v1.Record:
    """Make the splitting: train, validation, and a hold-back set in custody."""
    record = story.draft(v1.STAGE_DATA_SPLITTING, "ingest")
    body = record.data_splitting
    body.dataset_version.CopyFrom(version())
    for made in body.splits:
        made.digest.CopyFrom(digest(made.name))
    held = body.splits.add(name="holdout", role=v1.SPLIT_ROLE_HOLDOUT, row_count=10)
    held.digest.CopyFrom(digest("holdout"))
    held.custody.custodian.CopyFrom(custodian())
    held.custody.commitment_root.CopyFrom(digest("root"))
    held.custody.salt_digest.CopyFrom(digest("salt"))
    held.custody.row_encoding = v1.ROW_ENCODING_CANONICAL_JSON
    held.custody.row_count = 10
    body.row_count = 30
    apart = body.leakage_checks.add()
    apart.CopyFrom(body.leakage_checks[0])
    apart.split_name, apart.other_split_name = "holdout", "train"
    return record


def custodian() -> v1.Actor:
    """Return who keeps the hold-back set."""
    return v1.Actor(kind=v1.ACTOR_KIND_TEAM, identity="custodian@bank.example")


def train(story: Story) -> v1.Record:
    """Make the training."""
    record = story.draft(v1.STAGE_MODEL_TRAINING, "split", "objectives")
    body = record.model_training
    body.data[0].split.CopyFrom(split(story, "train", v1.SPLIT_ROLE_TRAIN))
    body.trained_models[0].model.CopyFrom(MODEL)
    return record


def evaluate(story: Story) -> v1.Record:
    """Make the evaluation."""
    record = story.draft(v1.STAGE_MODEL_EVALUATION, "train", "objectives", "split")
    body = record.model_evaluation
    body.model.CopyFrom(MODEL)
    body.data.split.CopyFrom(split(story, "validation", v1.SPLIT_ROLE_VALIDATION))
    body.objectives.CopyFrom(story.ref("objectives"))
    body.training.CopyFrom(story.ref("train"))
    body.outcome.required_results[0].bound = 0.75
    return record


def opening(story: Story) -> v1.Record:
    """Make the opening of the hold-back set."""
    record = story.draft(v1.STAGE_HOLDOUT_OPENED, "split", "evaluate")
    body = record.holdout_opened
    body.holdout.CopyFrom(split(story, "holdout", v1.SPLIT_ROLE_HOLDOUT))
    body.model.CopyFrom(MODEL)
    body.evaluation.CopyFrom(story.ref("evaluate"))
    body.custodian.CopyFrom(custodian())
    body.commitment_root.CopyFrom(digest("root"))
    return record


def holdout_test(story: Story) -> v1.Record:
    """Make the hold-back test."""
    record = story.draft(v1.STAGE_HOLDOUT_TEST, "open", "evaluate", "objectives", "split")
    body = record.holdout_test
    body.model.CopyFrom(MODEL)
    body.data.split.CopyFrom(split(story, "holdout", v1.SPLIT_ROLE_HOLDOUT))
    body.opening.CopyFrom(story.ref("open"))
    body.evaluation.CopyFrom(story.ref("evaluate"))
    body.objectives.CopyFrom(story.ref("objectives"))
    body.outcome.required_results[0].bound = 0.75
    return record


def gate(story: Story) -> v1.Record:
    """Make the gate decision, from the evaluation and, if there is one, the hold-back test."""
    evidence = [name for name in ("evaluate", "test") if name in story.sealed]
    record = story.draft(v1.STAGE_GATE_DECISION, "objectives", *evidence)
    body = record.gate_decision
    body.model.CopyFrom(MODEL)
    body.objectives.CopyFrom(story.ref("objectives"))
    copy_evidence(body, story)
    body.decide_time.seconds = record.header.create_time.seconds
    return record


def copy_evidence(body: v1.GateDecision, story: Story) -> None:
    """Copy what evaluation and test came to."""
    del body.evidence[:]
    for name in ("evaluate", "test"):
        if name in story.sealed:
            source = body_of(story.sealed[name].peek())
            body.evidence.add(record=story.ref(name), outcome=source.outcome)  # type: ignore[union-attr]


def package(story: Story) -> v1.Record:
    """Make the packaging."""
    record = story.draft(v1.STAGE_MODEL_PACKAGING, "train", "gate")
    record.model_packaging.model.CopyFrom(MODEL)
    record.model_packaging.training.CopyFrom(story.ref("train"))
    return record


def serve(story: Story) -> v1.Record:
    """Make the roll-out."""
    record = story.draft(v1.STAGE_MODEL_SERVING, "gate", "package")
    body = record.model_serving
    body.to_model.CopyFrom(MODEL)
    body.packaging.CopyFrom(story.ref("package"))
    body.gate_decision.CopyFrom(story.ref("gate"))
    log = body.request_logs.add(origin=people.LOG_ORIGIN, keyid=people.key("log").keyid)
    log.durability.checkpointed.SetInParent()
    return record


def manifest(story: Story) -> v1.Record:
    """Make the manifest of the run."""
    record = story.draft(v1.STAGE_RUN_MANIFEST)
    list_run(record.run_manifest, story, RUN)
    return record


def list_run(body: v1.RunManifest, story: Story, run: str) -> None:
    """List the records of a run."""
    del body.entries[:]
    for name, sealed in story.sealed.items():
        header = sealed.peek().header
        if header.run_id != run or header.stage == v1.STAGE_RUN_MANIFEST:
            continue
        entry = body.entries.add(
            record=story.ref(name), record_id=header.record_id, state=header.state
        )
        if header.HasField("step_name"):
            entry.step_name, entry.step_attempt = header.step_name, header.step_attempt
    body.record_count = len(body.entries)


def other_manifest(story: Story) -> v1.Record:
    """Make the manifest of the other run."""
    record = story.draft(v1.STAGE_RUN_MANIFEST, run=OTHER_RUN)
    list_run(record.run_manifest, story, OTHER_RUN)
    return record


STEPS: dict[str, Make] = {
    "dataset": dataset,
    "objectives": objectives,
    "ingest": ingest,
    "split": splitting,
    "train": train,
    "evaluate": evaluate,
    "open": opening,
    "test": holdout_test,
    "gate": gate,
    "package": package,
    "serve": serve,
    "manifest": manifest,
}
"""The records in the order of their sealing."""
