"""What watches the model, and the names of its signals."""

from __future__ import annotations

from examples.loan_approval.columns import INPUTS, SLICE_VALUES, UNKNOWN
from mlspec import __version__, v1

PREDICTION, APPROVALS, MISSING = "drift-prediction", "approval-rate", "missing-rate"
QUALITY, CALIBRATION = "auc-labelled", "ece-labelled"
LATENCY, ERRORS, DROPPED, REFUSED = "latency-p99", "failed-rate", "dropped-entries", "refused-rate"


def drift_name(feature: str) -> str:
    """The name of the drift signal of an input."""
    return f"drift-{feature}"


def group_name(feature: str, value: str) -> str:
    """The name of the signal that compares a group with everybody."""
    return f"approval-difference-{feature}-{value}"


SIGNALS = (
    *(drift_name(name) for name in INPUTS),
    PREDICTION,
    APPROVALS,
    MISSING,
    QUALITY,
    CALIBRATION,
    LATENCY,
    ERRORS,
    REFUSED,
    DROPPED,
    *(
        group_name(feature, value)
        for feature, values in SLICE_VALUES.items()
        for value in values
        if value != UNKNOWN
    ),
)


def agents() -> list[v1.MonitoringAgent]:
    """The monitor of this example: it reads the request log and probes the service's `/ok`."""
    return [
        v1.MonitoringAgent(
            agent=v1.SoftwarePackage(name="examples.loan_approval.monitor", version=__version__),
            purposes=[
                v1.MONITORING_PURPOSE_LIVENESS,
                v1.MONITORING_PURPOSE_PERFORMANCE,
                v1.MONITORING_PURPOSE_DRIFT,
                v1.MONITORING_PURPOSE_QUALITY,
                v1.MONITORING_PURPOSE_FAIRNESS,
                v1.MONITORING_PURPOSE_REQUEST_LOG,
            ],
            placement=v1.AGENT_PLACEMENT_REMOTE,
            read_path="/ok",
            signal_names=SIGNALS,
        )
    ]
