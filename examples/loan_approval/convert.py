"""The model as ONNX, which carries no code, and how far its answers lie from the original's."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import numpy as np
import onnxruntime
import skl2onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.pipeline import Pipeline

from examples.loan_approval.columns import INPUTS
from examples.loan_approval.job import Job
from examples.loan_approval.transform import CLEAN_TRAIN
from mlspec import v1

JOBLIB, ONNX, BASELINE_ONNX = "model/model.joblib", "model/model.onnx", "model/baseline.onnx"
OPSET = 17
TOLERANCE = 1e-5
"""ONNX trees and the input are 32-bit floats; a probability may differ by this much."""


def write_onnx(model: Pipeline, path: Path) -> None:
    """Convert a pipeline; the input is one tensor of 32-bit floats, missing values as NaN."""
    made = skl2onnx.to_onnx(
        model,
        initial_types=[("features", FloatTensorType([None, len(INPUTS)]))],
        options={id(model): {"zipmap": False}},
        target_opset=OPSET,
    )
    path.write_bytes(made.SerializeToString())


def probabilities(path: Path, rows: np.ndarray) -> np.ndarray:
    """What an ONNX model says: the probability of approval, one a row."""
    session = onnxruntime.InferenceSession(path)
    said = session.run(["probabilities"], {"features": rows.astype(np.float32)})[0]
    return np.asarray(said)[:, 1]


def convert(job: Job, model: Pipeline, rows: np.ndarray) -> v1.ModelConversion:
    """Convert the model, compare both on all training rows, and describe what came of it."""
    path = job.folder.at(ONNX)
    write_onnx(model, path)
    made = v1.ModelConversion(
        source_format=v1.ModelFormat(
            kind=v1.MODEL_FORMAT_KIND_JOBLIB, version=f"joblib {package('joblib').version}"
        ),
        target_format=v1.ModelFormat(kind=v1.MODEL_FORMAT_KIND_ONNX, version=ir_version(path)),
        source_artifact=job.folder.artifact(JOBLIB, role="model"),
        target_artifact=job.folder.artifact(ONNX, role="model"),
        tool=package("skl2onnx"),
        operator_sets=operator_sets(path),
        outcome=v1.CONVERSION_OUTCOME_CONVERTED,
        check_result=compare(model, path, rows),
    )
    made.check_result.inputs.CopyFrom(job.folder.artifact(CLEAN_TRAIN, role="inputs"))
    made.parameters.add(name="target_opset", integer_value=OPSET)
    made.parameters.add(name="zipmap", bool_value=False)
    return made


def compare(model: Pipeline, path: Path, rows: np.ndarray) -> v1.ConversionCheck:
    """The largest differences between what the two say to the same rows."""
    before, after = model.predict_proba(rows)[:, 1], probabilities(path, rows).astype(np.float64)
    apart = np.abs(before - after)
    exceeding = int(np.sum(apart > TOLERANCE))
    return v1.ConversionCheck(
        row_count=len(rows),
        runtime=package("onnxruntime"),
        differences=[
            v1.ConversionDifference(
                output_name="probabilities",
                compared_count=len(rows),
                exceeding_count=exceeding,
                absolute_tolerance=TOLERANCE,
                largest_absolute_difference=float(apart.max()),
                largest_relative_difference=float((apart / before).max()),
            )
        ],
        verdict=v1.VERDICT_FAIL if exceeding else v1.VERDICT_PASS,
    )


def ir_version(path: Path) -> str:
    """The version of the ONNX file format that a model is in."""
    import onnx

    return f"IR {onnx.load(path).ir_version}"


def operator_sets(path: Path) -> list[v1.OperatorSet]:
    """The sets of operators that a model uses."""
    import onnx

    return [
        v1.OperatorSet(domain_name=each.domain or None, version=each.version)
        for each in onnx.load(path).opset_import
    ]


def package(name: str) -> v1.SoftwarePackage:
    """An installed package and its version."""
    return v1.SoftwarePackage(name=name, version=importlib.metadata.version(name))
