"""Every error that MLSpec raises, in one tree.

    MLSpecError                    2  something of MLSpec's went wrong
    ├── InputError                 2  what was given cannot be used
    │   ├── UsageError             2  a call or a command that makes no sense
    │   ├── UnreadableError        2  a file that cannot be opened, read or written
    │   ├── DecodeError            2  bytes that are not what they are said to be
    │   ├── LimitError             2  too large, too deep, too many
    │   ├── UnknownFieldsError     2  fields that this version does not know
    │   ├── NotUnderstoodError     2  a record that needs a newer or another reader
    │   ├── KeyFileError           2  a key that cannot be used
    │   └── TrustFileError         2  a trust file that must not be used
    ├── ValidationError            1  a message that breaks rules of the specification
    ├── VerificationError          1  a sealed record that cannot be relied on
    │   ├── TamperedError          1  a signature that claims a trusted key and does not fit
    │   ├── UntrustedError         3  nobody who is trusted vouches for it
    │   └── UnacceptableError      1  a trusted key signed it, but it is no acceptable record
    ├── SigningError               2  a signer that did not sign
    ├── StoreError                 2  the store did not do what was asked
    │   ├── StoreLockedError       2  another writer holds it
    │   ├── StoreUnwritableError   2  full, read-only or out of reach
    │   ├── StoreNotFoundError     2  it does not hold what was asked for
    │   ├── StoreConflictError     1  it already holds something else in that place
    │   └── StoreCorruptError      1  what it holds is not what was put into it
    ├── StateError                 1  an object's state forbids it
    └── UndecidedError             4  the evidence does not decide it

The number is the exit code that the command line ends with. No other exception leaves a public
function of MLSpec, except those that name a mistake in the calling program (`TypeError`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

_VIOLATIONS_SHOWN = 20


class MLSpecError(Exception):
    """Something of MLSpec's went wrong.

    Attributes:
        message: What must hold and what came instead, without the place and the remedy.
        id: A stable name of the kind of error, for example "envelope.payload_type".
        path: Where in the message, for example "model_training.hyperparameters[3].name", or in
            the file ("line 3, column 5"). Empty: the whole.
        source: The file or place that was read. Empty: none, or not known here.
        remedy: What to do about it. Empty: nothing better than the message.
        exit_code: What the command line exits with.
    """

    exit_code: int = 2
    default_id: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        error_id: str | None = None,
        path: str = "",
        source: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.id = error_id or self.default_id
        self.path = path
        self.source = source
        self.remedy = remedy

    def __str__(self) -> str:
        """The place and the message; never the remedy."""
        return ": ".join(part for part in (self.source, self.path, self.message) if part)

    def from_source(self, source: str) -> Self:
        """Name the file or place that was read, unless one is named already; return the error."""
        self.source = self.source or source
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the error as JSON-like data, for programs."""
        parts = {
            "id": self.id,
            "message": self.message,
            "source": self.source,
            "path": self.path,
            "remedy": self.remedy,
        }
        return {name: value for name, value in parts.items() if value}


class InputError(MLSpecError):
    """What was given cannot be used."""

    default_id = "input"


class UsageError(InputError):
    """A call or a command that makes no sense."""

    default_id = "usage"


class UnreadableError(InputError):
    """A file that cannot be opened, read or written."""

    default_id = "file.unreadable"


class DecodeError(InputError):
    """Bytes that are not what they are said to be."""

    default_id = "decode"


class LimitError(InputError):
    """Too large, too deep or too many: a bound that protects the reader."""

    default_id = "limit"


class UnknownFieldsError(InputError):
    """Fields that this version of MLSpec does not know, where none may be."""

    default_id = "fields.unknown"


class NotUnderstoodError(InputError):
    """A record that this reader may not rely on, because it does not understand all of it."""

    default_id = "record.not_understood"


class KeyFileError(InputError):
    """A key that cannot be read, opened, written or used."""

    default_id = "key"


