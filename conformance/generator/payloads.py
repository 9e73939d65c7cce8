"""Payloads that a trusted key signed, and that are records or are not."""

from typing import Any

from conformance.generator import envelopes, people, scalars, trust_files
from conformance.generator.making import MadeSet
from conformance.generator.people import ADA, BEN
from conformance.generator.verify_cases import VerifySet
from conformance.generator.wire_writing import bytes_field, varint_field
from mlspec import v1
from mlspec.records import SPEC_VERSION, Version

_OWN = Version.parse(SPEC_VERSION)
_NEXT = f"{_OWN.major}.{_OWN.minor + 1}.0"
_AFTER = f"{_OWN.major}.{_OWN.minor + 2}.0"
_UNKNOWN = varint_field(1000, 7)


def payload_set() -> MadeSet:
    """Make the cases of payloads, all signed by a trusted key."""
    found = VerifySet("payload", "Payloads that a trusted key signed.", trust=people.usual())
    _wire(found)
    _content(found)
    _annotations(found)
    _own_version(found)
    _newer(found)
    return found.made


def _bad(found: VerifySet, name: str, purpose: str, payload: bytes) -> None:
    found.bad(name, purpose, envelopes.by(ADA, payload=payload), "UNACCEPTABLE")


def _good(found: VerifySet, name: str, purpose: str, payload: bytes, **options: Any) -> None:
    found.good(name, purpose, envelopes.by(BEN, payload=payload), payload, [BEN], **options)


def _parts() -> tuple[bytes, bytes]:
    """Return header and body of the usual record, encoded."""
    record = people.training()
    return record.header.SerializeToString(), record.model_training.SerializeToString()


def _wire(found: VerifySet) -> None:
    header, body = _parts()
    first, second = bytes_field(1, header), bytes_field(17, body)
    _good(found, "body_first", "Fields may stand in any order.", second + first)
    _bad(found, "junk", "No protobuf.", b"\xff\xff\xff")
    _bad(found, "p4_cut_in_field", "Cut in a field.", people.payload()[:-1])
    _bad(found, "p4_cut_between_fields", "Cut between two: the body is missing.", first)
    _bad(
        found, "p2_header_twice", "Two headers, of which readers show one.", first + first + second
    )
    _bad(found, "p2_body_twice", "Two bodies of one stage.", first + second + second)
    other = bytes_field(11, v1.Objectives(name="x").SerializeToString())
    _bad(found, "p2_two_bodies", "Two members of the oneof.", first + other + second)
    _bad(found, "p2_header_split", "A header in two halves.", first + second + bytes_field(1, b""))
    record = people.training()
    record.header.stage = v1.STAGE_OBJECTIVES
    _bad(found, "p3_stage", "The header names another stage.", record.SerializeToString())
    envelope = envelopes.protobuf_form(b"x", [])
    _bad(found, "p5_other_message", "Another message of the same shape.", envelope)
    text = bytes_field(1, header + bytes_field(5, b"\xff\xfe")) + second
    _bad(found, "p6_not_utf8", "Text that is not UTF-8.", text)
    nested = scalars.nested_record(64).SerializeToString(deterministic=True)
    _good(found, "nested_64", "As deep as may be.", nested)
    leaf = scalars.nested_record(65).SerializeToString(deterministic=True)
    _bad(found, "d9_nested_65", "Too deep by a message that holds no other.", leaf)
    deeper = scalars.nested_record(66).SerializeToString(deterministic=True)
    _bad(found, "d9_nested_66", "Too deep.", deeper)


def _content(found: VerifySet) -> None:
    record = people.training()
    record.model_training.ClearField("algorithm")
    _bad(found, "rule_broken", "A rule is broken.", record.SerializeToString())
    record = people.training()
    record.model_training.hyperparameters.add(name="C", number_value=float("nan"))
    _bad(found, "p7_nan", "NaN where a number decides.", record.SerializeToString())
    record = people.training()
    record.header.state = 99  # type: ignore[assignment]
    _bad(found, "p8_enum_value", "A state that there is not.", record.SerializeToString())
    record = people.training()
    record.header.namespace_name = "cards"
    payload = record.SerializeToString()
    found.bad(
        "namespace", "A namespace without a role.", envelopes.by(ADA, payload=payload), "UNTRUSTED"
    )


