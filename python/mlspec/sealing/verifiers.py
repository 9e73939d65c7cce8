"""Verification. Its steps are numbered once, at `unseal`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from mlspec.errors import (
    InputError,
    UnacceptableError,
    UntrustedError,
    ValidationError,
    VerificationError,
)
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.records import stage_name
from mlspec.sealing.acceptance import Accepted, accept
from mlspec.sealing.sealed import Sealed, wrong_type
from mlspec.sealing.signatures import Checked, check_signatures, tampered
from mlspec.sealing.trust import TrustPolicy, aware
from mlspec.sealing.trusted import TrustedRole
from mlspec.sealing.verified import VerifiedRecord, VerifiedSigner, _issue


def unseal(
    sealed: Sealed,
    trust: TrustPolicy,
    *,
    at: datetime | None = None,
    understands: Collection[str] = (),
) -> VerifiedRecord:
    """Verify a sealed record. Raises, or returns a value that nothing else can make.

    What the trust file requires of namespaces is not judged here: it asks for more than one
    record can show (`mlspec.provenance`).

    1. The trust file must not have expired, by this machine's clock.
    2. Each signature is tried over PAE(type, payload), as received: first with the trusted key
       that its keyid hints at, then with all others. The algorithm is the trusted key's. A key
       found is counted once, however often and under whatever keyid it signed.
    3. A key counts if it is valid and not revoked at `at` (default: now), a time that the caller
       vouches for. At least one must count.
    4. The payload type must be that of a record.
    5. The received payload, and nothing else, is parsed: within bounds, with no field twice at
       its top, and by the rules on unknown fields, newer versions and annotations.
    6. The stage that the header names must be that of the body.
    7. The record must keep the rules of the specification, unless it is newer than this reader.
    8. Some role must cover both stage and namespace, and as many distinct identities as its
       threshold asks must have signed with keys of the role.

    Args:
        sealed: The envelope, from wherever.
        trust: Whom to believe; never from the same place as the envelope.
        at: The time to judge keys at, with a time zone.
        understands: The must-understand annotations that the caller acts on.

    Raises:
        TamperedError: Nobody who counts vouches, and a signature claims a trusted key (by its
            keyid) that did not make it.
        UntrustedError: Nobody who counts vouches: no trusted key, an expired or revoked one,
            another role, stage or namespace, too few; or the trust file has expired.
        UnacceptableError: Steps 4 to 7; its `reason` says which.
        UsageError: `at` has no time zone.
    """
    moment = datetime.now(UTC) if at is None else aware(at)
    trust.require_current()
    checked = check_signatures(sealed.envelope, trust.keys, moment)
    if not checked.counting:
        raise _nobody(checked)
    accepted = _accept(sealed, understands)
    header = accepted.record.header
    roles = _roles_met(checked, trust, accepted)
    return _issue(
        sealed=sealed,
        stage=header.stage,
        signers=tuple(VerifiedSigner(key.keyid, key.identity) for key in checked.counting),
        roles=tuple(role.name for role in roles),
        powers=frozenset[int]().union(*(role.powers for role in roles)),
        doubts=accepted.doubts,
        notes=checked.lapsed + checked.misfits,
        judged_at=moment,
        trust_version=trust.version,
    )


def _accept(sealed: Sealed, understands: Collection[str]) -> Accepted:
    """Steps 4 to 7."""
    try:
        if sealed.payload_type != RECORD_PAYLOAD_TYPE:
            raise wrong_type(sealed.payload_type)
        return accept(sealed.payload, understands=understands)
    except (InputError, ValidationError) as error:
        raise UnacceptableError(error) from error


def _roles_met(checked: Checked, trust: TrustPolicy, accepted: Accepted) -> tuple[TrustedRole, ...]:
    """Step 8."""
    header = accepted.record.header
    signed = {key.keyid for key in checked.counting}
    covering = [role for role in trust.roles if header.stage in role.stages]
    covering = [role for role in covering if role.covers(header.namespace_name)]
    met = tuple(
        role for role in covering if len(trust.identities(role.keyids & signed)) >= role.threshold
    )
    if met:
        return met
    if checked.misfits:
        raise tampered(checked.misfits)
    raise _no_role(checked, trust, accepted, covering)


def _nobody(checked: Checked) -> VerificationError:
    if checked.misfits:
        return tampered(checked.misfits)
    if checked.lapsed:
        return UntrustedError(
            f"must be signed by a key that counts ({'; '.join(checked.lapsed)})",
            error_id="signature.lapsed",
            path="signatures",
            remedy="If a time is proven at which the key counted, name it (--at).",
        )
    return UntrustedError(
        "must be signed by a key that the trust file knows",
        error_id="signature.unknown_key",
        path="signatures",
        remedy="Use the trust file for this signer, or have the key added to it.",
    )


def _no_role(
    checked: Checked, trust: TrustPolicy, accepted: Accepted, covering: list[TrustedRole]
) -> UntrustedError:
    header = accepted.record.header
    stage, namespace = stage_name(header.stage), header.namespace_name
    who = ", ".join(key.identity for key in checked.counting)
    signed = {key.keyid for key in checked.counting}
    short = [role for role in covering if role.keyids & signed]
    if short:
        role = max(short, key=lambda each: len(each.keyids & signed))
        count = len(trust.identities(role.keyids & signed))
        words, error_id = (
            f"must be signed by {role.threshold} identities of role {role.name!r} (got {count})",
            "role.threshold",
        )
    else:
        words, error_id = (
            f"must be signed in a role for {stage} in namespace {namespace!r} (signed by {who})",
            "role.missing",
        )
    remedy = "Have a holder of the role sign, or have the trust file changed."
    if accepted.doubts:
        remedy += f" A newer MLSpec may know more: {accepted.doubts[0]}."
    return UntrustedError(words, error_id=error_id, path="signatures", remedy=remedy)
