"""The operations of stage 4 as messages, with what each changed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import sklearn

from examples.loan_approval.columns import (
    CODES,
    DERIVED,
    DROPPED,
    FLAGS,
    LABEL,
    LEAKS,
    NUMBERS,
    PLACE,
    PROTECTED,
    SENTINELS,
    SLICE_FEATURES,
)
from examples.loan_approval.job import Job
from examples.loan_approval.prepare import State
from mlspec import digests, v1

SLICE_SOURCES = ("black", "hispan", "white", "male")
EVERYWHERE, OFFLINE = v1.OPERATION_SCOPE_EVERYWHERE, v1.OPERATION_SCOPE_OFFLINE
OTHER = "examples.loan_approval.table"
CODE = Path(__file__).with_name("table.py")


def derive_slices(opened: pd.DataFrame) -> v1.TransformationOperation:
    """Race and sex as words, beside the inputs."""
    return v1.TransformationOperation(
        name="derive-slices",
        kind=v1.TRANSFORMATION_KIND_DERIVE,
        input_features=SLICE_SOURCES,
        output_features=SLICE_FEATURES,
        scope=OFFLINE,
        function_path=f"{OTHER}.race, {OTHER}.sex",
        code_digest=digests.digest_file(CODE),
        changed_values=[v1.FeatureCount(feature=f, count=len(opened)) for f in SLICE_FEATURES],
    )


def replace_sentinels(opened: pd.DataFrame) -> v1.TransformationOperation:
    """Values that stand for "missing", made missing; counted in the rows that are open."""
    operation = v1.TransformationOperation(
        name="replace-sentinels",
        kind=v1.TRANSFORMATION_KIND_REPLACE_SENTINELS,
        input_features=list(SENTINELS),
        output_features=list(SENTINELS),
        scope=OFFLINE,
        function_path=f"{OTHER}.without_sentinels",
        code_digest=digests.digest_file(CODE),
    )
    for feature in operation.input_features:
        total = 0
        for sentinel in SENTINELS[feature]:
            count = int((opened[feature] == sentinel).sum())
            total += count
            operation.sentinel_replacements.add(
                feature=feature,
                sentinel=v1.Scalar(number_value=sentinel),
                row_count=count,
                ground="the source's codes 666 and 999999, the latter after 32-bit floats",
            )
        operation.changed_values.add(feature=feature, count=total)
    return operation


def drop_columns() -> v1.TransformationOperation:
    """Leaks, protected columns and what stands for them, and columns that repeat others."""
    return v1.TransformationOperation(
        name="drop-columns",
        kind=v1.TRANSFORMATION_KIND_DROP_FEATURES,
        input_features=list(DROPPED),
        scope=OFFLINE,
        function_path=f"{OTHER}.repaired",
        code_digest=digests.digest_file(CODE),
    )


def fitted_operations(
    job: Job, kept: pd.DataFrame, state: State
) -> list[v1.TransformationOperation]:
    """What was learnt from the training rows.

    Done by the model itself, for rows and requests alike.
    """
    from examples.loan_approval.transform import CLEAN_TRAIN, FITTED

    artifact = job.folder.artifact(FITTED, role="fitted state", media_type="application/json")
    split = v1.SplitReference(
        name="train",
        role=v1.SPLIT_ROLE_TRAIN,
        digest=digests.digest_file(job.folder.at(CLEAN_TRAIN)),
        row_count=len(kept),
    )
    made = []
    for name, kind, features, function in (
        ("impute-numbers", v1.TRANSFORMATION_KIND_IMPUTE, NUMBERS, "impute.SimpleImputer"),
        ("impute-flags", v1.TRANSFORMATION_KIND_IMPUTE, FLAGS, "impute.SimpleImputer"),
        ("scale-numbers", v1.TRANSFORMATION_KIND_SCALE, NUMBERS, "preprocessing.StandardScaler"),
        ("encode-codes", v1.TRANSFORMATION_KIND_ONE_HOT, CODES, "preprocessing.OneHotEncoder"),
    ):
        operation = v1.TransformationOperation(
            name=name,
            kind=kind,
            input_features=list(features),
            output_features=output_features(name, state),
            scope=EVERYWHERE,
            tool=v1.SoftwarePackage(name="scikit-learn", version=sklearn.__version__),
            function_path=f"sklearn.{function}",
            fitted_state=v1.FittedState(
                fit_scope=v1.FIT_SCOPE_SPLIT, split=split, row_count=len(kept), artifact=artifact
            ),
        )
        if name == "scale-numbers":
            operation.parameters.add(name="applies_to", string_value="logistic regression only")
        if name == "encode-codes":
            operation.fitted_state.vocabulary_size = len(operation.output_features)
            operation.fitted_state.unknown_value_policy = "all zeros"
        if name.startswith("impute"):
            for feature in features:
                missing = int(kept[feature].isna().sum())
                operation.changed_values.add(feature=feature, count=missing)
                value = state[name][feature]
                operation.fitted_state.values.add(name=feature, number_value=value)
        made.append(operation)
    return made


def output_features(operation: str, state: State) -> list[str]:
    """What an operation writes: the same features, or one for each category of a code."""
    if operation != "encode-codes":
        return list(state[operation])
    return [f"{name}={value:g}" for name, values in state[operation].items() for value in values]


def feature_mappings(state: State) -> list[v1.FeatureMapping]:
    """From which raw column each column of the prepared matrix is made, and its place there.

    Scaling is for linear candidates only and changes neither.
    """
    paths = [(name, name, ["impute-numbers"]) for name in NUMBERS]
    paths += [(name, name, ["impute-flags"]) for name in FLAGS]
    for name, values in state["encode-codes"].items():
        paths += [(f"{name}={value:g}", name, ["encode-codes"]) for value in values]
    return [
        v1.FeatureMapping(
            output_feature=output,
            input_features=[source],
            operation_names=(["replace-sentinels"] if source in SENTINELS else []) + operations,
            position=position,
        )
        for position, (output, source, operations) in enumerate(paths)
    ]


def dropped_features(analysis: v1.DataAnalysis) -> list[v1.DroppedFeature]:
    """Why each dropped column was dropped, with its correlation with the label."""
    r = {
        c.feature: c
        for c in analysis.correlations
        if c.statistic == v1.CORRELATION_STATISTIC_PEARSON
    }
    made = []
    for name, why in DROPPED.items():
        dropped = v1.DroppedFeature(feature=name, reason=drop_reason(name), evidence=why)
        if r[name].HasField("value"):
            dropped.evidence += f"; Pearson r with {LABEL} is {r[name].value:.2f}"
        made.append(dropped)
    return made


def drop_reason(name: str) -> v1.FeatureDropReason.ValueType:
    """The kind of reason for dropping a column."""
    if name in LEAKS:
        return v1.FEATURE_DROP_REASON_LABEL_LEAK
    if name in PROTECTED or (name in PLACE and name != "msa"):
        return v1.FEATURE_DROP_REASON_PROTECTED_ATTRIBUTE
    if name in DERIVED:
        return v1.FEATURE_DROP_REASON_REDUNDANT
    return v1.FEATURE_DROP_REASON_CONSTANT