def _annotations(found: VerifySet) -> None:
    for name, duty in (
        ("ignorable", v1.ANNOTATION_DUTY_IGNORABLE),
        ("must", v1.ANNOTATION_DUTY_MUST_UNDERSTAND),
    ):
        record = people.training()
        record.header.annotations.add(name="bank.example/embargo", duty=duty)
        payload = record.SerializeToString(deterministic=True)
        if name == "ignorable":
            _good(found, "annotation_ignorable", "One that may be ignored.", payload)
            continue
        _bad(found, "annotation_must", "One that must be understood, and is not.", payload)
        names = ["bank.example/other", "bank.example/embargo"]
        purpose = "One that the caller acts on."
        _good(found, "annotation_understood", purpose, payload, understands=names)


def _own_version(found: VerifySet) -> None:
    header, body = _parts()
    whole = people.payload()
    _bad(found, "p1_unknown_top", "An unknown field of the record.", whole + _UNKNOWN)
    nested = bytes_field(1, header + _UNKNOWN) + bytes_field(17, body)
    _bad(found, "p1_unknown_header", "An unknown field of the header.", nested)
    deep = bytes_field(17, body + bytes_field(4, _UNKNOWN))
    _bad(found, "p1_unknown_deep", "An unknown field in a list.", bytes_field(1, header) + deep)
    other_type = bytes_field(1, header + bytes_field(14, b"x")) + bytes_field(17, body)
    _bad(found, "p1_wire_type", "A known number of another wire type.", other_type)
    record = people.training()
    record.header.spec_version = f"{SPEC_VERSION}+build.7"
    payload = record.SerializeToString() + _UNKNOWN
    _bad(found, "p1_build_metadata", "Build metadata makes no newer version.", payload)
    record = people.training()
    record.header.least_reader_version = _NEXT
    _bad(
        found,
        "least_reader_newer",
        "It needs a reader newer than itself.",
        record.SerializeToString(),
    )
    record = people.training()
    record.header.spec_version = "1"
    _bad(found, "version_junk", "A version that is none.", record.SerializeToString())


def _newer(found: VerifySet) -> None:
    def made(spec: str, least: str = SPEC_VERSION) -> v1.Record:
        record = people.training()
        record.header.spec_version, record.header.least_reader_version = spec, least
        return record

    whole = made(_NEXT).SerializeToString(deterministic=True)
    _good(found, "newer", "A newer version without anything new.", whole)
    unsure: dict[str, Any] = {"fully_understood": False}
    _good(found, "newer_unknown", "With a field of it.", whole + _UNKNOWN, **unsure)
    needs = made(_AFTER, _NEXT).SerializeToString(deterministic=True)
    _good(found, "newer_needed", "That needs a newer reader.", needs, **unsure)
    broken = made(_NEXT)
    broken.model_training.ClearField("algorithm")
    payload = broken.SerializeToString(deterministic=True)
    _good(found, "newer_rule_broken", "That breaks a rule of today.", payload, **unsure)
    candidate = made(f"{_NEXT}-rc.1").SerializeToString(deterministic=True) + _UNKNOWN
    _good(found, "newer_candidate", "A release candidate of it.", candidate, **unsure)
    before = made(f"{SPEC_VERSION}-rc.1", f"{SPEC_VERSION}-rc.1").SerializeToString() + _UNKNOWN
    _bad(found, "p1_older_candidate", "A candidate of this version is older.", before)
    twice = bytes_field(1, made(_NEXT).header.SerializeToString()) + whole
    _bad(found, "p2_newer_header_twice", "Two headers in a newer one.", twice)
    late = made(_NEXT)
    duty = v1.ANNOTATION_DUTY_MUST_UNDERSTAND
    late.header.annotations.add(name="bank.example/embargo", duty=duty)
    _bad(found, "newer_annotation", "Must-understand in a newer one.", late.SerializeToString())
    stage = made(_NEXT)
    stage.ClearField("model_training")
    stage.header.stage = 99  # type: ignore[assignment]
    payload = stage.SerializeToString() + bytes_field(109, b"")
    envelope = envelopes.by(ADA, payload=payload)
    found.bad("newer_stage_uncovered", "A stage that no role covers.", envelope, "UNTRUSTED")
    role = trust_files.role(ADA, stages=[99])
    trust = trust_files.written(trust_files.policy(people.KEYS, [role]))
    found.made.file("newer_stage.trust.json", trust)
    purpose = "A stage that this version lacks, and a role covers by its number."
    found.good("newer_stage", purpose, envelope, payload, [ADA], trust="newer_stage", **unsure)
