"""Who signs in the kit, and the trust file that most cases name."""

from conformance.generator import trust_files, vectors
from conformance.generator.keys import ed25519, p256
from mlspec import v1

ADA = ed25519("ada")
BEN = p256("ben")
MALLORY = ed25519("mallory")
MALLORY_P256 = p256("mallory")

ADA_IDENTITY = "ada@bank.example"

KEYS = (
    trust_files.key(ADA, ADA_IDENTITY),
    trust_files.key(BEN, "ben@bank.example"),
)


def usual() -> bytes:
    """Return the trust file in which either of two people may vouch for two stages of loans."""
    stages = (v1.STAGE_OBJECTIVES, v1.STAGE_MODEL_TRAINING)
    role = trust_files.role(ADA, BEN, stages=stages)
    return trust_files.written(trust_files.policy(KEYS, [role]))


def training() -> v1.Record:
    """Return the record that most cases are about."""
    record: v1.Record = vectors.record("model_training", "minimal")
    return record


def payload() -> bytes:
    """Return its bytes."""
    return training().SerializeToString(deterministic=True)
