"""Stage 4: repair sentinels, drop what no model may see, take absurd rows out, fit the rest.

Everything here is either the same for each row, or learnt from training rows alone. The custodian
runs the same repair over the sealed hold-back rows and seals what comes out; nobody else sees it.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from examples.loan_approval import custody
from examples.loan_approval.analyse import BY_IQR, beyond, slice_counts
from examples.loan_approval.columns import FENCED, INPUTS, LABEL
from examples.loan_approval.ingest import TRAIN, VALIDATION
from examples.loan_approval.job import Job, Past
from examples.loan_approval.operations import (
    derive_slices,
    drop_columns,
    dropped_features,
    feature_mappings,
    fitted_operations,
    replace_sentinels,
)
from examples.loan_approval.people import DATA_ENGINEER
from examples.loan_approval.prepare import fit
from examples.loan_approval.registry import dataset_version
from examples.loan_approval.table import Table, inputs, read_table, repaired
from mlspec import digests, v1

CLEAN_TRAIN, CLEAN_VALIDATION = "data/clean/train.csv", "data/clean/validation.csv"
CLEAN_HOLDOUT = "data/clean/holdout.csv"
FITTED = "data/clean/fitted_state.json"


def transform(job: Job) -> None:
    """Clean each part, fit the preparation to the training rows, and seal the record of it."""
    ingestion, analysis = job.past(v1.DataIngestion), job.past(v1.DataAnalysis)
    body = v1.DataTransformation(input_dataset_versions=[ingestion.body.dataset_version])
    with job.step(DATA_ENGINEER, body, "transform", [ingestion, analysis]) as step:
        for relative in (TRAIN, VALIDATION, custody.SEALED):
            step.input(job.folder.artifact(relative, role="raw rows"))
        raw = {path: read_table(job.folder.at(path))[1] for path in (TRAIN, VALIDATION)}
        opened = pd.concat([table.frame() for table in raw.values()], ignore_index=True)
        train, validation = (repaired(table.frame()) for table in raw.values())
        held_rows = custody.transform(job.folder, clean_csv)
        row_count = len(opened) + held_rows
        eliminate, kept = eliminate_outliers(analysis, train, row_count)
        write(job, CLEAN_TRAIN, kept)
        write(job, CLEAN_VALIDATION, validation)
        state = fit(inputs(kept))
        job.folder.at(FITTED).write_text(json.dumps(state, indent=1, sort_keys=True))
        body.operations.extend([derive_slices(opened), replace_sentinels(opened), drop_columns()])
        body.operations.append(eliminate)
        after = row_count - len(train) + len(kept)
        body.operations.extend(fitted_operations(job, kept, state))
        for operation in body.operations:
            first = operation in body.operations[:3]
            operation.input_row_count = row_count if first or operation == eliminate else after
            operation.output_row_count = row_count if first else after
        body.feature_mappings.extend(feature_mappings(state))
        body.dropped_features.extend(dropped_features(analysis.body))
        body.input_row_count, body.output_row_count = row_count, after
        body.output_dataset_version.CopyFrom(register(job))
        for relative in (CLEAN_TRAIN, CLEAN_VALIDATION, custody.SEALED_CLEAN, FITTED):
            step.output(job.folder.artifact(relative, role="clean rows"))


def clean_csv(content: bytes) -> bytes:
    """Raw rows as CSV to clean rows as CSV."""
    header, *rows = content.rstrip(b"\n").split(b"\n")
    return to_csv(repaired(Table(header, tuple(rows)).frame()))


def to_csv(clean: pd.DataFrame) -> bytes:
    """Clean rows as CSV: shortest exact numbers, blanks for missing, line feeds."""
    text: str = clean.to_csv(index=False, lineterminator="\n")
    return text.encode()


def write(job: Job, relative: str, clean: pd.DataFrame) -> None:
    """Keep clean rows as a file."""
    job.folder.at(relative).write_bytes(to_csv(clean))


def eliminate_outliers(
    analysis: Past[v1.DataAnalysis], train: pd.DataFrame, row_count: int
) -> tuple[v1.TransformationOperation, pd.DataFrame]:
    """Take training rows out whose amounts lie beyond the bounds of the analysis.

    The rest is kept.
    """
    found = next(d for d in analysis.body.outlier_detections if d.name == BY_IQR)
    bounds = {f.feature: (f.lower_bound, f.upper_bound) for f in found.features_found}
    hit = beyond(train, bounds).any(axis=1).to_numpy()
    by_slice = slice_counts(train, hit)
    operation = v1.TransformationOperation(
        name="eliminate-outliers",
        kind=v1.TRANSFORMATION_KIND_ELIMINATE_OUTLIERS,
        input_features=FENCED,
        scope=v1.OPERATION_SCOPE_TRAINING,
        removed_by_slice=by_slice,
        outlier_elimination=v1.OutlierElimination(
            analysis=analysis.reference,
            detection_name=BY_IQR,
            rule_text="an amount beyond ten interquartile ranges from the quartiles",
            action=v1.OUTLIER_ACTION_REMOVE_ROW,
            examined_row_count=len(train),
            eliminated_row_count=int(hit.sum()),
            eliminated_by_slice=by_slice,
            justification="the model is not meant for such amounts: the service refuses them too",
        ),
    )
    return operation, train[np.logical_not(hit)].reset_index(drop=True)


def register(job: Job) -> v1.DatasetVersionReference:
    """Make the clean rows a version of the dataset."""
    held = custody.describe(job.folder, custody.SEALED_CLEAN)
    shards = {
        path: digests.digest_file(job.folder.at(path)) for path in (CLEAN_TRAIN, CLEAN_VALIDATION)
    }
    shards[CLEAN_HOLDOUT] = held.digest
    lines = "".join(f"{shards[name].sha256.hex()}  {name}\n" for name in sorted(shards))
    return dataset_version(
        job,
        "2",
        digest=digests.digest_bytes(lines.encode()),
        paths=tuple(sorted(shards)),
        notes=f"{len(INPUTS)} inputs, race, sex and {LABEL}; sentinels repaired, leaks dropped",
    )
