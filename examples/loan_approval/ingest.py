"""Stage 2: take the applications in, check who vouches for them, lock a part away unseen.

Which part a row belongs to follows from its bytes. The hold-back rows go to the custodian before
anybody has looked at the data, so that nothing that is fitted later can have met them. One row in
ten is not taken in at all: those are the people who apply once the model serves.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from examples.loan_approval import custody
from examples.loan_approval.columns import LABEL
from examples.loan_approval.job import Job
from examples.loan_approval.people import DATA_ENGINEER
from examples.loan_approval.registry import dataset_version, datastore_id
from examples.loan_approval.source import connectors, sign, signature_of
from examples.loan_approval.table import (
    HASH_FUNCTION,
    KEY_FEATURES,
    PART_ENDS,
    SPLIT_SEED,
    Part,
    Table,
    read_table,
)
from mlspec import digests, v1

TRAIN, VALIDATION = "data/raw/train.csv", "data/raw/validation.csv"
LATER = "later/applicants.csv"
HOLDOUT = "data/raw/holdout.csv"
"""The name of the hold-back shard in manifests; under this name nothing is ever on the disk."""

OPEN_PARTS = {Part.TRAIN: TRAIN, Part.VALIDATION: VALIDATION}
MEDIA_TYPES = {".bz2": "application/x-bzip2", ".csv": "text/csv"}


def ingest(job: Job, source: Path) -> None:
    """Copy, sign, check, divide, and seal the record of it."""
    relative = "raw/loanapp.csv.bz2" if source.suffix == ".bz2" else "raw/loanapp.csv"
    received = job.folder.at(relative)
    shutil.copyfile(source, received)
    sign(job, relative)
    media_type = MEDIA_TYPES[received.suffix]
    content = job.folder.artifact(relative, role="source", media_type=media_type)
    body = v1.DataIngestion(
        collection_purpose="a study of mortgage lending in Boston in 1990 (Hunter and Walker 1996)",
        row_order_stable=True,
    )
    parents = [job.past(v1.Objectives)]
    with job.step(DATA_ENGINEER, body, "ingest", parents) as step:
        packed, table = read_table(received)
        step.input(content)
        body.sharding.CopyFrom(divide(job, table))
        read = body.sources.add(
            name="loanapp",
            connectors=connectors(source),
            path=v1.DataPath(datastore_id=datastore_id(job), relative_path=relative),
            content=content,
            snapshot_id=content.digest.sha256.hex(),
            row_count=len(table.rows),
            size_bytes=len(packed),
            licence="MIT",
        )
        read.read_time.FromDatetime(datetime.now(UTC))
        read.signatures.append(signature_of(job, relative))
        reject_later(read, table)
        body.labellings.append(labelling(table))
        describe_result(job, body, read.signatures[0].signature)
        for path in (*OPEN_PARTS.values(), custody.SEALED):
            step.output(job.folder.artifact(path, role="rows"))


def divide(job: Job, table: Table) -> v1.DataSharding:
    """Write each part to its place; return what of it may be told."""
    custody.seal_holdout(job.folder, table.part(Part.HOLDOUT).to_csv())
    job.folder.at(LATER).write_bytes(table.part(Part.LATER).to_csv())
    sharding = v1.DataSharding(strategy=v1.SHARDING_STRATEGY_HASH, key_features=KEY_FEATURES)
    sharding.parameters.add(name="hash_function", string_value=HASH_FUNCTION)
    sharding.parameters.add(name="seed", string_value=SPLIT_SEED)
    for part, end in PART_ENDS[:-1]:
        sharding.parameters.add(name=f"{part.value}_end_bucket", integer_value=end)
    for part, path in OPEN_PARTS.items():
        job.folder.at(path).write_bytes(table.part(part).to_csv())
        content = job.folder.artifact(path, role="rows", media_type="text/csv")
        rows = len(table.part(part).rows)
        sharding.shards.add(name=path, content=content, digest=content.digest, row_count=rows)
    held = custody.describe(job.folder, custody.SEALED)
    sharding.shards.add(name=HOLDOUT, digest=held.digest, row_count=held.row_count)
    sharding.shard_count = len(sharding.shards)
    sharding.manifest_digest.CopyFrom(manifest_digest(sharding))
    return sharding


def manifest_digest(sharding: v1.DataSharding) -> v1.Digest:
    """The digest of the sorted manifest that binds the shards' names to their bytes."""
    lines = sorted(f"{s.digest.sha256.hex()}  {s.name}\n" for s in sharding.shards)
    by_name = sorted(lines, key=lambda line: line.split("  ", 1)[1].encode())
    return digests.digest_bytes("".join(by_name).encode())


def reject_later(read: v1.DataSource, table: Table) -> None:
    """Say which rows were not taken in."""
    later = len(table.part(Part.LATER).rows)
    read.rejected_row_count = later
    if later:
        read.rejections.add(
            custom_reason="set aside: they apply after launch",
            row_count=later,
            rule_text=f"bucket {PART_ENDS[-2][1]} or above",
        )


def labelling(table: Table) -> v1.Labelling:
    """How the label came to be known: the lenders of 1990 decided."""
    kept = table.part(Part.TRAIN, Part.VALIDATION, Part.HOLDOUT)
    return v1.Labelling(
        label_feature=LABEL,
        method=v1.LABELLING_METHOD_PAST_DECISION,
        form=v1.LABEL_FORM_CLASS,
        meaning="1: the lender approved (action 1 or 2); not that the loan was paid back",
        annotators=[
            v1.AnnotatorGroup(
                kind=v1.ANNOTATOR_KIND_EXPERT,
                label_count=len(kept.rows),
                qualification="underwriters of the lenders in the study",
            )
        ],
        labels_per_row=1,
        labelled_row_count=len(kept.rows),
        unlabelled_row_count=0,
    )


def describe_result(job: Job, body: v1.DataIngestion, signature: v1.Artifact) -> None:
    """Register what came out as a version of the dataset."""
    shards = body.sharding.shards
    body.row_count = sum(shard.row_count for shard in shards)
    body.size_bytes = sum(job.folder.at(path).stat().st_size for path in OPEN_PARTS.values())
    body.size_bytes += custody.size_bytes(job.folder)
    version = dataset_version(
        job,
        "1",
        digest=body.sharding.manifest_digest,
        paths=tuple(shard.name for shard in shards),
        notes="raw rows as they came, hold-back rows sealed",
        signature=signature,
    )
    body.dataset_version.CopyFrom(version)
