"""Stage 3: what the training rows look like, overall and by race and sex, and what lies far out.

Only rows of the training split are looked at: the record is the reference that drift is measured
against later, and the bounds found here are used to clean the data.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from examples.loan_approval.columns import CODES, FENCED, LABEL, LEAKS, SLICE_FEATURES
from examples.loan_approval.ingest import TRAIN
from examples.loan_approval.job import Job
from examples.loan_approval.people import DATA_ENGINEER
from examples.loan_approval.profile import dataset_statistics, edges_of, equals
from examples.loan_approval.table import Table, race, read_table, sex, without_sentinels
from mlspec import v1

SLICE_MIN_ROWS = 10
IQR_FACTOR, MAD_FACTOR = 10.0, 30.0
MAD_TO_SIGMA = 1.4826
BY_IQR, BY_MAD = "amounts-iqr", "amounts-mad"
EXAMPLE_COUNT = 5


def analyse(job: Job) -> None:
    """Profile the raw training rows and seal the record of it."""
    ingestion = job.past(v1.DataIngestion)
    body = v1.DataAnalysis(
        dataset_version=ingestion.body.dataset_version,
        slice_features=SLICE_FEATURES,
        slice_min_row_count=SLICE_MIN_ROWS,
    )
    with job.step(DATA_ENGINEER, body, "analyse", [ingestion]) as step:
        rows = job.folder.artifact(TRAIN, role="training rows", media_type="text/csv")
        step.input(rows)
        _, table = read_table(job.folder.at(TRAIN))
        frame = observed(table)
        body.split.CopyFrom(
            v1.SplitReference(
                name="train",
                role=v1.SPLIT_ROLE_TRAIN,
                digest=rows.digest,
                dataset_version=ingestion.body.dataset_version,
                row_count=len(frame),
            )
        )
        body.row_count = len(frame)
        body.statistics.CopyFrom(dataset_statistics(frame))
        slice_up(body, frame)
        body.correlations.extend(correlations(frame))
        for name, bounds in ((BY_IQR, iqr_bounds(frame)), (BY_MAD, mad_bounds(frame))):
            body.outlier_detections.append(outliers(name, frame, bounds, rows.digest))
        body.gaps.extend(gaps())


def observed(table: Table) -> pd.DataFrame:
    """The raw columns with sentinels as missing, and race and sex beside them."""
    raw = table.frame()
    return without_sentinels(raw).assign(race=race(raw), sex=sex(raw))


def slice_up(body: v1.DataAnalysis, frame: pd.DataFrame) -> None:
    """Add statistics for each value of race and sex, with the histogram edges of all rows."""
    edges, omitted = edges_of(body.statistics), 0
    for feature in SLICE_FEATURES:
        for value, rows in frame.groupby(feature):
            if len(rows) < SLICE_MIN_ROWS:
                omitted += 1
                continue
            part = equals(feature, str(value))
            body.slice_statistics.append(dataset_statistics(rows, edges=edges, part=part))
    body.omitted_slice_count = omitted


def correlations(frame: pd.DataFrame) -> list[v1.Correlation]:
    """Pearson's r of every number with the label; Cramer's V of the codes."""
    found = []
    for name in frame.columns.drop([LABEL, *SLICE_FEATURES]):
        both = frame[[name, LABEL]].dropna()
        r = v1.Correlation(
            feature=str(name),
            other_feature=LABEL,
            statistic=v1.CORRELATION_STATISTIC_PEARSON,
            sample_count=len(both),
        )
        if both[name].nunique() > 1:
            r.value = float(stats.pearsonr(both[name], both[LABEL]).statistic)
        found.append(r)
    for name in (*CODES, *SLICE_FEATURES):
        counts = pd.crosstab(frame[name], frame[LABEL]).to_numpy()
        found.append(
            v1.Correlation(
                feature=name,
                other_feature=LABEL,
                statistic=v1.CORRELATION_STATISTIC_CRAMERS_V,
                value=float(stats.contingency.association(counts, method="cramer")),
                sample_count=int(counts.sum()),
            )
        )
    return found


Bounds = dict[str, tuple[float, float]]


def iqr_bounds(frame: pd.DataFrame) -> Bounds:
    """Ten interquartile ranges beyond the quartiles."""
    bounds = {}
    for name in FENCED:
        low, high = frame[name].quantile([0.25, 0.75])
        spread = IQR_FACTOR * (high - low)
        bounds[name] = (float(low - spread), float(high + spread))
    return bounds


def mad_bounds(frame: pd.DataFrame) -> Bounds:
    """Thirty median absolute deviations (scaled to a normal's sigma) around the median."""
    bounds = {}
    for name in FENCED:
        present = frame[name].dropna()
        middle = float(present.median())
        reach = MAD_FACTOR * MAD_TO_SIGMA * float(stats.median_abs_deviation(present))
        bounds[name] = (middle - reach, middle + reach)
    return bounds


def beyond(frame: pd.DataFrame, bounds: Bounds) -> pd.DataFrame:
    """Rows by fenced features: where a value is present and out of bounds."""
    return pd.DataFrame(
        {name: (frame[name] < low) | (frame[name] > high) for name, (low, high) in bounds.items()}
    )


def outliers(
    name: str, frame: pd.DataFrame, bounds: Bounds, file_digest: v1.Digest
) -> v1.OutlierDetection:
    """What one search found: for each feature, in each slice, and where to look."""
    hit = beyond(frame, bounds)
    rows = hit.any(axis=1).to_numpy()
    method, factor = (
        (v1.OUTLIER_METHOD_INTERQUARTILE_RANGE, IQR_FACTOR)
        if name == BY_IQR
        else (v1.OUTLIER_METHOD_MEDIAN_DEVIATION, MAD_FACTOR)
    )
    found = v1.OutlierDetection(
        name=name,
        method=method,
        features=FENCED,
        examined_row_count=len(frame),
        outlier_row_count=int(rows.sum()),
        slices_found=slice_counts(frame, rows),
    )
    found.parameters.add(name="factor", number_value=factor)
    for feature, (low, high) in bounds.items():
        found.features_found.add(
            feature=feature, count=int(hit[feature].sum()), lower_bound=low, upper_bound=high
        )
    if rows.any():
        found.examples.artifact_digest.CopyFrom(file_digest)
        found.examples.row_indexes.extend(np.flatnonzero(rows)[:EXAMPLE_COUNT].tolist())
    return found


def slice_counts(frame: pd.DataFrame, rows: np.ndarray) -> list[v1.SliceCount]:
    """How many of each value of race and sex are among some rows."""
    counts = []
    for feature in SLICE_FEATURES:
        column = frame[feature].to_numpy()
        for value in sorted(set(column)):
            of_value = column == value
            counts.append(
                v1.SliceCount(
                    slice=equals(feature, str(value)),
                    count=int(np.sum(rows & of_value)),
                    row_count=int(np.sum(of_value)),
                )
            )
    return counts


def gaps() -> list[v1.DataGap]:
    """What the data lacks, and statistics alone do not show."""
    return [
        v1.DataGap(
            description="the label is what lenders decided in 1990, not whether the loan was good",
            kind=v1.DATA_GAP_KIND_LABELS,
            features=[LABEL],
            consequence="a model repeats their decisions, unequal treatment included",
            remedy="compare groups before launch; a person decides on each referral",
        ),
        v1.DataGap(
            description="people who were talked out of applying are not in the data",
            kind=v1.DATA_GAP_KIND_SELECTION,
            consequence="rates of approval say nothing about them",
        ),
        v1.DataGap(
            description="666, 999 and 999999 stand for missing; some went through 32-bit floats",
            kind=v1.DATA_GAP_KIND_MEASUREMENT,
            features=["appinc", "gdlin", "liq", "lines", "term", "review"],
            remedy="replaced in the transformation",
        ),
        v1.DataGap(
            description="some columns are known only with or after the decision",
            kind=v1.DATA_GAP_KIND_LABELS,
            features=list(LEAKS),
            consequence="a model that sees them looks perfect and is useless",
            remedy="dropped in the transformation",
        ),
        v1.DataGap(
            description="mortgages of one city in one year",
            kind=v1.DATA_GAP_KIND_AGE,
            consequence="amounts of today lie far beyond those of the training rows",
            remedy="the service refuses amounts beyond the bounds found here",
        ),
    ]
