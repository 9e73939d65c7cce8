"""From one trust file to the next: who may change it, and that it never goes back."""

from __future__ import annotations

from collections.abc import Iterable

from mlspec import v1
from mlspec.codec import Format, encode
from mlspec.errors import LimitError, UntrustedError, UsageError
from mlspec.media import TRUST_POLICY_JSON
from mlspec.sealing.dsse import MAX_SIGNATURES, Envelope, Signature
from mlspec.sealing.root_signatures import require_old_root, require_own_root, signed_form
from mlspec.sealing.signers import Signer, sign_envelope
from mlspec.sealing.trust import TrustPolicy
from mlspec.sealing.trust_edit import next_version


def accept_successor(old: TrustPolicy, signed_new: bytes) -> TrustPolicy:
    """Return the next trust file, if those whom the old one names made it.

    1. It must be in the signed form, and of the payload type of trust files.
    2. Keys of the old root must have signed the bytes as received: as many distinct identities as
       its threshold asks, with keys that count now, by the old file. Nothing is parsed before.
    3. Those bytes must be a policy that may be used.
    4. Keys of its own root must have signed them as well, by the new file.
    5. Its version must be higher.
    6. It must undo no revocation: a key that the old file revokes must still be there, revoked
       from the same time or an earlier one.
    7. It must not have expired. Whether the old one has does not matter: its root still says who
       may follow.

    Args:
        old: The trust file that is believed so far.
        signed_new: The bytes of the file that is to take its place, from wherever.

    Raises:
        UntrustedError: Its id is "trust.unsigned", "trust.old_root_threshold",
            "trust.own_root_threshold", "trust.rolled_back", "trust.version_same",
            "trust.revival" or "trust.expired".
        TamperedError: Too few signed, and a signature claims a root key that did not make it.
        TrustFileError: The old file names no root, or the new one must not be used.
        DecodeError, LimitError, UnknownFieldsError: The bytes are no trust file.
    """
    envelope = signed_form(signed_new)
    if envelope is None:
        raise UntrustedError(
            "must be signed: it is a bare trust file",
            error_id="trust.unsigned",
            path="signatures",
            remedy="Have holders of the root keys sign it (`mlspec trust sign`).",
        )
    require_old_root(envelope, old)
    new = TrustPolicy.from_json(envelope.payload)
    require_own_root(envelope, new)
    new.require_version(old.version)
    if new.version == old.version:
        raise UntrustedError(
            f"must be higher than {old.version}, the version that it follows",
            error_id="trust.version_same",
            path="trust.version",
            remedy="Keep the file that you have; a change always has a higher version.",
        )
    _require_revoked(old, new)
    new.require_current()
    return new


def _require_revoked(old: TrustPolicy, new: TrustPolicy) -> None:
    """Step 6: whoever stole a key must not get it back by a forgetful edit."""
    for keyid, key in old.keys.items():
        if key.revoked is None:
            continue
        now = new.keys.get(keyid)
        if now is None or now.revoked is None or now.revoked > key.revoked:
            raise UntrustedError(
                f"must keep key {keyid[:16]} of {key.identity} revoked from"
                f" {key.revoked:%Y-%m-%d %H:%M:%SZ} on",
                error_id="trust.revival",
                path="trust.keys",
                remedy="Revoke the key again in the next version; whoever is trusted again gets a"
                " new key.",
            )


def make_successor(
    old: TrustPolicy,
    draft: v1.TrustPolicy,
    signers: Iterable[Signer],
    *,
    partial: bool = False,
) -> bytes:
    """Return `draft` as the signed trust file that follows `old`, one version higher.

    The outcome is what `accept_successor` accepts. If `old` has no root, the new root alone signs,
    and the file must still be handed over out of band. `partial` leaves the thresholds for
    `add_signatures` to meet later.

    Raises TrustFileError, UsageError for a signer that is in neither root or if there is no higher
    version, SigningError, and what `accept_successor` raises.
    """
    checked = v1.TrustPolicy()
    checked.CopyFrom(draft)
    checked.version = next_version(old.version)
    policy = TrustPolicy(checked)
    made = add_signatures(encode(checked, Format.JSON), signers, roots=(old, policy))
    if partial:
        return made
    return _required(old, made)


def add_signatures(
    data: bytes, signers: Iterable[Signer], *, roots: Iterable[TrustPolicy] = ()
) -> bytes:
    """Return a trust file in the signed form, with a signature of each signer over its bytes.

    The policy's bytes stay as they are, in whichever form they came. A signer's earlier signature
    is replaced.

    Args:
        data: The trust file, in either form.
        signers: Holders of root keys.
        roots: Policies whose roots the signers may be of, besides the file's own.

    Raises:
        UsageError: There is no signer, or one that is in none of the roots.
        TrustFileError, SigningError, LimitError, and what decoding raises.
    """
    envelope = signed_form(data)
    payload = data if envelope is None else envelope.payload
    policy = TrustPolicy.from_json(payload)
    known = [each.root.keyids for each in (policy, *roots) if each.root is not None]
    made: dict[str, Signature] = {}
    for signer in signers:
        signature = sign_envelope(signer, TRUST_POLICY_JSON, payload)
        if not any(signature.keyid in keyids for keyids in known):
            raise UsageError(
                f"must be a root key (got {signature.keyid})",
                error_id="trust.not_root",
                remedy="Sign with a key that the trust file names as root, or add it there"
                " first (`mlspec trust rotate --add-root`).",
            )
        made[signature.keyid] = signature
    if not made:
        raise UsageError("must be signed by at least one key", error_id="trust.no_signer")
    earlier = () if envelope is None else envelope.signatures
    kept = (each for each in earlier if each.keyid not in made)
    signatures = (*kept, *made.values())
    if len(signatures) > MAX_SIGNATURES:
        raise LimitError(f"must have at most {MAX_SIGNATURES} signatures", error_id="limit.count")
    return Envelope(payload, TRUST_POLICY_JSON, signatures).to_json()


def _required(old: TrustPolicy, made: bytes) -> bytes:
    """Return `made` if it may follow `old`. Raises what reading and accepting raise."""
    if old.root is None:
        TrustPolicy.from_any(made).require_current()
    else:
        accept_successor(old, made)
    return made