class TrustFileError(InputError):
    """A trust file that must not be used."""

    default_id = "trust"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a message breaks.

    Attributes:
        path: The field, for example "model_training.hyperparameters[3].name". Empty: the message.
        rule_id: The rule's stable id, for example "string.min_len".
        message: What must hold.
    """

    path: str
    rule_id: str
    message: str

    def __str__(self) -> str:
        return f"{self.path or 'message'}: {self.message} [{self.rule_id}]"


class ValidationError(MLSpecError):
    """A message that breaks rules of the specification.

    Attributes:
        violations: The rules it breaks, at least one; `path` is that of the first.
    """

    exit_code = 1
    default_id = "invalid"

    def __init__(self, kind: str, violations: Sequence[Violation]) -> None:
        count = "1 rule" if len(violations) == 1 else f"{len(violations)} rules"
        super().__init__(
            f"{kind} must keep the rules of the specification (breaks {count})",
            path=violations[0].path,
            remedy="Correct the fields named; docs/spec says what each rule asks.",
        )
        self.violations = tuple(violations)

    def __str__(self) -> str:
        """The source, the message and a line for each violation."""
        lines = [f"  {violation}" for violation in self.violations[:_VIOLATIONS_SHOWN]]
        if len(self.violations) > _VIOLATIONS_SHOWN:
            lines.append(f"  and {len(self.violations) - _VIOLATIONS_SHOWN} more")
        head = f"{self.source}: {self.message}" if self.source else self.message
        return "\n".join([f"{head}:", *lines])

    def to_dict(self) -> dict[str, Any]:
        """Return the error as JSON-like data, each violation by itself."""
        listed = [
            {"path": v.path, "rule_id": v.rule_id, "message": v.message} for v in self.violations
        ]
        return {**super().to_dict(), "violations": listed}


class VerificationError(MLSpecError):
    """A sealed record that cannot be relied on."""

    exit_code = 1
    default_id = "verification"


class TamperedError(VerificationError):
    """A signature that claims a trusted key, or was made by one, and does not fit."""

    default_id = "signature.tampered"


class UntrustedError(VerificationError):
    """Nothing is forged, but nobody who is trusted for it vouches for the record."""

    exit_code = 3
    default_id = "signature.untrusted"


class UnacceptableError(VerificationError):
    """A trusted key signed it, but it is no record that this reader may accept.

    Attributes:
        reason: The error that says why; also the `__cause__`.
    """

    default_id = "record.unacceptable"

    def __init__(self, reason: MLSpecError) -> None:
        super().__init__(reason.message, error_id=reason.id, path=reason.path, remedy=reason.remedy)
        self.reason = reason
        if isinstance(reason, NotUnderstoodError):
            self.exit_code = reason.exit_code

    def to_dict(self) -> dict[str, Any]:
        """Return the reason as JSON-like data."""
        return {**self.reason.to_dict(), **super().to_dict()}


class SigningError(MLSpecError):
    """A signer that did not sign."""

    default_id = "signing"


class StoreError(MLSpecError):
    """The store did not do what was asked."""

    default_id = "store"


class StoreLockedError(StoreError):
    """Another writer holds the store, and did not let go in time."""

    default_id = "store.locked"


class StoreUnwritableError(StoreError):
    """The store is full, read-only or out of reach; nothing was written."""

    default_id = "store.unwritable"


class StoreNotFoundError(StoreError):
    """The store does not hold what was asked for."""

    default_id = "store.not_found"


class StoreConflictError(StoreError):
    """The store already holds something else in that place."""

    exit_code = 1
    default_id = "store.conflict"


class StoreCorruptError(StoreError):
    """What the store holds is not what was put into it."""

    exit_code = 1
    default_id = "store.corrupt"


class StateError(MLSpecError):
    """An object's state forbids what was asked, for example new work on an archived dataset."""

    exit_code = 1
    default_id = "state"


class UndecidedError(MLSpecError):
    """The evidence at hand does not decide the question."""

    exit_code = 4
    default_id = "undecided"
