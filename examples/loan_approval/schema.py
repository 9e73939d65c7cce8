"""The schema of the clean rows: guessed from thirty rows, then laid down by people."""

from __future__ import annotations

import sqlite3

import numpy as np
import pandas as pd

from examples.loan_approval.columns import (
    CODE_VALUES,
    CODES,
    FLAGS,
    INPUTS,
    LABEL,
    NUMBERS,
    RANGES,
    SLICE_FEATURES,
    SLICE_VALUES,
)
from mlspec import v1

NAME, INPUTS_NAME = "loan-applications", "loan-approval-inputs"
INFERRED_VERSION, VERSION = "0.1.0", "1.0.0"
QUERY, DIALECT = "select * from train limit 30", "sqlite"
ALWAYS_THERE = ("loanamt", "price", "apr", "atotinc", "hrat", "obrat")
"""Without these nobody can judge an application."""

LEAST_PRESENCE = 0.95
MAY_BE_NEGATIVE = ("netw",)
Change = tuple[v1.FeatureSchema, list[str]]


def first_rows(train: pd.DataFrame) -> pd.DataFrame:
    """The rows that the query gives."""
    with sqlite3.connect(":memory:") as database:
        train.to_sql("train", database, index=False)
        rows: pd.DataFrame = pd.read_sql_query(QUERY, database)
    return rows


def infer(rows: pd.DataFrame) -> v1.FeatureSchema:
    """A schema guessed from a few rows: kinds, presence, and the range or list of values seen."""
    schema = v1.FeatureSchema(
        name=NAME,
        version=INFERRED_VERSION,
        origin=v1.SCHEMA_ORIGIN_INFERRED,
        inference_query=QUERY,
        inference_row_count=len(rows),
    )
    for name in rows.columns:
        present = rows[name].dropna()
        feature = schema.features.add(
            name=str(name), min_presence_rate=float(len(present) / len(rows))
        )
        if not pd.api.types.is_numeric_dtype(rows[name]):
            feature.kind = v1.FEATURE_KIND_CATEGORY
            for word in sorted(set(present)):
                feature.value_domain.values.add(string_value=word)
        elif present.nunique() <= 4:
            feature.kind = v1.FEATURE_KIND_CATEGORY
            for number in sorted(set(present)):
                feature.value_domain.values.add(number_value=float(number))
        else:
            feature.kind = v1.FEATURE_KIND_NUMBER
            feature.number_domain.CopyFrom(
                v1.NumberDomain(min_value=float(present.min()), max_value=float(present.max()))
            )
    return schema


def lay_down(inferred: v1.FeatureSchema, fences: v1.OutlierDetection) -> Change:
    """The schema as people edited it, and what they changed, one line a feature.

    Args:
        inferred: What a program guessed.
        fences: Bounds of the amounts of money, from the analysis of the training rows.
    """
    schema = v1.FeatureSchema(
        name=NAME,
        version=VERSION,
        origin=v1.SCHEMA_ORIGIN_INFERRED_AND_EDITED,
        inference_query=inferred.inference_query,
        inference_row_count=inferred.inference_row_count,
        min_row_count=1000,
        description="Clean mortgage applications: model inputs, race, sex, and the decision.",
    )
    ranges = dict(RANGES)
    for fence in fences.features_found:
        lower = fence.lower_bound if fence.feature in MAY_BE_NEGATIVE else 0.0
        ranges[fence.feature] = (lower, fence.upper_bound)
    changes = []
    for guessed in inferred.features:
        feature = schema.features.add(name=guessed.name)
        describe(feature, ranges)
        if feature != guessed:
            changes.append(f"{feature.name}: {domain_text(guessed)} became {domain_text(feature)}")
    return schema, changes


def describe(feature: v1.FeatureDefinition, ranges: dict[str, tuple[float, float]]) -> None:
    """Lay one feature down: kind, domain, presence, roles, unit, meaning."""
    name = feature.name
    feature.kind = v1.FEATURE_KIND_CATEGORY
    feature.min_presence_rate = LEAST_PRESENCE if name in (*NUMBERS, *FLAGS) else 1.0
    if name in ALWAYS_THERE:
        feature.min_presence_rate = 1.0
    if name in NUMBERS:
        feature.kind = v1.FEATURE_KIND_NUMBER
        feature.description, unit = NUMBERS[name]
        if unit:
            feature.unit = unit
        low, high = ranges[name]
        feature.number_domain.CopyFrom(v1.NumberDomain(min_value=low, max_value=high))
    elif name in FLAGS:
        feature.description = FLAGS[name]
        allow(feature, (0.0, 1.0))
    elif name in CODES:
        feature.description = CODES[name]
        allow(feature, CODE_VALUES[name])
    elif name == LABEL:
        feature.description = "the lender approved the application"
        feature.roles.append(v1.FEATURE_ROLE_LABEL)
        allow(feature, (0.0, 1.0))
        return
    else:
        feature.description = f"{name} of the applicant"
        feature.roles.append(v1.FEATURE_ROLE_PROTECTED_ATTRIBUTE)
        for word in SLICE_VALUES[name]:
            feature.value_domain.values.add(string_value=word)
    feature.roles.append(v1.FEATURE_ROLE_PERSONAL_DATA)


def allow(feature: v1.FeatureDefinition, numbers: tuple[float, ...]) -> None:
    """Let a feature take these numbers and no others."""
    for number in sorted(numbers):
        feature.value_domain.values.add(number_value=number)


def domain_text(feature: v1.FeatureDefinition) -> str:
    """A feature's domain in a few words."""
    presence = f"present in {feature.min_presence_rate:.0%}"
    if feature.HasField("value_domain"):
        values = [
            v.string_value if v.HasField("string_value") else f"{v.number_value:g}"
            for v in feature.value_domain.values
        ]
        return f"one of {', '.join(values)}, {presence}"
    return f"{feature.number_domain.min_value:g} to {feature.number_domain.max_value:g}, {presence}"


def of_requests(schema: v1.FeatureSchema) -> v1.FeatureSchema:
    """The schema of what a request carries: the inputs in the order of the model's tensor."""
    by_name = {feature.name: feature for feature in schema.features}
    return v1.FeatureSchema(
        name=INPUTS_NAME,
        version=schema.version,
        features=[by_name[name] for name in INPUTS],
        origin=v1.SCHEMA_ORIGIN_AUTHORED,
        description=f"Inputs of the loan model, without {', '.join(SLICE_FEATURES)} and label.",
    )


def outside(column: pd.Series[float] | pd.Series[str], feature: v1.FeatureDefinition) -> np.ndarray:
    """Where a value is present and not in the feature's domain."""
    present = column.notna().to_numpy()
    if feature.HasField("value_domain"):
        allowed = [
            v.string_value if v.HasField("string_value") else v.number_value
            for v in feature.value_domain.values
        ]
        return np.asarray(present & ~column.isin(allowed).to_numpy())
    domain = feature.number_domain
    values = column.to_numpy()
    return np.asarray(present & ((values < domain.min_value) | (values > domain.max_value)))


def in_domain(clean: pd.DataFrame, schema: v1.FeatureSchema) -> np.ndarray:
    """Which rows the model is for: inputs are in their domains, and the needed ones are there."""
    fits = np.ones(len(clean), dtype=bool)
    for feature in schema.features:
        if feature.name not in INPUTS:
            continue
        fits &= ~outside(clean[feature.name], feature)
        if feature.min_presence_rate == 1:
            fits &= clean[feature.name].notna().to_numpy()
    return fits
