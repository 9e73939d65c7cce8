"""Records that are sealed, and records that must not be."""

from collections.abc import Iterator
from typing import Any

from conformance.generator import envelopes, vectors
from conformance.generator.keys import ed25519, p256
from conformance.generator.making import MadeSet, expect_rules
from conformance.generator.wire_writing import bytes_field, varint_field
from conformance.schema import refusal
from mlspec.records import body_name

_KEYS = {"ed25519": ed25519("trainer"), "p256": p256("trainer")}


def sets() -> Iterator[MadeSet]:
    """Yield the records of every stage, sealed with both kinds of keys, and the refused ones."""
    made = MadeSet("seal/records", "A record of every stage and every other body, sealed.")
    _keep_keys(made)
    for vector in vectors.records():
        if vector.path.stem not in ("full", "minimal"):
            continue
        payload = vector.message.SerializeToString(deterministic=True)
        body = body_name(vector.message) or vector.path.parent.name
        for algorithm in _KEYS:
            _add_sealed(made, f"{body}_{vector.path.stem}", algorithm, payload)
    yield made
    yield _refused()


def _keep_keys(made: MadeSet) -> None:
    for name, key in _KEYS.items():
        made.file(f"{name}.pem", key.pem)


def _add_sealed(made: MadeSet, name: str, algorithm: str, payload: bytes) -> None:
    case = made.add(f"{name}_{algorithm}", f"Sealed with {algorithm}.")
    case.seal.payload.CopyFrom(made.file(f"{name}.binpb", payload))
    case.seal.private_key_file = f"{algorithm}.pem"
    envelope = envelopes.by(_KEYS[algorithm], payload=payload)
    case.seal.envelope.CopyFrom(made.file(f"{name}_{algorithm}.json", envelope))


def _refused() -> MadeSet:
    made = MadeSet("seal/refused", "Records that no signer seals.")
    _keep_keys(made)
    for name, purpose, payload, broken in _unsealable():
        case = made.add(f"{name}_fail", purpose)
        case.seal.payload.CopyFrom(made.file(f"{name}.binpb", payload))
        case.seal.private_key_file = "ed25519.pem"
        case.seal.refused.refusal = refusal("REFUSAL_UNACCEPTABLE")
        if broken is not None:
            expect_rules(case.seal.refused.violations, broken)
    return made


def _unsealable() -> Iterator[tuple[str, str, bytes, Any]]:
    """Yield name, purpose, payload, and the message if its rules are the reason."""
    good = vectors.record("model_training", "minimal")
    whole = good.SerializeToString(deterministic=True)
    invalid = vectors.record("model_training", "minimal")
    invalid.model_training.ClearField("algorithm")
    yield "rule_broken", "A rule is broken.", invalid.SerializeToString(), invalid
    yield "p1_unknown_field", "An unknown field at the top.", whole + varint_field(1000, 1), None
    header = good.header.SerializeToString() + varint_field(1000, 1)
    rest = vectors.record("model_training", "minimal")
    rest.ClearField("header")
    nested = bytes_field(1, header) + rest.SerializeToString()
    yield "p1_unknown_field_nested", "An unknown field in the header.", nested, None
    other = vectors.record("model_training", "minimal")
    other.header.stage = vectors.record("data_ingestion", "minimal").header.stage
    yield "p3_stage_of_another_body", "Header and body differ.", other.SerializeToString(), None
    newer = vectors.record("model_training", "minimal")
    newer.header.spec_version = "9.0.0"
    yield (
        "newer_than_signer",
        "A version that the signer does not know.",
        (newer.SerializeToString()),
        None,
    )
    order = vectors.record("model_training", "minimal")
    order.header.least_reader_version = "0.2.0"
    yield "least_reader_newer", "Needs a reader newer than itself.", order.SerializeToString(), None
    yield "p4_cut", "Cut in a field.", whole[:-1], None
