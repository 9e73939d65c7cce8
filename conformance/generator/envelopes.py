"""Envelopes of the kit: made right, or with one thing wrong."""

import base64
import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from conformance.generator.keys import KitKey
from mlspec import v1
from mlspec.media import RECORD_PAYLOAD_TYPE


class Sig(NamedTuple):
    """A signature of an envelope, as it will stand there. keyid None: there is none."""

    sig: bytes
    keyid: str | None = None


def signed(key: KitKey, payload: bytes, payload_type: str = RECORD_PAYLOAD_TYPE) -> Sig:
    """Return the key's signature, with its id as the hint."""
    return Sig(key.sign_dsse(payload_type, payload), key.keyid)


def document(
    payload: bytes, signatures: Iterable[Sig], payload_type: str = RECORD_PAYLOAD_TYPE
) -> dict[str, Any]:
    """Return an envelope as JSON data, in the order that `mlspec sign` writes."""
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [
            ({} if each.keyid is None else {"keyid": each.keyid})
            | {"sig": base64.b64encode(each.sig).decode()}
            for each in signatures
        ],
    }


def written(value: Any) -> bytes:
    """Return JSON data as `mlspec sign` writes it."""
    return f"{json.dumps(value, ensure_ascii=False, indent=2)}\n".encode()


def by(*keys: KitKey, payload: bytes, payload_type: str = RECORD_PAYLOAD_TYPE) -> bytes:
    """Return the JSON form of an envelope that these keys signed."""
    signatures = [signed(key, payload, payload_type) for key in keys]
    return written(document(payload, signatures, payload_type))


def protobuf_form(payload: bytes, signatures: Iterable[Sig]) -> bytes:
    """Return the protobuf form."""
    message = v1.Envelope(payload=payload, payload_type=RECORD_PAYLOAD_TYPE)
    for each in signatures:
        message.signatures.add(sig=each.sig, keyid=each.keyid)
    return message.SerializeToString(deterministic=True)
