"""Whether hold-back tests were what they say: opened by the custodian first, and tests alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from mlspec import v1
from mlspec.provenance.findings import Finding
from mlspec.provenance.judging import Judge
from mlspec.provenance.links import Link
from mlspec.provenance.rollout import RollOut, digest_key, model_of

_OPEN_FIRST: Final = "Seal the opening first, name it in the test, then release the bytes."


def opened_before_test(case: RollOut) -> Iterator[Finding]:
    """Each hold-back test names an opening of the same set, for the same model, sealed before."""
    yield from _each(Judge("holdout.opened_before_test"), case, _opening_problems, _OPENED)


def not_evaluation(case: RollOut) -> Iterator[Finding]:
    """A hold-back test is a step of its own, and confirms an evaluation of the same model."""
    yield from _each(Judge("holdout.not_evaluation"), case, _evaluation_problems, _APART)


_OPENED: Final = (
    "names the opening of its set, which was sealed before it; that the bytes were not out"
    " earlier is the custodian's word"
)
_APART: Final = "is a step of its own, on other rows than the evaluation that it confirms"

Problems = Callable[[Judge, RollOut, Link], Iterator[Finding]]


def _each(judge: Judge, case: RollOut, problems: Problems, words: str) -> Iterator[Finding]:
    done = [test for test in case.tests if test.body is not None]
    if not done:
        yield judge.unproven(
            case.deployment, "must have a hold-back test: none is in reach", "holdout.no_test"
        )
    for test in done:
        basis = [link for link in map(case.closure.get, _named_by(test)) if link is not None]
        yield from judge.or_passed(problems(judge, case, test), test, words, basis)


def _named_by(test: Link) -> list[bytes]:
    return [each.sha256 for each in test.named]


def opening_of(case: RollOut, test: Link) -> Link | None:
    """Return the opening that a test names. None: it names none, or it did not verify."""
    body = test.record.holdout_test
    link = case.closure.get(bytes(body.opening.digest.sha256))
    return link if link is not None and link.stage == v1.STAGE_HOLDOUT_OPENED else None


def _opening_problems(judge: Judge, case: RollOut, test: Link) -> Iterator[Finding]:
    body, opening = test.record.holdout_test, opening_of(case, test)
    if opening is None:
        words = "must name an opening of its set that is there"
        yield judge.failed(test, words, "holdout.not_opened", _OPEN_FIRST)
        return
    opened = opening.record.holdout_opened
    if opening.sha256 not in {parent.sha256 for parent in test.parents}:
        words = "must have the opening among its parents"
        yield judge.failed(test, words, "holdout.opening_parent", _OPEN_FIRST)
    unequal = {
        "set": digest_key(opened.holdout.digest) != digest_key(body.data.split.digest),
        "model": opened.HasField("model") and digest_key(opened.model.digest) != model_of(test),
        "number": opened.opening_number != body.opening_number,
        "evaluation": opened.HasField("evaluation")
        and opened.evaluation.digest != body.evaluation.digest,
        "purpose": opened.purpose not in (v1.HOLDOUT_PURPOSE_TEST, v1.HOLDOUT_PURPOSE_AUDIT),
    }
    for what in (name for name, differs in unequal.items() if differs):
        words = f"must be the test that its opening was for (another {what})"
        yield judge.failed(test, words, "holdout.other_opening", _OPEN_FIRST)
    if (opening.header.state, opening.header.capture) != (1, 1):
        words = "must name an opening that SUCCEEDED and was RECORDED"
        yield judge.failed(test, words, "holdout.opening_state")
    if case.shown.before(opening, test) is False:
        words = "must come after its opening in the record log"
        yield judge.failed(test, words, "holdout.opened_late", _OPEN_FIRST)
    yield from _count_problems(judge, case, opening)


def _count_problems(judge: Judge, case: RollOut, opening: Link) -> Iterator[Finding]:
    """Follow the openings of a set down to the first, and look for others beside them."""
    chain: dict[bytes, Link] = {}
    at: Link | None = opening
    while at is not None and at.sha256 not in chain:
        chain[at.sha256] = at
        at = case.closure.get(bytes(at.record.holdout_opened.previous_opening.digest.sha256))
    number = opening.record.holdout_opened.opening_number
    if number != len(chain):
        words = f"opening_number must count the openings of its set (is {number} of {len(chain)})"
        yield judge.failed(opening, words, "holdout.opening_number")
    key = digest_key(opening.record.holdout_opened.holdout.digest)
    for other in case.closure.of_stage(v1.STAGE_HOLDOUT_OPENED):
        body = other.record.holdout_opened
        above = case.closure.above(other.sha256)
        if other.sha256 in chain or digest_key(body.holdout.digest) != key:
            continue
        if opening.sha256 not in above:
            words = f"must count every opening of its set (leaves out {other.hex[:12]})"
            yield judge.failed(opening, words, "holdout.opening_number")


def _evaluation_problems(judge: Judge, case: RollOut, test: Link) -> Iterator[Finding]:
    body = test.record.holdout_test
    evaluation = case.closure.get(bytes(body.evaluation.digest.sha256))
    if evaluation is None or evaluation.stage != v1.STAGE_MODEL_EVALUATION:
        words = "must confirm an evaluation that is there"
        yield judge.failed(test, words, "holdout.no_evaluation")
        return
    measured = evaluation.record.model_evaluation
    if _step(test) is not None and _step(test) == _step(evaluation):
        words = "must be a step of its own, not an attempt at the evaluation's"
        yield judge.failed(test, words, "holdout.same_step")
    if model_of(evaluation) != model_of(test):
        words = "must test the model that was evaluated"
        yield judge.failed(test, words, "holdout.other_model")
    if measured.objectives.digest != body.objectives.digest:
        words = "must be held against the objectives of the evaluation"
        yield judge.failed(test, words, "holdout.other_objectives")
    key = digest_key(body.data.split.digest)
    if key is not None and key == digest_key(measured.data.split.digest):
        words = "must test on other rows than the evaluation"
        yield judge.failed(test, words, "holdout.same_rows")


def _step(link: Link) -> tuple[str, str, int] | None:
    header = link.header
    if not header.HasField("step_name"):
        return None
    return header.run_id, header.step_name, header.step_attempt
