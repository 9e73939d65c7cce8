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


def two_images(folder: Path, count: int) -> tuple[Path, Path]:
    """Write two images of `count` files of the specification; return their paths.

    In the second, each message has a field more, so that every file has to be gone through and
    nothing breaks.
    """
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorSet

    from mlspec.schema import descriptor_set

    image = FileDescriptorSet.FromString(descriptor_set())
    own = [file for file in image.file if file.name.startswith("mlspec/")][:count]
    rest = [file for file in image.file if not file.name.startswith("mlspec/")]
    old, new = (FileDescriptorSet(file=[*rest, *own]) for _ in range(2))
    for file in new.file[len(rest) :]:
        for message in file.message_type:
            message.field.add(
                name="one_more",
                json_name="oneMore",
                number=9999,
                type=FieldDescriptorProto.TYPE_INT64,
                label=FieldDescriptorProto.LABEL_OPTIONAL,
            )
    paths = folder / "old.binpb", folder / "new.binpb"
    for path, content in zip(paths, (old, new), strict=True):
        path.write_bytes(content.SerializeToString())
    return paths
