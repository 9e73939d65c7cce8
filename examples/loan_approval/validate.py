"""Stage 5: is the clean data as its schema says, and did the parts come out alike?

The schema is guessed from thirty rows, and then laid down by people: a guess refuses most of the
data, which is shown here, not hidden. The hold-back rows are not looked at; their custodian says
yes or no in the next stage.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from examples.loan_approval.analyse import BY_IQR
from examples.loan_approval.columns import INPUTS, LABEL
from examples.loan_approval.drift import population_stability
from examples.loan_approval.job import Job
from examples.loan_approval.people import DATA_ENGINEER
from examples.loan_approval.registry import datastore_id
from examples.loan_approval.schema import (
    DIALECT,
    QUERY,
    first_rows,
    infer,
    lay_down,
    of_requests,
    outside,
)
from examples.loan_approval.transform import CLEAN_TRAIN, CLEAN_VALIDATION
from mlspec import digests, v1

INFERRED, EDITED, REQUESTS = (
    "schema/inferred.binpb",
    "schema/loan-applications.binpb",
    "schema/inputs.binpb",
)
SMALL_SHARE = 0.01
"""Up to this share of rows, values out of their domain are a warning; beyond, they block."""


def validate_data(job: Job) -> None:
    """Guess, edit and use the schema; seal the record of what was found."""
    analysis = job.past(v1.DataAnalysis)
    transformation = job.past(v1.DataTransformation)
    body = v1.DataValidation(dataset_version=transformation.body.output_dataset_version)
    with job.step(DATA_ENGINEER, body, "validate", [analysis, transformation]) as step:
        train, validation = (read_clean(job, path) for path in (CLEAN_TRAIN, CLEAN_VALIDATION))
        for path in (CLEAN_TRAIN, CLEAN_VALIDATION):
            step.input(job.folder.artifact(path, role="clean rows"))
        inferred = infer(first_rows(train))
        fences = next(d for d in analysis.body.outlier_detections if d.name == BY_IQR)
        schema, changes = lay_down(inferred, fences)
        for path, each in ((INFERRED, inferred), (EDITED, schema), (REQUESTS, of_requests(schema))):
            job.folder.at(path).write_bytes(each.SerializeToString())
            step.output(job.folder.artifact(path, role="schema"))
        body.schema.CopyFrom(reference(job, EDITED))
        body.schema_provenance.CopyFrom(provenance(job, changes))
        looked_at = pd.concat([train, validation], ignore_index=True)
        body.row_count = transformation.body.output_row_count
        body.sampling.CopyFrom(sampling(len(looked_at), body.row_count))
        body.checks.extend(checks(looked_at))
        body.anomalies.extend(anomalies(looked_at, schema, inferred, train, body.checks))
        body.reference_analysis.CopyFrom(analysis.reference)
        body.reference_dataset_version.CopyFrom(analysis.body.dataset_version)
        body.drift_checks.extend(drift_checks(analysis.body, validation))
        body.verdict = verdict(body)
        if body.verdict == v1.VERDICT_UNDECIDED:
            body.reason = "a drift check is undecided"


def read_clean(job: Job, relative: str) -> pd.DataFrame:
    """Clean rows from their file."""
    frame: pd.DataFrame = pd.read_csv(job.folder.at(relative))
    return frame


def reference(job: Job, relative: str) -> v1.FeatureSchemaReference:
    """How records name a schema that lies in a file."""
    schema = v1.FeatureSchema.FromString(job.folder.at(relative).read_bytes())
    return v1.FeatureSchemaReference(
        name=schema.name,
        version=schema.version,
        digest=digests.digest_file(job.folder.at(relative)),
    )


def provenance(job: Job, changes: list[str]) -> v1.SchemaProvenance:
    """From thirty rows to what people laid down."""
    return v1.SchemaProvenance(
        origin=v1.SCHEMA_ORIGIN_INFERRED_AND_EDITED,
        inference_path=v1.DataPath(
            datastore_id=datastore_id(job), query_text=QUERY, query_dialect=DIALECT
        ),
        inference_dataset_version=job.past(v1.DataTransformation).body.output_dataset_version,
        inference_row_count=int(QUERY.rsplit(" ", 1)[1]),
        previous_schema=reference(job, INFERRED),
        editor=DATA_ENGINEER.actor,
        changes=changes,
    )


def sampling(looked_at: int, row_count: int) -> v1.RowSampling:
    """All rows but those held back, which a hash of their key has picked."""
    return v1.RowSampling(
        method=v1.SAMPLING_METHOD_HASH, row_count=looked_at, requested_rate=looked_at / row_count
    )


def checks(rows: pd.DataFrame) -> list[v1.DataCheck]:
    """What must hold between features."""
    ratio = np.abs(rows["loanamt"] / rows["price"] - rows["loanprc"]) > 1e-6
    burden = rows["hrat"] > rows["obrat"] + 1e-9
    duplicates = rows.duplicated()
    return [
        v1.DataCheck(
            id="loan-over-price",
            description="loanprc is loanamt over price, to six digits",
            expression_text="abs(loanamt / price - loanprc) <= 1e-6",
            expression_language="cel",
            features=["loanamt", "price", "loanprc"],
            severity=v1.FINDING_SEVERITY_ERROR,
            examined_row_count=len(rows),
            violation_row_count=int(ratio.sum()),
        ),
        v1.DataCheck(
            id="housing-within-obligations",
            description="housing expense is part of all obligations, so its share is no greater",
            expression_text="hrat <= obrat",
            expression_language="cel",
            features=["hrat", "obrat"],
            severity=v1.FINDING_SEVERITY_WARNING,
            examined_row_count=len(rows),
            violation_row_count=int(burden.sum()),
        ),
        v1.DataCheck(
            id="no-row-twice",
            description="no row stands twice",
            severity=v1.FINDING_SEVERITY_ERROR,
            examined_row_count=len(rows),
            violation_row_count=int(duplicates.sum()),
        ),
    ]


def anomalies(
    rows: pd.DataFrame,
    schema: v1.FeatureSchema,
    inferred: v1.FeatureSchema,
    train: pd.DataFrame,
    done: Iterable[v1.DataCheck],
) -> list[v1.DataAnomaly]:
    """All that is not as expected, worst first."""
    found = [a for f in schema.features for a in feature_anomalies(rows[f.name], f)]
    for check in done:
        if check.violation_row_count:
            kind = (
                v1.ANOMALY_KIND_DUPLICATE_ROWS
                if check.id == "no-row-twice"
                else v1.ANOMALY_KIND_CONTRADICTION
            )
            found.append(
                v1.DataAnomaly(
                    id=f"check-{check.id}",
                    kind=kind,
                    severity=check.severity,
                    description=f"does not hold: {check.description}",
                    row_count=check.violation_row_count,
                    examined_row_count=check.examined_row_count,
                    check_id=check.id,
                )
            )
    found.append(guess_anomaly(train, inferred))
    return sorted(found, key=lambda anomaly: (anomaly.severity, anomaly.id))


def feature_anomalies(
    column: pd.Series[float] | pd.Series[str], feature: v1.FeatureDefinition
) -> list[v1.DataAnomaly]:
    """Values that are missing too often, or out of their domain."""
    found = []
    missing, wrong = int(column.isna().sum()), int(outside(column, feature).sum())
    presence = 1 - missing / len(column)
    if presence < feature.min_presence_rate:
        found.append(
            v1.DataAnomaly(
                id=f"{feature.name}-missing",
                kind=v1.ANOMALY_KIND_MISSING_VALUES,
                severity=v1.FINDING_SEVERITY_ERROR,
                feature=feature.name,
                description="missing more often than allowed",
                expected=v1.Scalar(number_value=feature.min_presence_rate),
                observed=v1.Scalar(number_value=presence),
                row_count=missing,
                examined_row_count=len(column),
            )
        )
    if wrong:
        small = wrong <= SMALL_SHARE * len(column)
        found.append(
            v1.DataAnomaly(
                id=f"{feature.name}-domain",
                kind=v1.ANOMALY_KIND_UNKNOWN_VALUES
                if feature.HasField("value_domain")
                else v1.ANOMALY_KIND_OUT_OF_RANGE,
                severity=v1.FINDING_SEVERITY_WARNING if small else v1.FINDING_SEVERITY_ERROR,
                feature=feature.name,
                description="values out of the domain; the model does not answer for such rows",
                row_count=wrong,
                examined_row_count=len(column),
            )
        )
    return found


def guess_anomaly(train: pd.DataFrame, inferred: v1.FeatureSchema) -> v1.DataAnomaly:
    """How many training rows the guessed schema would have refused: why people had to edit it."""
    refused = np.zeros(len(train), dtype=bool)
    for feature in inferred.features:
        refused |= outside(train[feature.name], feature)
    return v1.DataAnomaly(
        id="inferred-schema-too-narrow",
        custom_kind="guessed schema refuses good rows",
        severity=v1.FINDING_SEVERITY_NOTE,
        description="rows of the training split that the schema guessed from 30 rows refuses",
        row_count=int(refused.sum()),
        examined_row_count=len(train),
    )


def drift_checks(analysis: v1.DataAnalysis, validation: pd.DataFrame) -> list[v1.DriftCheck]:
    """Whether the validation split is distributed like the training split, input by input."""
    reference_of = {f.name: f for f in analysis.statistics.features}
    made = []
    for name in (*INPUTS, LABEL):
        measured = population_stability(reference_of[name], validation[name])
        made.append(measured.as_check(f"split-{name}", name))
    return made


def verdict(body: v1.DataValidation) -> v1.Verdict.ValueType:
    """FAIL if an error stands, UNDECIDED if a drift check is, else PASS."""
    errors = [a for a in body.anomalies if a.severity == v1.FINDING_SEVERITY_ERROR]
    drifts = [d for d in body.drift_checks if d.severity == v1.FINDING_SEVERITY_ERROR]
    if errors or any(d.verdict == v1.VERDICT_FAIL for d in drifts):
        return v1.VERDICT_FAIL
    if any(d.verdict == v1.VERDICT_UNDECIDED for d in drifts):
        return v1.VERDICT_UNDECIDED
    return v1.VERDICT_PASS
