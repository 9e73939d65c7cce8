"""The signed form of a trust file, and whether the right root keys signed it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlspec.codec import Limits, parse_json
from mlspec.errors import TrustFileError, UntrustedError
from mlspec.media import TRUST_POLICY_JSON
from mlspec.sealing.dsse import MAX_ENVELOPE, Envelope
from mlspec.sealing.signatures import check_signatures, tampered

if TYPE_CHECKING:
    from mlspec.sealing.trust import TrustPolicy
    from mlspec.sealing.trusted import TrustedKey

_MARK = "payloadType"


def signed_form(data: bytes) -> Envelope | None:
    """Return the envelope if `data` is the signed form of a trust file. None: it is not.

    What has a member `payloadType` is meant to be the signed form. Raises LimitError and
    DecodeError if it is none that can be read, TrustFileError if it holds something else.
    """
    # An escaped spelling of the mark is not looked for: the bare form refuses it as unknown.
    if f'"{_MARK}"'.encode() not in data:
        return None
    document = parse_json(data, limits=Limits(max_bytes=MAX_ENVELOPE))
    if not isinstance(document, dict) or _MARK not in document:
        return None
    envelope = Envelope.from_json(data)
    if envelope.payload_type != TRUST_POLICY_JSON:
        raise TrustFileError(
            f"must be {TRUST_POLICY_JSON} (got {envelope.payload_type[:100]!r})",
            error_id="envelope.payload_type",
            path="payload_type",
            remedy="The envelope holds something else than a trust file: give the trust file.",
        )
    return envelope


def require_own_root(envelope: Envelope, policy: TrustPolicy) -> tuple[TrustedKey, ...]:
    """Return the keys of the policy's own root that signed it, if they are enough.

    Raises TrustFileError if it has no root, UntrustedError, TamperedError.
    """
    return _require_root(
        envelope,
        policy,
        whose="its own root",
        error_id="trust.own_root_threshold",
        remedy="Have more holders of its root keys sign it (`mlspec trust sign`).",
    )


def require_old_root(envelope: Envelope, old: TrustPolicy) -> tuple[TrustedKey, ...]:
    """Return the keys of the root of `old` that signed what is to succeed it, if they are enough.

    Raises TrustFileError if `old` has no root, UntrustedError, TamperedError.
    """
    return _require_root(
        envelope,
        old,
        whose=f"the root of version {old.version}",
        error_id="trust.old_root_threshold",
        remedy="Do not use it: those who may change the trust file did not sign this one.",
    )


def _require_root(
    envelope: Envelope, policy: TrustPolicy, *, whose: str, error_id: str, remedy: str
) -> tuple[TrustedKey, ...]:
    root = policy.root
    if root is None:
        raise TrustFileError(
            f"must have a root, because whose signatures count is said there (version"
            f" {policy.version} has none)",
            error_id="trust.no_root",
            path="root",
            remedy="Hand the new file over out of band, or add a root key to it"
            " (`mlspec trust add --root`).",
        )
    keys = {keyid: policy.keys[keyid] for keyid in sorted(root.keyids)}
    checked = check_signatures(envelope, keys, datetime.now(UTC))
    count = len(policy.identities(key.keyid for key in checked.counting))
    if count >= root.threshold:
        return checked.counting
    if checked.misfits:
        raise tampered(checked.misfits)
    got = "; ".join([str(count), *checked.lapsed])
    raise UntrustedError(
        f"must be by {root.threshold} identities of {whose} (got {got})",
        error_id=error_id,
        path="signatures",
        remedy=remedy,
    )
