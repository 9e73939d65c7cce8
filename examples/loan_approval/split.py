"""Stage 6: the sets that are trained and tested with, and the search for leaks between them.

Which rows go where was settled when they came in; here the sets get their digests, the hold-back
set its custodian and its commitment, and the search for leaks is made. Of the hold-back set only
counts are ever told.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pandas as pd

from examples.loan_approval import custody
from examples.loan_approval.columns import LABEL
from examples.loan_approval.job import Job, Past
from examples.loan_approval.leaks import (
    entity_keys,
    exact_rows,
    fitted_state,
    label_features,
    near_duplicates,
)
from examples.loan_approval.people import CUSTODIAN, DATA_ENGINEER, EVALUATOR
from examples.loan_approval.profile import dataset_statistics, edges_of
from examples.loan_approval.table import (
    BUCKET_COUNT,
    HASH_FUNCTION,
    KEY_FEATURES,
    PART_ENDS,
    SPLIT_SEED,
    Part,
)
from examples.loan_approval.transform import CLEAN_TRAIN, CLEAN_VALIDATION
from examples.loan_approval.validate import EDITED, feature_anomalies, read_clean, reference
from mlspec import digests, v1

MAX_OPENINGS = 3
PATHS = {Part.TRAIN: CLEAN_TRAIN, Part.VALIDATION: CLEAN_VALIDATION}
ROLES = {
    Part.TRAIN: v1.SPLIT_ROLE_TRAIN,
    Part.VALIDATION: v1.SPLIT_ROLE_VALIDATION,
    Part.HOLDOUT: v1.SPLIT_ROLE_HOLDOUT,
}


def split(job: Job) -> None:
    """Describe the sets, search for leaks, and seal the record of it."""
    transformation = job.past(v1.DataTransformation)
    validation = job.past(v1.DataValidation)
    body = v1.DataSplitting(
        dataset_version=transformation.body.output_dataset_version,
        method=v1.SPLIT_METHOD_HASH,
        function_path="examples.loan_approval.table.part_of",
        group_features=KEY_FEATURES,
        hash_features=KEY_FEATURES,
        hash_function=HASH_FUNCTION,
        hash_bucket_count=BUCKET_COUNT,
        unassigned_row_count=0,
    )
    body.parameters.add(name="seed", string_value=SPLIT_SEED)
    analysis = job.past(v1.DataAnalysis)
    parents = [transformation, validation, analysis]
    with job.step(DATA_ENGINEER, body, "split", parents) as step:
        clean = {part: read_clean(job, path) for part, path in PATHS.items()}
        for path in (*PATHS.values(), custody.SEALED_CLEAN):
            step.input(job.folder.artifact(path, role="clean rows"))
        body.splits.extend(open_splits(job, clean, validation))
        body.splits.append(held_back(job))
        body.row_count = sum(each.row_count for each in body.splits)
        body.leakage_checks.extend(checks(job, clean, transformation.body, analysis.body))
        body.leakage_verdict = overall(body)
        for path in PATHS.values():
            step.output(job.folder.artifact(path, role="split"))


def bounds(part: Part) -> tuple[int, int]:
    """First bucket of a part, and the one after its last."""
    ends = dict(PART_ENDS)
    order = [each for each, _ in PART_ENDS]
    place = order.index(part)
    return (ends[order[place - 1]] if place else 0), ends[part]


def open_splits(
    job: Job, clean: dict[Part, pd.DataFrame], validation: Past[v1.DataValidation]
) -> list[v1.Split]:
    """The sets that may be looked at, with their labels and statistics."""
    splits, edges = [], None
    for part, rows in clean.items():
        statistics = dataset_statistics(rows, edges=edges)
        edges = edges or edges_of(statistics)
        first, end = bounds(part)
        splits.append(
            v1.Split(
                name=part.value,
                role=ROLES[part],
                row_count=len(rows),
                group_count=len(rows.drop_duplicates(list(KEY_FEATURES))),
                digest=digests.digest_file(job.folder.at(PATHS[part])),
                dataset_version=validation.body.dataset_version,
                requested_rate=(end - first) / bounds(Part.HOLDOUT)[1],
                first_bucket=first,
                end_bucket=end,
                label_distribution=labels(rows),
                statistics=statistics,
                validation=v1.SplitValidation(
                    verdict=validation.body.verdict,
                    schema=validation.body.schema,
                    record=validation.reference,
                ),
            )
        )
    return splits


def labels(rows: pd.DataFrame) -> v1.LabelDistribution:
    """How often each decision stands in some rows."""
    distribution = v1.LabelDistribution(label_feature=LABEL, missing_count=0)
    for value in (0.0, 1.0):
        count = int((rows[LABEL] == value).sum())
        distribution.classes.add(value=v1.Scalar(number_value=value), count=count)
    return distribution


def held_back(job: Job) -> v1.Split:
    """The set under custody: bytes and rows bound, nothing told of what is in it."""
    held = custody.describe(job.folder, custody.SEALED_CLEAN)
    first, end = bounds(Part.HOLDOUT)
    kept = v1.HoldoutCustody(
        custodian=CUSTODIAN.actor,
        commitment_root=v1.Digest(sha256=held.root),
        row_count=held.row_count,
        row_encoding=v1.ROW_ENCODING_LINE,
        salt_digest=held.salt_digest,
        salt_reference=v1.SecretReference(keeper="custodian", name="holdout.salt"),
        # One user runs all of this example, and the raw file and the seed are at hand: to say that
        # nobody but the custodian could see the set would be false here.
        developer_access=True,
        encrypted_at_rest=False,
        openers=[EVALUATOR.actor],
        max_opening_count=MAX_OPENINGS,
        opening_terms="one model at a time, after its evaluation, before its launch",
    )
    kept.seal_time.FromDatetime(datetime.now(UTC))
    return v1.Split(
        name=Part.HOLDOUT.value,
        role=v1.SPLIT_ROLE_HOLDOUT,
        row_count=held.row_count,
        digest=held.digest,
        requested_rate=(end - first) / end,
        first_bucket=first,
        end_bucket=end,
        validation=v1.SplitValidation(
            verdict=custody.verdict(job.folder, lambda content: fits(job, content)),
            schema=reference(job, EDITED),
        ),
        custody=kept,
    )


def fits(job: Job, content: bytes) -> bool:
    """The custodian's look: is the set as the schema says, by the rule of stage 5."""
    schema = v1.FeatureSchema.FromString(job.folder.at(EDITED).read_bytes())
    rows = pd.read_csv(io.BytesIO(content))
    found = [a for f in schema.features for a in feature_anomalies(rows[f.name], f)]
    return all(anomaly.severity != v1.FINDING_SEVERITY_ERROR for anomaly in found)


