"""The search for leaks between sets, and of the label into the inputs."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from scipy import stats

from examples.loan_approval import custody
from examples.loan_approval.columns import DROPPED, INPUTS, LABEL, LEAKS
from examples.loan_approval.job import Job
from examples.loan_approval.table import KEY_FEATURES, Part
from examples.loan_approval.transform import CLEAN_TRAIN, CLEAN_VALIDATION
from mlspec import v1

NEAR_SHARE = 0.9
"""Rows that agree in this share of the inputs are nearly the same."""

LABEL_R = 0.9
"""An input whose correlation with the label is at least this gives it away."""

FILES = {Part.TRAIN: CLEAN_TRAIN, Part.VALIDATION: CLEAN_VALIDATION}
FINDING_COUNT = 8


def whole_rows(content: bytes) -> list[bytes]:
    """Each row of a CSV file as it stands there."""
    return custody.rows_of(content)


def application_keys(content: bytes) -> list[bytes]:
    """What names the application in each row of a clean file: its amounts."""
    frame = pd.read_csv(io.BytesIO(content), usecols=list(KEY_FEATURES))[list(KEY_FEATURES)]
    return [row.tobytes() for row in frame.to_numpy(dtype=np.float64)]


def exact_rows(job: Job, part: Part, other: Part) -> v1.LeakageCheck:
    """Rows of one set that stand in another, byte for byte."""
    check = _compared(job, part, other, whole_rows)
    check.kind, check.counted_unit = v1.LEAKAGE_KIND_EXACT_ROWS, v1.LEAKAGE_UNIT_ROWS
    check.method_text = "lines of the clean files, byte for byte"
    if part == Part.HOLDOUT:
        check.method_text += "; the custodian looked and told the counts"
    return check


def entity_keys(job: Job, part: Part, other: Part) -> v1.LeakageCheck:
    """Applications of one set that stand in another, told by their amounts."""
    check = _compared(job, part, other, application_keys)
    check.kind, check.counted_unit = v1.LEAKAGE_KIND_ENTITY_KEYS, v1.LEAKAGE_UNIT_KEYS
    check.features.extend(KEY_FEATURES)
    check.method_text = "the table has no ids: rows that agree in these amounts are one application"
    return check


def _compared(job: Job, part: Part, other: Part, keys: custody.Keys) -> v1.LeakageCheck:
    others = set(keys(job.folder.at(FILES[other]).read_bytes()))
    if part == Part.HOLDOUT:
        examined, found = custody.count(job.folder, keys, others)
    else:
        mine = set(keys(job.folder.at(FILES[part]).read_bytes()))
        examined, found = len(mine), len(mine & others)
    check = _judged(part.value, examined, found)
    check.other_split_name, check.other_examined_count = other.value, len(others)
    return check


def near_duplicates(
    part: Part, rows: pd.DataFrame, other: Part, others: pd.DataFrame
) -> v1.LeakageCheck:
    """Rows of one set that agree with a row of another in nearly all inputs."""
    mine, theirs = rows[list(INPUTS)].to_numpy(), others[list(INPUTS)].to_numpy()
    shares = np.array([_best_share(row, theirs) for row in mine])
    near = shares >= NEAR_SHARE
    check = _judged(part.value, len(mine), int(near.sum()))
    check.kind, check.counted_unit = v1.LEAKAGE_KIND_NEAR_DUPLICATES, v1.LEAKAGE_UNIT_ROWS
    check.other_split_name, check.other_examined_count = other.value, len(theirs)
    check.features.extend(INPUTS)
    check.method_text = "share of inputs in which two rows agree, two missing values agreeing"
    check.threshold = NEAR_SHARE
    check.parameters.add(name="greatest_share", number_value=float(shares.max()))
    for share in sorted(shares[near], reverse=True)[:FINDING_COUNT]:
        check.findings.add(statistic_name="share of equal inputs", value=float(share), row_count=1)
    return check


def _best_share(row: np.ndarray, others: np.ndarray) -> float:
    equal = (others == row) | (np.isnan(others) & np.isnan(row))
    return float(equal.mean(axis=1).max())


def label_features(train: pd.DataFrame, analysis: v1.DataAnalysis) -> v1.LeakageCheck:
    """Inputs that give the label away; and what was found, and dropped, in the raw table."""
    strengths = {name: abs(_r(train, name)) for name in INPUTS}
    found = sorted((s, n) for n, s in strengths.items() if s >= LABEL_R)[::-1]
    check = _judged(Part.TRAIN.value, len(strengths), len(found))
    check.kind, check.counted_unit = v1.LEAKAGE_KIND_LABEL_FEATURES, v1.LEAKAGE_UNIT_FEATURES
    check.features.extend(INPUTS)
    check.label_feature, check.threshold = LABEL, LABEL_R
    check.method_text = "size of Pearson's r with the label; codes as numbers"
    for strength, name in found:
        check.findings.add(feature=name, statistic_name="size of Pearson r", value=strength)
    raw = {
        c.feature: c.value
        for c in analysis.correlations
        if c.statistic == v1.CORRELATION_STATISTIC_PEARSON and c.feature in LEAKS
    }
    for name, value in raw.items():
        check.parameters.add(name=f"raw_r_{name}", number_value=value)
    away = [f"{n} (r {v:.2f})" for n, v in raw.items() if abs(v) >= LABEL_R and n in DROPPED]
    check.remedy = (
        f"found in the raw table and dropped before: {', '.join(away)}" if away else "none"
    )
    return check


def _r(rows: pd.DataFrame, name: str) -> float:
    both = rows[[name, LABEL]].dropna()
    if both[name].nunique() < 2:
        return 0.0
    return float(stats.pearsonr(both[name], both[LABEL]).statistic)


def fitted_state(transformation: v1.DataTransformation) -> v1.LeakageCheck:
    """Operations that learnt from anything but training rows."""
    fitted = [o for o in transformation.operations if o.HasField("fitted_state")]
    wrong = [o for o in fitted if o.fitted_state.split.role != v1.SPLIT_ROLE_TRAIN]
    check = _judged(Part.VALIDATION.value, len(fitted), len(wrong))
    check.kind, check.counted_unit = v1.LEAKAGE_KIND_FITTED_STATE, v1.LEAKAGE_UNIT_OPERATIONS
    check.other_split_name = Part.TRAIN.value
    check.method_text = "the split that each operation of the transformation was fitted to"
    for operation in wrong:
        check.findings.add(description=operation.name)
    return check


def _judged(split_name: str, examined: int, found: int) -> v1.LeakageCheck:
    """A check with its counts and the verdict that follows from them; nothing is allowed."""
    check = v1.LeakageCheck(
        split_name=split_name,
        examined_count=examined,
        found_count=found,
        allowed_rate=0,
        verdict=v1.VERDICT_FAIL if found else v1.VERDICT_PASS,
    )
    if not examined:
        check.verdict, check.reason = v1.VERDICT_UNDECIDED, "nothing was examined"
    else:
        check.found_rate = found / examined
    if found:
        check.reason = f"{found} of {examined} were found"
    return check
