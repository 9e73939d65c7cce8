"""The objects that outlive a run: each is made by a signed event, so that it can be checked."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from examples.loan_approval.job import PIPELINE, Job
from examples.loan_approval.people import DATA_ENGINEER, DATA_OWNER, TRAINER, Person
from mlspec import digests, v1
from mlspec.records import new_id

DATASET, MODEL = "loan-applications", "loan-approval"
DATASTORE = "loan-files"
PERSONAL_DATA = (
    "race and ethnicity",
    "sex",
    "marital status",
    "age",
    "income and assets",
    "credit history",
)


def attributes(name: str, description: str, owner: Person) -> v1.ObjectAttributes:
    """A new object's identity."""
    made = v1.ObjectAttributes(
        id=new_id(),
        name=name,
        status=v1.OBJECT_STATUS_ACTIVE,
        description=description,
        owner=owner.actor,
    )
    made.create_time.FromDatetime(datetime.now(UTC))
    return made


def _create(job: Job, person: Person, event: v1.ObjectEvent, object_id: str) -> str:
    event.action, event.object_id = v1.OBJECT_ACTION_CREATE, object_id
    job.emit(person, event)
    return object_id


def _id_of(job: Job, kind: v1.ObjectKind.ValueType, name: str) -> str | None:
    return next((row.object_id for row in job.store.objects(kind=kind) if row.name == name), None)


def datastore_id(job: Job) -> str:
    """The id of the place where the files lie, made at first use."""
    known = _id_of(job, v1.OBJECT_KIND_DATASTORE, DATASTORE)
    if known:
        return known
    place = v1.Datastore(
        attributes=attributes(DATASTORE, "the output folder of the run", DATA_ENGINEER),
        kind=v1.DATASTORE_KIND_FILE_SYSTEM,
    )
    event = v1.ObjectEvent(object_kind=v1.OBJECT_KIND_DATASTORE, datastore=place)
    return _create(job, DATA_ENGINEER, event, place.attributes.id)


def dataset_id(job: Job) -> str:
    """The id of the dataset, made at first use."""
    known = _id_of(job, v1.OBJECT_KIND_DATASET, DATASET)
    if known:
        return known
    dataset = v1.Dataset(
        attributes=attributes(DATASET, "mortgage applications in Boston, 1990", DATA_OWNER),
        visibility=v1.DATASET_VISIBILITY_INTERNAL,
    )
    event = v1.ObjectEvent(object_kind=v1.OBJECT_KIND_DATASET, dataset=dataset)
    return _create(job, DATA_ENGINEER, event, dataset.attributes.id)


def dataset_version(
    job: Job,
    version: str,
    *,
    digest: v1.Digest,
    paths: tuple[str, ...],
    notes: str,
    signature: v1.Artifact | None = None,
) -> v1.DatasetVersionReference:
    """Register a version of the dataset and return how records name it."""
    place = datastore_id(job)
    made = v1.DatasetVersion(
        attributes=attributes(f"{DATASET}-{version}", notes, DATA_OWNER),
        dataset_id=dataset_id(job),
        version=version,
        paths=[v1.DataPath(datastore_id=place, relative_path=path) for path in paths],
        digest=digest,
        signature=signature,
        licence="MIT",
        data_owner=DATA_OWNER.actor,
        legal_basis=v1.LegalBasis(
            kind=v1.LEGAL_BASIS_KIND_NOT_PERSONAL,
            reference_text="published for teaching without names or addresses",
        ),
        personal_data_categories=PERSONAL_DATA,
        read_only=True,
        version_notes=notes,
    )
    event = v1.ObjectEvent(object_kind=v1.OBJECT_KIND_DATASET_VERSION, dataset_version=made)
    _create(job, DATA_ENGINEER, event, made.attributes.id)
    return v1.DatasetVersionReference(
        dataset_name=DATASET,
        id=made.attributes.id,
        version=version,
        digest=digest,
        status=v1.OBJECT_STATUS_ACTIVE,
    )


