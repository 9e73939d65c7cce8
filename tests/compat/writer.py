"""Run by the future's own Python, with only its wheel: seal one record for each case.

Arguments: a new folder, the vectors' folder, and the versions of the readers, oldest first. The
folder gets `<case>.sealed.json`, both public keys, `cases.json`, which has for each case the
SHA-256 of its payload, and `run.mlspecs`, the store of a whole run.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlspec
from mlspec import codec, records
from mlspec import v1 as known
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing import Envelope, write_public_key
from mlspec.sealing.signers import sign_envelope

# What this version added is in no stub of the repository's.
v1: Any = known


def training(vectors: Path, least: str) -> Any:
    """A full record of this version that uses nothing new."""
    record: Any = codec.read(v1.Record, vectors / "model_training" / "full.txtpb")
    record.header.record_id = records.new_id()
    record.header.run_id = records.new_id()
    record.header.spec_version = records.SPEC_VERSION
    record.header.least_reader_version = least
    return record


def use_new_fields(record: Any) -> None:
    """Fill what this version added: in the header, the body, and lists inside both."""
    licence = v1.FutureLicence(name="CC-BY-4.0")
    record.header.future_region = "eu-central"
    record.header.inputs[0].future_licence.CopyFrom(licence)
    record.model_training.future_licences.append(licence)
    record.model_training.progress.checkpoints.add(step=7, future_shard_count=3)


def plain(record: Any) -> None:
    """Use nothing new."""


def use_new_value(record: Any) -> None:
    """Give an enum that may grow its new value."""
    record.model_training.progress.stop_reason = v1.STOP_REASON_FUTURE_BUDGET


def annotate(duty: str) -> Callable[[Any], None]:
    """Return what adds an annotation of a duty."""

    def change(record: Any) -> None:
        number = v1.AnnotationDuty.Value(f"ANNOTATION_DUTY_{duty}")
        record.header.annotations.add(name="bank.example/embargo", duty=number)

    return change


def retirement() -> Any:
    """A record of the stage that this version added."""
    stage = v1.STAGE_FUTURE_RETIREMENT
    header = records.new_header(stage, namespace="loans", run_id=records.new_id())
    return records.new_record(v1.FutureRetirement(reason="replaced by version 2"), header)


def swapped(record: Any) -> bytes:
    """Encode a record with its body first: as good as any order, and no encoder's own."""
    head, body = v1.Record(header=record.header), v1.Record()
    body.CopyFrom(record)
    body.ClearField("header")
    payload: bytes = body.SerializeToString() + head.SerializeToString()
    return payload


def cases(vectors: Path, readers: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield the cases: records to seal, and payloads that `mlspec.seal` would not make."""
    own, oldest = records.SPEC_VERSION, readers[0]
    changes = {
        "new_fields": (use_new_fields, own),
        "new_fields_readable": (use_new_fields, oldest),
        "new_value": (use_new_value, oldest),
        "nothing_new": (plain, oldest),
        "newer_reader": (plain, own),
        "must_understand": (annotate("MUST_UNDERSTAND"), oldest),
        "ignorable": (annotate("IGNORABLE"), oldest),
    }
    for name, (change, least) in changes.items():
        record = training(vectors, least)
        change(record)
        yield name, record
    yield "new_stage", retirement()
    record = training(vectors, own)
    use_new_fields(record)
    yield "other_order", swapped(record)
    record = training(vectors, least="999.0.0")
    yield "versions_swapped", codec.encode(record)
    for version in readers:
        smuggled = training(vectors, version)
        use_new_fields(smuggled)
        smuggled.header.spec_version = version
        yield f"smuggled_{version}", smuggled


def sealed(made: Any, signer: Any) -> mlspec.Sealed:
    """Seal a record, or sign a payload as it is."""
    if not isinstance(made, bytes):
        return mlspec.seal(made, signer)
    signature = sign_envelope(signer, RECORD_PAYLOAD_TYPE, made)
    return mlspec.Sealed(Envelope(made, RECORD_PAYLOAD_TYPE, (signature,)))


def run(target: Path, signer: Any) -> None:
    """Leave the store of a run with one step, whose body uses what this version added."""
    store = f"{target}/run.mlspecs"
    with mlspec.Run("loan-approval", store=store, signer=signer, namespace="loans") as going:
        body = v1.ModelTraining(algorithm="logistic regression")
        body.future_licences.add(name="CC-BY-4.0")
        with going.step(body) as step:
            step.input(target / "ed25519.pub", role="training data")
            step.output(target / "ecdsa-p256.pub", role="model")


def main(target: Path, vectors: Path, readers: list[str]) -> None:
    """Seal each case with one kind of key and with the other by turns, the first with both."""
    target.mkdir()
    signers = [mlspec.generate_key(algorithm) for algorithm in ("ed25519", "ecdsa-p256")]
    for signer in signers:
        write_public_key(signer.public, target / f"{signer.public.algorithm}.pub")
    digests = {}
    for index, (name, made) in enumerate(cases(vectors, readers)):
        envelope = sealed(made, signers[index % 2])
        if index == 0:
            envelope = envelope.countersign(signers[1])
        (target / f"{name}.sealed.json").write_bytes(envelope.to_json())
        digests[name] = envelope.hex
    (target / "cases.json").write_text(json.dumps(digests))
    run(target, signers[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
