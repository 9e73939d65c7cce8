"""Who signs in the vectors. Their private keys are the hashes of their names: nobody's secret."""

import hashlib
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mlspec import v1
from mlspec.sealing import PrivateKey

EXPIRES = datetime(2099, 1, 1, tzinfo=UTC)
LAPSES = datetime(2024, 12, 31, tzinfo=UTC)

ROLES: dict[str, tuple[tuple[str, ...], tuple[v1.Stage.ValueType, ...]]] = {
    "policy": (("policy",), (v1.STAGE_OBJECTIVES,)),
    "data": (
        ("data", "leaver"),
        (
            v1.STAGE_OBJECT_EVENT,
            v1.STAGE_DATA_INGESTION,
            v1.STAGE_DATA_TRANSFORMATION,
            v1.STAGE_DATA_SPLITTING,
        ),
    ),
    "custodian": (
        ("custodian",),
        (v1.STAGE_HOLDOUT_OPENED, v1.STAGE_DATA_TRANSFORMATION),
    ),
    "opener": (("data",), (v1.STAGE_HOLDOUT_OPENED,)),
    "trainer": (("trainer",), (v1.STAGE_MODEL_TRAINING,)),
    "evaluator": (("evaluator",), (v1.STAGE_MODEL_EVALUATION, v1.STAGE_HOLDOUT_TEST)),
    "releaser": (("releaser",), (v1.STAGE_MODEL_PACKAGING, v1.STAGE_GATE_DECISION)),
    "officer": (("officer",), (v1.STAGE_GATE_DECISION,)),
    "operator": (("operator",), (v1.STAGE_MODEL_SERVING, v1.STAGE_RUN_MANIFEST)),
    "elsewhere": (("policy", "operator"), (v1.STAGE_OBJECTIVES, v1.STAGE_RUN_MANIFEST)),
}
"""Keys and stages by role. The leaver's key lapsed; `elsewhere` is for namespace "cards"."""

_POWERS = {
    "custodian": [v1.TRUST_POWER_RELEASE_HOLDOUT],
    "officer": [v1.TRUST_POWER_WAIVE],
}
LOG_ORIGIN = "bank.example/loans/requests"


@cache
def key(name: str) -> PrivateKey:
    """Return the key of somebody."""
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


def trust() -> v1.TrustPolicy:
    """Return the trust file that all vectors are judged by."""
    made = v1.TrustPolicy(version=1)
    made.expire_time.FromDatetime(EXPIRES)
    for name in dict.fromkeys(who for names, _ in ROLES.values() for who in names) | {"log": None}:
        public = key(name).public
        trusted = made.keys.add(
            keyid=public.keyid,
            public_key=public.to_pem(),
            algorithm=v1.KEY_ALGORITHM_ED25519,
            identity=f"{name}@bank.example",
        )
        if name == "leaver":
            trusted.valid_until_time.FromDatetime(LAPSES)
    for role, (names, stages) in ROLES.items():
        made.roles.add(
            name=role,
            keyids=[key(name).keyid for name in names],
            threshold=1,
            stages=stages,
            namespace_globs=["cards" if role == "elsewhere" else "loans"],
            powers=_POWERS.get(role, []),
        )
    made.logs.add(
        origin=LOG_ORIGIN,
        keyid=key("log").keyid,
        namespace_globs=["loans"],
        kind=v1.LOG_KIND_REQUESTS,
    )
    return made
