"""A worker's log: it counts if the deployment's log delegated it, and it names that log back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mlspec import v1
from mlspec.errors import UntrustedError, VerificationError
from mlspec.evidence.layout import DELEGATION_LEAF, DELEGATION_PROOF
from mlspec.evidence.log_keys import believed, signed_by, unknown_log
from mlspec.evidence.report import Link
from mlspec.evidence.shown import read_proof
from mlspec.requestlog import Checkpoint, Note, proven_entry
from mlspec.requestlog.trusted_logs import log_key
from mlspec.sealing import TrustedLog

if TYPE_CHECKING:
    from mlspec.evidence.bundle import Bundle
    from mlspec.sealing import TrustPolicy


@dataclass(frozen=True, slots=True)
class Delegation:
    """The leaf that lets another log speak, in a log that is believed itself.

    Attributes:
        by: The delegating log.
        index: The leaf's index there.
        size: How many leaves the delegating log has, as shown.
        message: What it says of the worker's log.
        worker: The other log, under the key that it names and the trust file knows.
    """

    by: TrustedLog
    index: int
    size: int
    message: v1.LogDelegation
    worker: TrustedLog

    @property
    def origin(self) -> str:
        """The delegating log's origin."""
        return self.by.origin


def find_delegation(
    bundle: Bundle, trust: TrustPolicy, origin: str, at: datetime | None
) -> Delegation | None:
    """Return the leaf by which a believed log lets `origin` speak, and the key that it names.

    None: the bundle shows no delegation. The key itself is the trust file's: a log can name
    whom it lets speak, and not make anybody known.

    Raises MLSpecError if what the bundle shows does not prove it.
    """
    if DELEGATION_LEAF not in bundle.files and DELEGATION_PROOF not in bundle.files:
        return None
    proof = read_proof(bundle, DELEGATION_PROOF)
    leaf = bundle.require(DELEGATION_LEAF)
    # Whose checkpoint it is decides which key is tried; that key's signature decides the rest.
    own = Checkpoint.from_text(Note.from_bytes(proof.checkpoint).text).origin
    logs = believed(trust, own, v1.LOG_KIND_REQUESTS)
    if not logs:
        raise unknown_log(own)
    log, head = signed_by(bundle, proof.checkpoint, logs, trust, at)
    proven = proof.verify(leaf, log_key(log))
    entry = proven_entry(proven)
    messages = [entry.delegation] if entry.HasField("delegation") else entry.opened.delegations
    found = [message for message in messages if message.origin == origin]
    if not found:
        raise VerificationError(
            f"must delegate {origin}",
            error_id="log.delegation",
            path="delegation",
            remedy="An origin that nobody delegated is no evidence.",
        )
    known = trust.keys.get(found[-1].keyid)
    if known is None:
        raise UntrustedError(
            f"must be a key of the trust file (got {found[-1].keyid[:16]})",
            error_id="log.delegated_key",
            path="delegation.keyid",
            remedy="Have the worker's key added to the trust file, if you believe it.",
        )
    # It may speak for no more than the log that let it.
    worker = TrustedLog(origin, known, log.kind, log.namespace_globs)
    return Delegation(log, proven.index, head.checkpoint.size, found[-1], worker)


def require_named_back(
    opened: v1.LogOpened | None, request: v1.InferenceRecord, delegation: Delegation
) -> None:
    """Check that the worker's log names who delegated it, and that the request falls in the time.

    `opened` is the first leaf of the worker's log. None: the bundle does not show it. Raises
    VerificationError.
    """
    named = opened.delegating_origin if opened is not None else ""
    if named != delegation.origin:
        raise VerificationError(
            f"must name the log that delegated it, {delegation.origin}"
            f" (got {named or 'nothing'!r})",
            error_id="log.delegating_origin",
            path="opened/0.bin",
            remedy="Anybody can name a log: only one that is named back is the worker's.",
        )
    message, asked = delegation.message, request.request_time.ToNanoseconds()
    ended = message.HasField("end_time") and asked >= message.end_time.ToNanoseconds()
    if ended or asked < message.start_time.ToNanoseconds():
        raise VerificationError(
            "must be of a time in which the worker's log was delegated",
            error_id="log.delegation_time",
            path="inference.request_time",
            remedy="The log wrote before it was let, or after it was forbidden.",
        )


def describe(link_id: str, delegation: Delegation) -> Link:
    """Return what is shown of a delegation that held: a later leaf may have ended it.

    The request's time is the word of the worker's log, so one that was ended can date it back.
    """
    by, later = delegation.by.origin, delegation.size - delegation.index - 1
    named = f"{delegation.worker.origin} names {by} back"
    if not later:
        return Link.passed(link_id, f"{named}, whose last leaf delegates it")
    return Link.unproven(
        link_id,
        f"that {by} still delegated it: {named}, but none of the {later} leaves after the"
        " delegation is shown, and one may have ended it",
        f"Have both logs verified (`mlspec log verify --deployment-log`): that of {by} says it.",
    )
