"""Signatures that may be younger than what they stand under.

An outsider's time covers a record's payload. Whoever stole a key can add its signature to an old
payload at any time, and it looks as old as the payload. So a revoked key still vouches for what was
seen before it was revoked, as the only signer that a role asks for; but it lends no power, and it
is not one of several that a threshold counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlspec.errors import UntrustedError

if TYPE_CHECKING:
    from mlspec.sealing import TrustedRole, TrustPolicy, VerifiedRecord, VerifiedSigner


def lasting_signers(verified: VerifiedRecord, trust: TrustPolicy) -> tuple[VerifiedSigner, ...]:
    """Return who signed with a key that is not revoked, from whatever time on."""
    return tuple(each for each in verified.signers if trust.keys[each.keyid].revoked is None)


def lasting_powers(verified: VerifiedRecord, trust: TrustPolicy) -> frozenset[int]:
    """Return the powers of the roles that those who last fill by themselves."""
    return frozenset[int]().union(*(role.powers for role in _filled(verified, trust)))


def require_lasting(verified: VerifiedRecord, trust: TrustPolicy) -> None:
    """Raise UntrustedError if only several signatures, one of a revoked key, vouch for a record."""
    if any(role.threshold == 1 for role in _met(verified, trust)) or any(_filled(verified, trust)):
        return
    raise UntrustedError(
        "must be signed by as many keys as its role asks for that are not revoked",
        error_id="signature.revoked_beside",
        path="signatures",
        remedy="When it was signed by the revoked key is not proven: have it countersigned anew.",
    )


def _met(verified: VerifiedRecord, trust: TrustPolicy) -> Iterator[TrustedRole]:
    return (role for role in trust.roles if role.name in verified.roles)


def _filled(verified: VerifiedRecord, trust: TrustPolicy) -> Iterator[TrustedRole]:
    signed = {each.keyid for each in lasting_signers(verified, trust)}
    for role in _met(verified, trust):
        if len(trust.identities(role.keyids & signed)) >= role.threshold:
            yield role
