"""A verified record with outputs, and its statement to alter."""

import json
from typing import Any

from mlspec import v1
from mlspec.exporters import to_statement
from mlspec.sealing import PrivateKey, Sealed, VerifiedRecord, seal, unseal
from tests.unit import samples

MODEL, PLOT = bytes(range(32)), bytes(range(32, 64))


def output(name: str = "model.json", sha256: bytes = MODEL) -> v1.Artifact:
    """One output of a step."""
    return v1.Artifact(name=name, digest=v1.Digest(sha256=sha256), size_bytes=2**60)


def sealed(*outputs: v1.Artifact, key: PrivateKey = samples.ED25519) -> Sealed:
    """A sealed record of a step that made these outputs."""
    record = samples.record()
    record.header.outputs.extend(outputs)
    return seal(record, key)


def verified(*outputs: v1.Artifact, key: PrivateKey = samples.ED25519) -> VerifiedRecord:
    """The same, verified."""
    return unseal(sealed(*outputs, key=key), samples.trust(key))


def document(*outputs: v1.Artifact) -> dict[str, Any]:
    """The statement of a record as data."""
    made: dict[str, Any] = json.loads(to_statement(verified(*(outputs or (output(),)))))
    return made
