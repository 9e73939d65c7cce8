"""What it takes to believe a sealed record: from the envelope's bytes to the verified record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import mlspec
from benchmarks import sample
from benchmarks.cases import messages
from mlspec import records
from mlspec.sealing import PrivateKey, Sealed, TrustPolicy, pae, trust_edit

Operation = Callable[[], object]


def _trust(key: PrivateKey) -> TrustPolicy:
    policy = trust_edit.new_policy(datetime.now(UTC) + timedelta(days=1))
    policy = trust_edit.add_key(policy, key.public, "benchmark@bank.example")
    stages, globs = records.all_stages(), [sample.NAMESPACE]
    return TrustPolicy(
        trust_edit.add_role(policy, "author", [key.keyid], stages=stages, namespace_globs=globs)
    )


def _bare(_: Path) -> Operation:
    key = mlspec.generate_key()
    envelope = mlspec.seal(messages.build(), key).envelope
    data, sig = pae(envelope.payload_type, envelope.payload), envelope.signatures[0].sig
    return lambda: key.public.fits(sig, data)


def _unsealed(_: Path, *, json: bool) -> Operation:
    key = mlspec.generate_key()
    trust, sealed = _trust(key), mlspec.seal(messages.build(), key)
    if json:
        data = sealed.to_json()
        return lambda: mlspec.unseal(Sealed.from_json(data), trust)
    data = sealed.to_bytes()
    return lambda: mlspec.unseal(Sealed.from_bytes(data), trust)


CASES: Final = {
    "bare": _bare,
    "from json": lambda folder: _unsealed(folder, json=True),
    "from bytes": lambda folder: _unsealed(folder, json=False),
}
"""Each takes a folder of its own and returns the operation that is measured."""
