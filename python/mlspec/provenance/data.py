"""Whether work rests on dataset versions that were archived by then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple, cast

from mlspec import v1
from mlspec.provenance.findings import Finding
from mlspec.provenance.judging import Judge
from mlspec.provenance.links import Link
from mlspec.provenance.ordering import Order
from mlspec.provenance.rollout import RollOut
from mlspec.store.rules import SUCCEEDED
from mlspec.store.usage import used_dataset_versions
from mlspec.store.walking import find

_VERSION: Final = "mlspec.v1.DatasetVersionReference"
_ANOTHER: Final = "Use another version, or reactivate this one first."


class _Use(NamedTuple):
    """A dataset version that a record rests on."""

    user: Link
    object_id: str
    path: str


def data_archived(case: RollOut) -> Iterator[Finding]:
    """No work rests on a dataset version that was archived by then; deprecated ones are told."""
    judge = Judge("data.archived")
    uses = [use for link in case.closure.links.values() for use in _uses(link)]
    histories = _histories(case)
    order = Order(case.closure, case.times)
    problems = [
        problem
        for use in uses
        for problem in _problems(judge, order, use, histories.get(use.object_id, []))
    ]
    problems += [problem for link in case.closure.links.values() for problem in _met(judge, link)]
    deprecated = sorted({use.path for use in uses if _deprecated(order, use, histories)})
    count = len({use.object_id for use in uses})
    words = f"none of {count} dataset versions was archived when it was used"
    if deprecated:
        words += f" (deprecated: {', '.join(deprecated[:8])})"
    if not uses and not problems:
        words = "must rest on a registered dataset version: none is named by its id"
        yield judge.unproven(case.deployment, words, "data.unregistered")
        return
    basis = [use.user for use in uses] + [event for each in histories.values() for event in each]
    yield from judge.or_passed(problems, case.deployment, words, basis)


def _uses(link: Link) -> Iterator[_Use]:
    for object_id, path in used_dataset_versions(link.header, link.body).items():
        yield _Use(link, object_id, path)


def _met(judge: Judge, link: Link) -> Iterator[Finding]:
    """Yield what a record says itself: that it met an archived version and went on."""
    body = link.body
    used = used_dataset_versions(link.header, body)
    if body is None or not used:
        return
    for path, found in find(body, _VERSION, link.record.WhichOneof("body") or "body"):
        version = cast(v1.DatasetVersionReference, found)
        if version.status == v1.OBJECT_STATUS_ARCHIVED and version.id in used:
            words = f"{path} must not be archived: the record says that it was"
            yield judge.failed(link, words, "data.archived", _ANOTHER)


def _histories(case: RollOut) -> dict[str, list[Link]]:
    """Return the events about each dataset version."""
    found: defaultdict[str, list[Link]] = defaultdict(list)
    for link in case.closure.of_stage(v1.STAGE_OBJECT_EVENT):
        event = link.record.object_event
        if event.object_kind == v1.OBJECT_KIND_DATASET_VERSION and link.header.state == SUCCEEDED:
            found[event.object_id].append(link)
    return found


def _problems(judge: Judge, order: Order, use: _Use, history: list[Link]) -> Iterator[Finding]:
    if not _with(history, v1.OBJECT_ACTION_CREATE):
        words = f"{use.path} must be a version whose events are in reach (got {use.object_id})"
        yield judge.unproven(use.user, words, "data.no_history")
        return
    for event in _with(history, v1.OBJECT_ACTION_ARCHIVE):
        shown = order.before(event, use.user)
        if shown is False:
            continue
        revived = _revived(order, event, use, history)
        if revived:
            continue
        words = f"{use.path} must not be archived by then (event {event.hex[:12]})"
        if shown is None or revived is None:
            words = f"{use.path} must be used before event {event.hex[:12]} archived it"
            yield judge.unproven(use.user, words, "data.archived_order", _ANOTHER)
        else:
            yield judge.failed(use.user, words, "data.archived", _ANOTHER)


def _revived(order: Order, archived: Link, use: _Use, history: list[Link]) -> bool | None:
    """Tell whether the version became usable between its archiving and its use. None: perhaps."""
    verdict: bool | None = False
    for event in _with(history, v1.OBJECT_ACTION_REACTIVATE):
        after = order.before(archived, event)
        before = order.before(event, use.user)
        if after and before:
            return True
        if after is not False and before is not False:
            verdict = None
    return verdict


def _deprecated(order: Order, use: _Use, histories: dict[str, list[Link]]) -> bool:
    events = _with(histories.get(use.object_id, []), v1.OBJECT_ACTION_DEPRECATE)
    return any(order.before(event, use.user) is not False for event in events)


def _with(history: list[Link], action: int) -> list[Link]:
    return [link for link in history if link.record.object_event.action == action]