def checks(
    job: Job,
    clean: dict[Part, pd.DataFrame],
    transformation: v1.DataTransformation,
    analysis: v1.DataAnalysis,
) -> list[v1.LeakageCheck]:
    """All searches for leaks, between each two sets and of labels."""
    train, validation = clean[Part.TRAIN], clean[Part.VALIDATION]
    return [
        exact_rows(job, Part.VALIDATION, Part.TRAIN),
        exact_rows(job, Part.HOLDOUT, Part.TRAIN),
        exact_rows(job, Part.HOLDOUT, Part.VALIDATION),
        entity_keys(job, Part.VALIDATION, Part.TRAIN),
        entity_keys(job, Part.HOLDOUT, Part.TRAIN),
        near_duplicates(Part.VALIDATION, validation, Part.TRAIN, train),
        label_features(train, analysis),
        fitted_state(transformation),
    ]


def overall(body: v1.DataSplitting) -> v1.Verdict.ValueType:
    """FAIL if a check failed, UNDECIDED if one is, else PASS."""
    verdicts = {check.verdict for check in body.leakage_checks}
    if v1.VERDICT_FAIL in verdicts:
        return v1.VERDICT_FAIL
    return v1.VERDICT_PASS if verdicts == {v1.VERDICT_PASS} else v1.VERDICT_UNDECIDED
