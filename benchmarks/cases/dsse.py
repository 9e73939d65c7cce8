"""securesystemslib: an in-toto statement about the step in a DSSE envelope, signed with Ed25519."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, Key  # type: ignore[attr-defined]

from benchmarks import sample

Operation = Callable[[], object]

_TYPE: Final = "application/vnd.in-toto+json"


def _resource(file: sample.File) -> dict[str, Any]:
    return {"name": file.name, "uri": file.uri, "digest": {"sha256": file.sha256.hex()}}


def _statement() -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [_resource(file) for file in sample.OUTPUTS],
        "predicateType": "https://example.com/training/v1",
        "predicate": {
            "algorithm": sample.ALGORITHM,
            "hyperparameters": sample.PARAMETERS,
            "metrics": sample.METRICS,
            "resolvedDependencies": [_resource(file) for file in sample.INPUTS],
        },
    }


def _written(folder: Path, *, synced: bool) -> Operation:
    signer = CryptoSigner.generate_ed25519()
    descriptor = os.open(folder / "stream", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def run() -> None:
        envelope = Envelope(json.dumps(_statement()).encode(), _TYPE, {})
        envelope.sign(signer)
        os.write(descriptor, json.dumps(envelope.to_dict()).encode() + b"\n")
        if synced:
            os.fsync(descriptor)

    return run


def _verified(_: Path) -> Operation:
    """Return reading and verifying it: the signature, and nothing about what was signed."""
    signer = CryptoSigner.generate_ed25519()
    envelope = Envelope(json.dumps(_statement()).encode(), _TYPE, {})
    envelope.sign(signer)
    data = json.dumps(envelope.to_dict()).encode()
    keys: list[Key] = [signer.public_key]
    return lambda: Envelope.from_dict(json.loads(data)).verify(keys, 1)


CASES: Final = {
    "append": lambda folder: _written(folder, synced=False),
    "fsync": lambda folder: _written(folder, synced=True),
    "verify": _verified,
}
"""Each takes a folder of its own and returns the operation that is measured."""
