"""Cases that are wrong on purpose: a runner that lets one pass would let anything pass."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from conformance.cases import LoadedCase
from conformance.schema import refusal

_UNTRUE = "0" * 64


def _another_tree(case: Any) -> bool:
    if not case.convert.message.HasField("json"):
        return False
    case.convert.message.json.Clear()
    case.convert.message.json.pieces.pieces.add(content=b'{"wrong": true}', times=1)
    return True


def _other_bytes(case: Any) -> bool:
    if not case.convert.message.same_bytes:
        return False
    case.convert.message.binary.Clear()
    case.convert.message.binary.pieces.pieces.add(content=b"\x08\x01", times=1)
    return True


def _another_rule(case: Any) -> bool:
    if not case.convert.message.violations:
        return False
    case.convert.message.violations[0].path = "no.such[0].place"
    case.convert.message.violations[0].rule_id = "no.such.rule"
    return True


def _unreadable(case: Any) -> bool:
    if not case.convert.HasField("message"):
        return False
    case.convert.unreadable = "it is quite readable"
    return True


def _readable(case: Any) -> bool:
    if not case.convert.HasField("unreadable"):
        return False
    case.convert.message.SetInParent()
    return True


def _refused_seal(case: Any) -> bool:
    if not case.seal.HasField("envelope"):
        return False
    case.seal.refused.refusal = refusal("REFUSAL_UNACCEPTABLE")
    return True


def _another_record(case: Any) -> bool:
    if not case.verify.HasField("record"):
        return False
    case.verify.record.payload_sha256_hex = _UNTRUE
    return True


def _forgery_accepted(case: Any) -> bool:
    if not case.verify.HasField("refused"):
        return False
    case.verify.record.payload_sha256_hex = _UNTRUE
    return True


_ALTERATIONS: dict[str, Callable[[Any], bool]] = {
    "another_tree": _another_tree,
    "other_bytes": _other_bytes,
    "another_rule": _another_rule,
    "unreadable": _unreadable,
    "readable": _readable,
    "refused_seal": _refused_seal,
    "another_record": _another_record,
    "forgery_accepted": _forgery_accepted,
}

COUNT = len(_ALTERATIONS)
"""How many ways of being wrong there are."""


def altered(cases: list[LoadedCase]) -> Iterator[LoadedCase]:
    """Yield, for each alteration, the first case that it makes wrong."""
    for name, alter in _ALTERATIONS.items():
        for case in cases:
            copy = type(case.case)()
            copy.CopyFrom(case.case)
            if alter(copy):
                yield replace(case, id=f"wrong/{name}", case=copy)
                break
