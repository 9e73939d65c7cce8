"""What stands in the table, and which ratios are promised. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

OURS: Final = "mlspec"

RECORD: Final = "Stage record, no fsync"
DURABLE: Final = "Stage record, on disk when it returns"
VALIDATION: Final = "Validation"
START_UP: Final = "Start-up"
BREAKING: Final = "Breaking changes in 100 files, all edited"
SECTIONS: Final = (RECORD, DURABLE, VALIDATION, START_UP, BREAKING)


@dataclass(frozen=True, slots=True)
class Row:
    """One operation that is measured.

    Attributes:
        key: How ratios name it.
        section: Where it stands in the table.
        label: What the table calls it.
        module: The module of `benchmarks.cases` that has it.
        case: Its name there.
        environment: Where it runs: this one (`OURS`) or a peer's.
        every: Measured in each so-many-th round, from the first one.
    """

    key: str
    section: str
    label: str
    module: str
    case: str
    environment: str = OURS
    every: int = 1


@dataclass(frozen=True, slots=True)
class Ratio:
    """How two rows compare.

    Attributes:
        above: Key of the row that is divided.
        below: Key of the row that it is divided by.
        sense: Whether the target is the most or the least that the ratio may be.
        target: The target. None: shown only.
    """

    above: str
    below: str
    sense: Literal["at most", "at least"] = "at most"
    target: float | None = None

    def met(self, value: float) -> bool | None:
        """Tell whether a measured ratio meets the target. None: there is none."""
        if self.target is None:
            return None
        return value <= self.target if self.sense == "at most" else value >= self.target


ROWS: Final = (
    Row("signature", RECORD, "floor: one bare Ed25519 signature", "signing", "signature"),
    Row("append", RECORD, "floor: build, serialise, sign, append", "signing", "append"),
    Row("build", RECORD, "mlspec: build the message", "recording", "build"),
    Row("seal", RECORD, "mlspec: seal (validates)", "recording", "seal"),
    Row("mlspec", RECORD, "mlspec: build, validate, seal, append", "recording", "append"),
    Row("dsse", RECORD, "in-toto statement in DSSE, append", "dsse", "append", "dsse"),
    Row("openlineage", RECORD, "OpenLineage pair, unsigned", "openlineage", "pair", "openlineage"),
    Row("fsync", DURABLE, "floor: sign, append, fsync", "signing", "fsync"),
    Row("sqlite", DURABLE, "floor: sign, SQLite WAL FULL", "signing", "sqlite"),
    Row(
        "sqlite_bare",
        DURABLE,
        "floor: the same, no environment",
        "signing",
        "sqlite, no environment",
    ),
    Row("step", DURABLE, "mlspec: run.step(), SQLite store", "recording", "step, sqlite"),
    Row(
        "step_bare",
        DURABLE,
        "mlspec: the same, no environment",
        "recording",
        "step, sqlite, no environment",
    ),
    Row("step_stream", DURABLE, "mlspec: run.step(), stream store", "recording", "step, stream"),
    Row("dsse_fsync", DURABLE, "in-toto statement in DSSE, fsync", "dsse", "fsync", "dsse"),
    Row("mlmd", DURABLE, "ml-metadata put_execution, unsigned", "mlmd", "put_execution", "mlmd"),
    Row("dvclive", DURABLE, "DVCLive step, unsigned, no fsync", "dvclive", "step", "dvclive"),
    Row("mlflow", DURABLE, "MLflow run, SQLite, unsigned", "mlflow", "run", "mlflow"),
    Row("fields", VALIDATION, "14 constrained fields", "validating", "fields"),
    Row("cel", VALIDATION, "17 constrained fields, 2 CEL rules", "validating", "fields and CEL"),
    Row("record", VALIDATION, "the whole record", "validating", "record"),
    Row(
        "record_environment",
        VALIDATION,
        "the whole record, with environment",
        "validating",
        "record with environment",
    ),
    Row("python", START_UP, "bare Python", "commands", "python"),
    Row("click", START_UP, "import click", "commands", "click"),
    Row("help", START_UP, "mlspec --help", "commands", "mlspec --help"),
    Row("verify", START_UP, "mlspec verify, store of 4 records", "commands", "mlspec verify"),
    Row("validate", START_UP, "mlspec validate, a file", "commands", "mlspec validate"),
    Row("dvc_version", START_UP, "dvc --version", "commands", "dvc --version", "dvclive", every=3),
    Row(
        "mlflow_version",
        START_UP,
        "mlflow --version",
        "commands",
        "mlflow --version",
        "mlflow",
        every=6,
    ),
    Row("buf", BREAKING, "buf breaking, its category FILE alone", "comparing", "buf"),
    Row("buf_plugin", BREAKING, "buf breaking with our plugin", "comparing", "buf with plugin"),
    Row("breaking", BREAKING, "mlspec breaking", "comparing", "mlspec breaking"),
)

RATIOS: Final = (
    Ratio("mlspec", "signature", "at most", 3),
    Ratio("mlspec", "append"),
    Ratio("openlineage", "mlspec", "at least", 7),
    Ratio("mlspec", "dsse"),
    Ratio("step", "sqlite", "at most", 1.5),
    Ratio("step_bare", "sqlite_bare"),
    Ratio("step_stream", "fsync"),
    Ratio("mlmd", "step", "at least", 6),
    Ratio("mlflow", "step", "at least", 30),
    Ratio("dvclive", "step"),
    Ratio("record", "signature"),
    Ratio("record_environment", "signature"),
    Ratio("help", "python", "at most", 3.5),
    Ratio("verify", "python", "at most", 5.5),
    Ratio("validate", "python", "at most", 11),
    Ratio("mlflow_version", "validate"),
    Ratio("buf_plugin", "buf"),
    Ratio("breaking", "buf"),
)


def section_of(key: str) -> str:
    """Return the section of a row. Raises KeyError."""
    return {row.key: row.section for row in ROWS}[key]


def peers() -> tuple[str, ...]:
    """Return the environments beside this one, in the table's order."""
    return tuple(dict.fromkeys(row.environment for row in ROWS if row.environment != OURS))
