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
VERIFYING: Final = "Verifying a sealed record"
HASHING: Final = "Hashing artifacts"
REQUEST: Final = "One inference request, of 20 features"
LOGS: Final = "A request log of a million leaves"
SECTIONS: Final = (
    RECORD,
    DURABLE,
    REQUEST,
    VALIDATION,
    START_UP,
    BREAKING,
    VERIFYING,
    HASHING,
    LOGS,
)


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
    Row("request_floor", REQUEST, "floor: one message reused, buffered write", "requests", "floor"),
    Row("orjson", REQUEST, "orjson, nothing written", "structlogging", "orjson", "structlog"),
    Row("request", REQUEST, "mlspec: on the request's own thread", "requests", "own thread"),
    Row("structlog", REQUEST, "structlog + orjson", "structlogging", "structlog", "structlog"),
    Row("logging", REQUEST, "logging, an NCSA line with features", "stdlib_logging", "line"),
    Row(
        "otel",
        REQUEST,
        "OpenTelemetry, batch processor",
        "opentelemetry_logs",
        "emit",
        "opentelemetry",
    ),
    Row("request_disk", REQUEST, "mlspec: signed and on disk", "requests", "checkpointed"),
    Row("request_batch", REQUEST, "mlspec: 5,000 until on disk", "requests", "batch", every=2),
    Row(
        "otel_batch",
        REQUEST,
        "OpenTelemetry: 5,000 until in the file",
        "opentelemetry_logs",
        "batch",
        "opentelemetry",
        every=2,
    ),
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
    Row("fits", VERIFYING, "floor: one bare Ed25519 verification", "verifying", "bare"),
    Row("unseal", VERIFYING, "mlspec: unseal, protobuf form", "verifying", "from bytes"),
    Row("unseal_json", VERIFYING, "mlspec: unseal, JSON form", "verifying", "from json"),
    Row("dsse_verify", VERIFYING, "securesystemslib, signature only", "dsse", "verify", "dsse"),
    Row(
        "evidence_floor", VERIFYING, "floor: 10 records, unsealed one by one", "evidence", "records"
    ),
    Row("evidence", VERIFYING, "mlspec: evidence of these, and a proof", "evidence", "folder"),
    Row("openssl", HASHING, "openssl dgst, a file of 512 MiB", "hashing", "openssl", every=4),
    Row("in_memory", HASHING, "hashlib, the same in memory", "hashing", "in memory", every=4),
    Row("file", HASHING, "mlspec: the file of 512 MiB", "hashing", "file", every=4),
    Row("one_core", HASHING, "mlspec: four of 128 MiB, one core", "hashing", "one core", every=4),
    Row("two_cores", HASHING, "mlspec: the same, two cores", "hashing", "two cores", every=4),
    Row("loop", HASHING, "a loop over 2,000 files of 4 KiB", "hashing", "loop"),
    Row("small", HASHING, "mlspec: the folder of 2,000", "hashing", "small"),
    Row("verified", HASHING, "mlspec: the same against a manifest", "hashing", "verified"),
    Row(
        "model_signing",
        HASHING,
        "model-signing: the same",
        "model_signing",
        "small",
        "model_signing",
    ),
    Row("log_floor", LOGS, "floor: tree and parsing, in Python", "logs", "floor", every=8),
    Row("log_one", LOGS, "mlspec: verify", "logs", "verify, one process", every=8),
    Row("log_two", LOGS, "mlspec: verify, 2 processes", "logs", "verify, two processes", every=8),
    Row("export_one", LOGS, "mlspec: to Parquet", "logs", "export, one process", every=12),
    Row(
        "export_two",
        LOGS,
        "mlspec: the same, 2 processes",
        "logs",
        "export, two processes",
        every=12,
    ),
    Row("prove", LOGS, "mlspec: a proof, tree in memory", "logs", "prove"),
    Row("prove_tiles", LOGS, "mlspec: a proof, tiles in memory", "logs", "prove from tiles"),
    Row("inclusion", LOGS, "mlspec: a proof verified", "logs", "verify inclusion"),
    Row("proof", LOGS, "mlspec: the same, from text, signed", "logs", "verify proof"),
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
    Ratio("request", "orjson", "at most", 2),
    Ratio("request", "request_floor"),
    Ratio("structlog", "request", "at least", 2),
    Ratio("logging", "request", "at least", 4),
    Ratio("otel", "request"),
    Ratio("otel_batch", "request_batch", "at least", 40),
    Ratio("record", "signature"),
    Ratio("record_environment", "signature"),
    Ratio("help", "python", "at most", 3.5),
    Ratio("verify", "python", "at most", 5.5),
    Ratio("validate", "python", "at most", 11),
    Ratio("mlflow_version", "validate"),
    Ratio("buf_plugin", "buf"),
    Ratio("breaking", "buf"),
    Ratio("unseal", "fits"),
    Ratio("unseal_json", "dsse_verify"),
    Ratio("evidence", "evidence_floor"),
    Ratio("openssl", "file", "at least", 0.95),
    Ratio("in_memory", "file"),
    Ratio("one_core", "two_cores", "at least", 1.8),
    Ratio("small", "loop", "at most", 2.1),
    Ratio("verified", "loop"),
    Ratio("model_signing", "small", "at least", 4.6),
    Ratio("log_two", "log_floor", "at most", 2),
    Ratio("log_one", "log_floor"),
    Ratio("export_two", "log_floor"),
)


def section_of(key: str) -> str:
    """Return the section of a row. Raises KeyError."""
    return {row.key: row.section for row in ROWS}[key]


def peers() -> tuple[str, ...]:
    """Return the environments beside this one, in the table's order."""
    return tuple(dict.fromkeys(row.environment for row in ROWS if row.environment != OURS))
