"""Trust files of the kit."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from conformance.generator.keys import KitKey
from conformance.generator.making import to_json
from mlspec import v1

EXPIRES = 253_402_300_799
"""The last second of 9999, because each program judges by its own clock whether a file expired."""

_ALGORITHMS = {
    "ed25519": v1.KEY_ALGORITHM_ED25519,
    "ecdsa-p256": v1.KEY_ALGORITHM_ECDSA_P256,
}


def moment(year: int, month: int = 1, day: int = 1) -> Timestamp:
    """Return the first second of a day, UTC."""
    return Timestamp(seconds=int(datetime(year, month, day, tzinfo=UTC).timestamp()))


def key(pair: KitKey, identity: str, **times: Timestamp) -> v1.TrustedKey:
    """Return the trusted key of a pair; `times` are its validity fields."""
    return v1.TrustedKey(
        keyid=pair.keyid,
        public_key=pair.private.public.to_pem(),
        algorithm=_ALGORITHMS[pair.private.algorithm],
        identity=identity,
        **times,
    )


def role(
    *pairs: KitKey,
    name: str = "trainer",
    threshold: int = 1,
    stages: Iterable[Any] = (v1.STAGE_MODEL_TRAINING,),
    globs: Iterable[str] = ("loans",),
) -> v1.TrustRole:
    """Return a role of these keys."""
    return v1.TrustRole(
        name=name,
        keyids=[pair.keyid for pair in pairs],
        threshold=threshold,
        stages=stages,
        namespace_globs=globs,
    )


def policy(
    keys: Iterable[v1.TrustedKey], roles: Iterable[v1.TrustRole], expires: int = EXPIRES
) -> v1.TrustPolicy:
    """Return a policy, as a message."""
    return v1.TrustPolicy(version=1, expire_time=Timestamp(seconds=expires), keys=keys, roles=roles)


def written(message: v1.TrustPolicy) -> bytes:
    """Return a policy as a trust file."""
    return to_json(message)
