"""Whether a program's response is what a case expects."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from google.protobuf.message import DecodeError

from conformance import trees
from conformance.cases import LoadedCase
from conformance.schema import refusal
from mlspec import v1
from mlspec.errors import MLSpecError
from mlspec.sealing import Envelope, PrivateKey, pae

_SHOWN = 6


class Mark(StrEnum):
    """What became of a case."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True)
class Verdict:
    """What became of a case, and why it did not pass."""

    mark: Mark
    reason: str = ""


def judge(case: LoadedCase, request: Any, response: Any) -> Verdict:
    """Compare the response to a request with what its case expects."""
    result = response.WhichOneof("result")
    if result == "unsupported":
        return Verdict(Mark.SKIP, response.unsupported)
    if result in (None, "failure"):
        return Verdict(Mark.FAIL, f"the program failed: {response.failure or 'it said nothing'}")
    if request.convert.rules_only and (response.converted.binary or response.converted.json):
        return Verdict(Mark.FAIL, "wrote the message although `rules_only` was asked for")
    judges = {"convert": _convert, "seal": _seal, "verify": _verify}
    return judges[case.case.WhichOneof("kind")](case, request, response)


def _verdict(problems: list[str]) -> Verdict:
    return Verdict(Mark.FAIL, "; ".join(problems)) if problems else Verdict(Mark.PASS)


def _pairs(violations: Any) -> set[tuple[str, str]]:
    return {(each.path, each.rule_id) for each in violations}


def _compare_rules(expected: Any, got: Any) -> list[str]:
    wanted, found = _pairs(expected), _pairs(got)
    if found and not any(rule for _, rule in found):
        wanted = {(path, "") for path, _ in wanted}
    lines = [
        f"missed {rule or 'rule'} at {path or 'the message'}"
        for path, rule in sorted(wanted - found)
    ]
    lines += [
        f"broke no {rule or 'rule'} at {path or 'the message'}"
        for path, rule in sorted(found - wanted)
    ]
    return lines[:_SHOWN]


def _convert(case: LoadedCase, request: Any, response: Any) -> Verdict:
    given = case.case.convert
    result = response.WhichOneof("result")
    if given.WhichOneof("expected") == "unreadable":
        right = result == "unreadable"
        return _verdict([] if right else [f"read what nobody can read: {given.unreadable}"])
    if result != "converted":
        return _verdict([f"could not read it: {response.unreadable}"])
    converted, expected = response.converted, given.message
    problems = []
    if not request.convert.rules_only:
        problems += _json_problems(case, expected, converted)
        problems += _byte_problems(case, expected, converted)
    if not converted.HasField("unchecked"):
        problems += _compare_rules(expected.violations, converted.violations)
    elif expected.violations and not problems:
        return Verdict(Mark.SKIP, f"rules unchecked: {converted.unchecked}")
    return _verdict(problems)


def _json_problems(case: LoadedCase, expected: Any, converted: Any) -> list[str]:
    if not expected.HasField("json"):
        return []
    if not converted.HasField("json"):
        return [f"wrote no JSON: {converted.json_refusal}"]
    try:
        got = trees.read(converted.json)
    except ValueError as error:
        return [f"wrote what is no JSON: {error}"]
    found = trees.difference(trees.read(case.content(expected.json)), got)
    return [f"JSON differs {found}"] if found else []


def _byte_problems(case: LoadedCase, expected: Any, converted: Any) -> list[str]:
    given = case.case.convert
    source = expected.binary if expected.HasField("binary") else given.binary
    wanted = case.content(source)
    if converted.binary == wanted:
        return []
    if expected.same_bytes:
        return [f"wrote other bytes ({len(converted.binary)} of them, expected {len(wanted)})"]
    kind = getattr(v1, given.message_type.removeprefix("mlspec.v1."))
    try:
        same = _in_order(kind, converted.binary) == _in_order(kind, wanted)
    except DecodeError as error:
        return [f"wrote bytes that cannot be read: {error}"]
    return [] if same else ["wrote another message"]


def _in_order(kind: Any, data: bytes) -> bytes:
    """Encode anew: what this one runtime writes alike is the same message, NaN and all."""
    message: bytes = kind.FromString(data).SerializeToString(deterministic=True)
    return message


def _compare_refusals(expected: Any, response: Any) -> Verdict:
    wanted = refusal(expected.refusal)
    result = response.WhichOneof("result")
    if result != "refused":
        return _verdict([f"{result} what must be refused as {wanted}"])
    got = response.refused
    if got.refusal != expected.refusal:
        return _verdict([f"must refuse as {wanted} (got {refusal(got.refusal)}: {got.reason})"])
    if not expected.violations:
        return Verdict(Mark.PASS)
    return _verdict(_compare_rules(expected.violations, got.violations))


def _seal(case: LoadedCase, _request: Any, response: Any) -> Verdict:
    given = case.case.seal
    if given.WhichOneof("expected") == "refused":
        return _compare_refusals(given.refused, response)
    if response.WhichOneof("result") != "sealed":
        return _verdict([f"refused to seal: {response.refused.reason}"])
    key = PrivateKey.from_pem(case.file(given.private_key_file), None)
    try:
        made = Envelope.from_json(response.sealed.envelope)
    except MLSpecError as error:
        return _verdict([f"made no envelope: {error}"])
    wanted = Envelope.from_json(case.content(given.envelope))
    problems = []
    if (made.payload, made.payload_type) != (wanted.payload, wanted.payload_type):
        problems.append("must sign the payload as it was given, under the type of a record")
    if len(made.signatures) != 1:
        problems.append(f"must make one signature (got {len(made.signatures)})")
    if not key.public.fits(made.signatures[0].sig, pae(wanted.payload_type, wanted.payload)):
        problems.append("the signature must be the key's over PAE(type, payload)")
    elif key.algorithm == "ed25519" and made.signatures != wanted.signatures:
        problems.append("must make the signature and the key id of the case")
    return _verdict(problems)


def _verify(case: LoadedCase, _request: Any, response: Any) -> Verdict:
    given = case.case.verify
    if given.WhichOneof("expected") == "refused":
        return _compare_refusals(given.refused, response)
    got = response.verified
    if response.WhichOneof("result") != "verified":
        refused = response.refused
        return _verdict([f"refused as {refusal(refused.refusal)}: {refused.reason}"])
    expected = given.record
    facts = {
        "payload_sha256": (expected.payload_sha256_hex, got.payload_sha256.hex()),
        "the payload's SHA-256": (
            expected.payload_sha256_hex,
            hashlib.sha256(got.payload).hexdigest(),
        ),
        "keyids": (sorted(expected.keyids), sorted(got.keyids)),
        "roles": (sorted(expected.roles), sorted(got.roles)),
        "fully_understood": (expected.fully_understood, got.fully_understood),
    }
    return _verdict([f"{name} must be {a} (got {b})" for name, (a, b) in facts.items() if a != b])
