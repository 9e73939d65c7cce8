"""What a trust file asks of a namespace, whatever the namespace's own records claim."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlspec import v1
from mlspec.sealing.trusted import matches

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration


@dataclass(frozen=True, slots=True)
class Requirement:
    """All that is asked of one namespace: of every `NamespaceRequirement` that fits, the strictest.

    Attributes:
        globs: The globs that fit. Empty: nothing is asked.
        stages: Stages that a run must have records of before a model of it may serve.
        gate: Whether a roll-out must rest on a gate decision that passed.
        timestamps: Whether every record must be covered by a time that an outsider vouches for.
        witnesses: Whether every checkpoint must carry the witnesses' cosignatures.
        request_log: Whether every roll-out must write a request log that is believed.
        record_log: Whether every record must stand in a record log that is believed.
        log_retention_ns: How long request logs must be kept at least, in nanoseconds. None: not
            said.
        max_loss_window_ns: The longest time whose requests a crash may lose, in nanoseconds; 0:
            only checkpointed logs will do. None: not said.
    """

    globs: tuple[str, ...] = ()
    stages: frozenset[int] = frozenset()
    gate: bool = False
    timestamps: bool = False
    witnesses: bool = False
    request_log: bool = False
    record_log: bool = False
    log_retention_ns: int | None = None
    max_loss_window_ns: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What is asked, by the name of each check. Empty: nothing."""
        asked = {
            "stages": bool(self.stages),
            "gate": self.gate,
            "timestamps": self.timestamps,
            "witnesses": self.witnesses,
            "log_retention": self.log_retention_ns is not None,
            "request_log": self.request_log,
            "max_loss_window": self.max_loss_window_ns is not None,
            "record_log": self.record_log,
        }
        return tuple(name for name, is_asked in asked.items() if is_asked)


def merged(requirements: Iterable[v1.NamespaceRequirement], namespace: str) -> Requirement:
    """Return what those whose glob fits `namespace` ask together."""
    fitting = [each for each in requirements if matches(each.namespace_glob, namespace)]
    retentions = _nanoseconds(fitting, "log_retention_duration")
    windows = _nanoseconds(fitting, "max_loss_window_duration")
    return Requirement(
        globs=tuple(each.namespace_glob for each in fitting),
        stages=frozenset(stage for each in fitting for stage in each.stages),
        gate=any(each.gate_required for each in fitting),
        timestamps=any(each.timestamp_required for each in fitting),
        witnesses=any(each.witnesses_required for each in fitting),
        request_log=any(each.request_log_required for each in fitting),
        record_log=any(each.record_log_required for each in fitting),
        log_retention_ns=max(retentions, default=None),
        max_loss_window_ns=min(windows, default=None),
    )


def _nanoseconds(fitting: Iterable[v1.NamespaceRequirement], field: Any) -> list[int]:
    durations: list[Duration] = [getattr(each, field) for each in fitting if each.HasField(field)]
    return [duration.ToNanoseconds() for duration in durations]
