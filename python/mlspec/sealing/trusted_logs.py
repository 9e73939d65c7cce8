"""Who is believed about order and time: logs by their keys, and witnesses of their checkpoints."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mlspec import v1
from mlspec.errors import TrustFileError
from mlspec.sealing.trusted import TrustedKey, matches

_NOTES_SIGN_WITH: Final = "ed25519"


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """One key of a log, and what the log is believed about under it.

    Attributes:
        origin: The log's origin line.
        key: The key that signs its checkpoints.
        kind: What it holds, as a `v1.LogKind`. A log of another kind is not believed.
        namespace_globs: The namespaces that it may speak for.
    """

    origin: str
    key: TrustedKey
    kind: int
    namespace_globs: tuple[str, ...]

    @property
    def keyid(self) -> str:
        """The key's id."""
        return self.key.keyid

    def covers(self, namespace: str) -> bool:
        """Tell whether the log may speak for this namespace."""
        return any(matches(glob, namespace) for glob in self.namespace_globs)


@dataclass(frozen=True, slots=True)
class TrustedWitnesses:
    """Who may have seen a checkpoint, and how many of them it takes.

    Attributes:
        keys: One for each witness; the identity is the name that it signs notes under.
        threshold: How many must have signed.
    """

    keys: tuple[TrustedKey, ...]
    threshold: int


def one_spelling(identity: str) -> str:
    """Return the spelling in which identities are compared: NFKC, then case folded."""
    return unicodedata.normalize("NFKC", identity).casefold()


def read_logs(message: v1.TrustPolicy, keys: Mapping[str, TrustedKey]) -> tuple[TrustedLog, ...]:
    """Read and check the logs of a policy. Raises TrustFileError."""
    kinds: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    for index, log in enumerate(message.logs):
        path = f"logs[{index}]"
        _require_ed25519(keys[log.keyid], path)
        if (log.origin, log.keyid) in seen:
            raise _refused(f"must name each key once (twice: {log.keyid[:16]})", "twice", path)
        seen.add((log.origin, log.keyid))
        if kinds.setdefault(log.origin, log.kind) != log.kind:
            raise _refused("must be of one kind under all its keys", "kind", f"{path}.kind")
    return tuple(
        TrustedLog(log.origin, keys[log.keyid], log.kind, tuple(log.namespace_globs))
        for log in message.logs
    )


def read_witnesses(
    message: v1.TrustPolicy, keys: Mapping[str, TrustedKey]
) -> TrustedWitnesses | None:
    """Read and check the witnesses of a policy. Raises TrustFileError."""
    if not message.HasField("witnesses"):
        return None
    logs = {log.keyid for log in message.logs}
    holders = Counter(one_spelling(keys[keyid].identity) for keyid in message.witnesses.keyids)
    for index, keyid in enumerate(message.witnesses.keyids):
        path = f"witnesses.keyids[{index}]"
        _require_ed25519(keys[keyid], path)
        if keyid in logs:
            raise _refused("must not be a log's key: no log is its own outsider", "own", path)
        if holders[one_spelling(keys[keyid].identity)] > 1:
            raise _refused(
                "must be the only key of its holder: one holder counts once", "holder", path
            )
    found = tuple(keys[keyid] for keyid in message.witnesses.keyids)
    return TrustedWitnesses(found, message.witnesses.threshold)


def _require_ed25519(key: TrustedKey, path: str) -> None:
    if key.public.algorithm != _NOTES_SIGN_WITH:
        words = f"must be Ed25519, the only kind that signs notes (got {key.public.algorithm})"
        raise _refused(words, "algorithm", path)


def _refused(words: str, what: str, path: str) -> TrustFileError:
    return TrustFileError(
        words,
        error_id=f"trust.note_key.{what}",
        path=path,
        remedy="Have the trust file changed: `mlspec trust show` prints its logs and witnesses.",
    )
