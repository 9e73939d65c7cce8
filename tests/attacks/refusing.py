"""What the attacks start from: a sealed record, who may seal it, and calls to be refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ParamSpec

import pytest

from mlspec.errors import MLSpecError
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing import Envelope, PrivateKey, Sealed, Signature, VerifiedRecord, seal, unseal
from mlspec.sealing.signers import sign_envelope
from tests.unit import samples

P = ParamSpec("P")

ONE, TWO, STRANGER = samples.ED25519, samples.ECDSA, samples.OTHER_ED25519
RECORD = samples.record()
SEALED = seal(RECORD, ONE)
TRUST = samples.trust(ONE)
PAYLOAD = SEALED.payload


def refused(
    error_id: str, call: Callable[P, object], *arguments: P.args, **named: P.kwargs
) -> MLSpecError:
    """Return the error that `call` must raise, which must be of ours and have this id."""
    with pytest.raises(MLSpecError) as caught:
        call(*arguments, **named)
    assert caught.value.id == error_id, f"{caught.value.id}: {caught.value}"
    return caught.value


def read(text: bytes) -> VerifiedRecord:
    """Read an envelope from JSON and verify what is in it, as `mlspec verify` does."""
    return unseal(Sealed.from_json(text), TRUST)


def signed(payload: bytes, *keys: PrivateKey, kind: str = RECORD_PAYLOAD_TYPE) -> Sealed:
    """Sign bytes that `seal` would refuse."""
    made = tuple(sign_envelope(key, kind, payload) for key in keys or (ONE,))
    return Sealed(Envelope(payload, kind, made))


def with_signatures(*signatures: Signature) -> Sealed:
    """The sealed record with other signatures."""
    return Sealed(replace(SEALED.envelope, signatures=signatures))


def document(**changes: Any) -> bytes:
    """The sealed record as JSON, with some members changed."""
    return json.dumps(json.loads(SEALED.to_json()) | changes).encode()
