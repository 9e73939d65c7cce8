"""A DSSE envelope as a sigstore bundle v0.3, with the hint of a bare public key.

Source: https://github.com/sigstore/protobuf-specs, `sigstore_bundle.proto`. A bundle of a bare key
names no certificate and no log: whoever verifies it has the key already.
"""

from __future__ import annotations

import json
from typing import Any, Final

from mlspec.codec import Limits, parse_json
from mlspec.errors import DecodeError, LimitError, UsageError
from mlspec.sealing import MAX_ENVELOPE, Envelope, Signature
from mlspec.sealing.dsse import MAX_KEYID

BUNDLE_JSON: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
"""The one version of bundles that is written and read."""

_LIMITS: Final = Limits(max_bytes=MAX_ENVELOPE + 4096)
_MEMBERS: Final = ("mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature")
_MATERIAL: Final = (
    "publicKey",
    "certificate",
    "x509CertificateChain",
    "tlogEntries",
    "timestampVerificationData",
)


def to_bundle(envelope: Envelope, keyid: str = "") -> bytes:
    """Return an envelope as a bundle, which holds exactly one signature.

    Args:
        envelope: A sealed record's, or that of a statement.
        keyid: The start of the id of the key whose signature goes along. It may be left out if
            there is only one signature.

    Raises:
        UsageError: `keyid` does not name one signature, or the signature names no key.
    """
    signature = _chosen(envelope, keyid)
    alone = Envelope(envelope.payload, envelope.payload_type, (signature,))
    document = {
        "mediaType": BUNDLE_JSON,
        "verificationMaterial": {"publicKey": {"hint": signature.keyid}, "tlogEntries": []},
        "dsseEnvelope": json.loads(alone.to_json()),
    }
    return f"{json.dumps(document, ensure_ascii=False, indent=2)}\n".encode()


def read_bundle(data: bytes) -> Envelope:
    """Return the envelope of a bundle with the hint of a bare public key.

    Nothing that it brings along is believed: the keys are those of the verifier, and entries of
    logs and time-stamps are left aside. A signature without a key id gets the bundle's hint.

    Raises DecodeError for another version, for certificates, and for what is no bundle; and what
    `Envelope.from_json` raises.
    """
    document = _object(parse_json(data, limits=_LIMITS), "", _MEMBERS)
    if document.get("mediaType") != BUNDLE_JSON:
        raise _bad(f"must be {BUNDLE_JSON}", "mediaType", "version")
    material = _object(document.get("verificationMaterial"), "verificationMaterial", _MATERIAL)
    if "certificate" in material or "x509CertificateChain" in material:
        words = "must name a bare public key: certificates are not taken from what they vouch for"
        raise _bad(words, "verificationMaterial", "certificate")
    path = "verificationMaterial.publicKey"
    hint = _object(material.get("publicKey"), path, ("hint",)).get("hint", "")
    if not isinstance(hint, str):
        raise _bad("must be a string", f"{path}.hint")
    if len(hint) > MAX_KEYID:
        words = f"must be at most {MAX_KEYID} characters (got {len(hint)})"
        raise LimitError(words, error_id="limit.size", path=f"{path}.hint")
    if "messageSignature" in document or "dsseEnvelope" not in document:
        raise _bad("must be there, and alone", "dsseEnvelope", "content")
    envelope = Envelope.from_json(json.dumps(document["dsseEnvelope"]).encode())
    if len(envelope.signatures) != 1:
        words = f"must be one (got {len(envelope.signatures)})"
        raise _bad(words, "dsseEnvelope.signatures", "signatures")
    (signature,) = envelope.signatures
    named = Signature(signature.sig, signature.keyid or hint)
    return Envelope(envelope.payload, envelope.payload_type, (named,))


def _chosen(envelope: Envelope, keyid: str) -> Signature:
    fitting = [each for each in envelope.signatures if each.keyid.startswith(keyid)]
    if len(fitting) != 1:
        raise UsageError(
            f"must name one of {len(envelope.signatures)} signatures (got {len(fitting)})",
            error_id="bundle.keyid",
            remedy="A bundle holds one signature: name the start of its key's id (--keyid).",
        )
    if not fitting[0].keyid:
        raise UsageError(
            "must be signed with a key that has an id",
            error_id="bundle.hint",
            remedy="A bundle names its key. Sign the record anew, or countersign it.",
        )
    return fitting[0]


def _object(value: Any, path: str, members: tuple[str, ...]) -> dict[str, Any]:
    """Return an object that has none of the known members in another spelling."""
    if not isinstance(value, dict):
        raise _bad("must be an object", path)
    known = {name.casefold(): name for name in members}
    for key in value:
        name = known.get(key.replace("_", "").casefold(), key)
        if name != key:
            raise _bad(f"must be spelled {name!r} (got {key[:64]!r})", path, "twins")
    return value


def _bad(words: str, path: str, kind: str = "shape") -> DecodeError:
    return DecodeError(
        words,
        error_id=f"bundle.{kind}",
        path=path,
        remedy="Check that the file is a sigstore bundle v0.3 with a bare public key.",
    )
