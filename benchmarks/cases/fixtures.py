"""The files that the measured commands read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import mlspec
from benchmarks import sample
from benchmarks.cases import messages
from mlspec import codec, records, v1
from mlspec.sealing import trust_edit


def record_file(folder: Path) -> Path:
    """Write one record as JSON."""
    path = folder / "record.json"
    codec.write(messages.build(), path)
    return path


def small_store(folder: Path) -> tuple[Path, Path]:
    """Make a store with one run of three steps, and the trust file that it verifies with."""
    key = mlspec.generate_key()
    store, trust = folder / "mlspec.db", folder / "trust.json"
    with mlspec.Run(sample.PIPELINE, store=store, signer=key, namespace=sample.NAMESPACE) as run:
        for number in range(3):
            body = v1.ModelTraining(**messages.body())
            with run.step(body, name=f"{sample.STEP}_{number}") as step:
                step.input(v1.Artifact(**messages.INPUTS[0]))
                step.output(v1.Artifact(**messages.OUTPUTS[0]))
    policy = trust_edit.new_policy(datetime.now(UTC) + timedelta(days=1))
    policy = trust_edit.add_key(policy, key.public, "benchmark@bank.example")
    policy = trust_edit.add_role(
        policy,
        "author",
        [key.keyid],
        stages=records.all_stages(),
        namespace_globs=[sample.NAMESPACE],
    )
    trust_edit.save(policy, trust)
    return store, trust
