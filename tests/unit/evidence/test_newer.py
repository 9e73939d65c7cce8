"""Records of a newer version, in which no rule is decisive: whatever stands there is judged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlspec import v1
from mlspec.evidence import Bundle
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.provenance import Examination, HeldRecords, examine
from mlspec.provenance.values import value_name
from mlspec.sealing import Sealed
from mlspec.sealing.dsse import Envelope, Signature, pae
from tests.unit.evidence.making import Case
from tests.unit.evidence.people import KEYS, PEOPLE

NEWER = "99.1.0"


def resealed(record: v1.Record) -> Sealed:
    """The record, signed by whoever signs its stage, without asking any rule."""
    payload = record.SerializeToString(deterministic=True)
    name = next(who for who, stages in PEOPLE.items() if record.header.stage in stages)
    sig = KEYS[name].sign(pae(RECORD_PAYLOAD_TYPE, payload))
    signature = Signature(sig=sig, keyid=KEYS[name].keyid)
    return Sealed.from_json(Envelope(payload, RECORD_PAYLOAD_TYPE, (signature,)).to_json())


def examined(case: Case, bundle: Bundle, change: Callable[[v1.GateDecision], None]) -> Examination:
    """The chain with another gate decision, of a newer version, and all that rests on it anew."""
    held = [Sealed.from_json(data) for _, data in bundle.below("records", ".dsse.json")]
    order = examine(HeldRecords(held), case.trust, case.deployment.sha256).order
    by_digest = {each.sha256: each for each in held}
    now: dict[bytes, bytes] = {}
    made = []
    for digest in order:
        payload = by_digest[digest].payload
        for old, new in now.items():
            payload = payload.replace(old, new)
        record = v1.Record.FromString(payload)
        if record.HasField("gate_decision"):
            record.header.spec_version = NEWER
            change(record.gate_decision)
        made.append(resealed(record))
        now[digest] = made[-1].sha256
    return examine(HeldRecords(made), case.trust, now[case.deployment.sha256])


def set_verdict(body: v1.GateDecision) -> None:
    """A verdict that this version has no name for."""
    body.verdict = 99  # type: ignore[assignment]


def set_end(body: v1.GateDecision) -> None:
    """An end outside the calendar."""
    body.expire_time.seconds = -(10**15)


@pytest.mark.parametrize(
    ("change", "error_id"), [(set_verdict, "gate.verdict"), (set_end, "gate.expired")]
)
def test_values_that_have_no_words_are_findings(
    case: Case, bundle: Bundle, change: Callable[[v1.GateDecision], None], error_id: str
) -> None:
    """They once ended the command with an error that was not its own."""
    assert error_id in {each.id for each in examined(case, bundle, change).of("gate.passed")}
    twin = examined(case, bundle, lambda _body: None)
    assert error_id not in {each.id for each in twin.of("gate.passed")}
    assert "FAIL" not in {each.verdict for each in twin.of("gate.passed")}


def test_a_value_is_told_by_its_name_or_its_number() -> None:
    """Of an answer's outcome, too."""
    assert value_name(v1.Verdict, v1.VERDICT_PASS) == "VERDICT_PASS"
    assert value_name(v1.InferenceOutcome, 99) == "99"
