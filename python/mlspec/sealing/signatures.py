"""What the signatures of an envelope are worth, given keys that somebody believes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from mlspec.errors import TamperedError
from mlspec.sealing.dsse import Envelope, Signature, pae
from mlspec.sealing.trusted import TrustedKey


class Checked(NamedTuple):
    """The outcome of trying each signature with each key.

    Attributes:
        counting: Keys that signed and count, each once.
        lapsed: Why other keys that signed do not count.
        misfits: Signatures that claim one of the keys and do not fit.
    """

    counting: tuple[TrustedKey, ...]
    lapsed: tuple[str, ...]
    misfits: tuple[str, ...]


def check_signatures(
    envelope: Envelope, keys: Mapping[str, TrustedKey], moment: datetime
) -> Checked:
    """Try each signature over PAE(type, payload), as received, with the trusted `keys` by id.

    A key found is counted once, however often and under whatever keyid it signed. It counts if it
    is valid and not revoked at `moment`.
    """
    data = pae(envelope.payload_type, envelope.payload)
    found: dict[str, TrustedKey] = {}
    misfits = []
    for index, signature in enumerate(dict.fromkeys(envelope.signatures)):
        key = _maker(signature, data, keys)
        if key is not None:
            found[key.keyid] = key
        elif signature.keyid in keys:
            identity = keys[signature.keyid].identity
            misfits.append(f"signatures[{index}] claims the key of {identity} and does not fit")
    lapses = [(key, key.lapse(moment)) for key in found.values()]
    return Checked(
        counting=tuple(key for key, lapse in lapses if lapse is None),
        lapsed=tuple(f"the key of {key.identity} {lapse}" for key, lapse in lapses if lapse),
        misfits=tuple(misfits),
    )


def tampered(misfits: tuple[str, ...]) -> TamperedError:
    """Return the error for signatures that claim a trusted key and do not fit."""
    path, _, words = misfits[0].partition(" ")
    return TamperedError(
        f"must fit the payload and its type ({words})",
        path=path,
        remedy="Payload, type or signature was changed after signing: get the original.",
    )


def _maker(signature: Signature, data: bytes, keys: Mapping[str, TrustedKey]) -> TrustedKey | None:
    """Find the trusted key that made `signature`; its keyid only says where to begin."""
    hinted = keys.get(signature.keyid)
    if hinted is not None and hinted.public.fits(signature.sig, data):
        return hinted
    others = (key for key in keys.values() if key is not hinted)
    return next((key for key in others if key.public.fits(signature.sig, data)), None)