def model_version(job: Job, model: v1.ModelVersion, version: str) -> v1.ModelVersionReference:
    """Register a version of the model and return how records name it.

    Args:
        job: The run.
        model: All but attributes, model id and version label.
        version: The label.
    """
    owner_id = _id_of(job, v1.OBJECT_KIND_MODEL, MODEL) or _make_model(job)
    model.attributes.CopyFrom(
        attributes(f"{MODEL}-{version.replace('.', '-')}", "a loan model", TRAINER)
    )
    model.model_id, model.version = owner_id, version
    event = v1.ObjectEvent(object_kind=v1.OBJECT_KIND_MODEL_VERSION, model_version=model)
    _create(job, TRAINER, event, model.attributes.id)
    return v1.ModelVersionReference(
        model_name=MODEL, version=version, id=model.attributes.id, digest=model.artifact.digest
    )


def _make_model(job: Job) -> str:
    model = v1.Model(
        attributes=attributes(MODEL, "sorts mortgage applications", TRAINER),
        purpose="find the applications that underwriters would plainly approve",
        domain_name="consumer credit",
    )
    event = v1.ObjectEvent(object_kind=v1.OBJECT_KIND_MODEL, model=model)
    return _create(job, TRAINER, event, model.attributes.id)


STEPS: tuple[tuple[str, v1.Stage.ValueType], ...] = (
    ("objectives", v1.STAGE_OBJECTIVES),
    ("ingest", v1.STAGE_DATA_INGESTION),
    ("analyse", v1.STAGE_DATA_ANALYSIS),
    ("transform", v1.STAGE_DATA_TRANSFORMATION),
    ("validate", v1.STAGE_DATA_VALIDATION),
    ("split", v1.STAGE_DATA_SPLITTING),
    ("train", v1.STAGE_MODEL_TRAINING),
    ("evaluate", v1.STAGE_MODEL_EVALUATION),
    ("holdout-test", v1.STAGE_HOLDOUT_TEST),
    ("package", v1.STAGE_MODEL_PACKAGING),
    ("serve", v1.STAGE_MODEL_SERVING),
    ("monitor", v1.STAGE_MONITORING),
    ("log", v1.STAGE_LOGGING),
)
"""The steps of the pipeline in their order, and the stage that each records."""


def pipeline() -> tuple[v1.Pipeline, v1.PipelineVersion]:
    """The graph of steps, as it is published before the run."""
    made = v1.Pipeline(attributes=attributes(PIPELINE, "from raw data to monitoring", TRAINER))
    version = v1.PipelineVersion(
        attributes=attributes(f"{PIPELINE}-1", "thirteen stages, one after the other", TRAINER),
        pipeline_id=made.attributes.id,
        version="1",
        form=v1.PIPELINE_FORM_PUBLISHED,
    )
    for name, stage in STEPS:
        version.vertices.add(name=name).step.stage = stage
    for (before, _), (after, _) in pairwise(STEPS):
        version.edges.add(from_vertex=before, to_vertex=after, kind=v1.EDGE_KIND_CONTROL)
    return made, version


def pipeline_reference(version: v1.PipelineVersion) -> v1.PipelineReference:
    """How records name a published version: with the digest of its definition."""
    definition = digests.digest_bytes(version.SerializeToString())
    return v1.PipelineReference(name=PIPELINE, version="1", definition_digest=definition)


def publish(job: Job, made: v1.Pipeline, version: v1.PipelineVersion) -> None:
    """Seal the events that make the pipeline and its version."""
    event = v1.ObjectEvent(object_kind=v1.OBJECT_KIND_PIPELINE, pipeline=made)
    _create(job, DATA_ENGINEER, event, made.attributes.id)
    event = v1.ObjectEvent(object_kind=v1.OBJECT_KIND_PIPELINE_VERSION, pipeline_version=version)
    _create(job, DATA_ENGINEER, event, version.attributes.id)
