"""Records that say little: valid, sealed by who may, and without much of what rules look for."""

from __future__ import annotations

import random

import pytest

from mlspec import v1
from mlspec.errors import ValidationError
from mlspec.provenance import RULES, Verdict
from mlspec.records import body_of
from tests.unit.provenance.told import look
from tools.vectors.provenance import steps
from tools.vectors.provenance.story import Edit, Story, tell

NAMES = [name for name in steps.STEPS if name not in ("serve", "manifest")]


def poorer(chance: random.Random) -> Edit:
    """Let the step have failed, and leave out some of what its body says."""

    def edit(record: v1.Record, _story: Story) -> None:
        record.header.state = v1.RECORD_STATE_FAILED
        record.header.failure.kind = "ValueError"
        body = body_of(record)
        assert body is not None
        for field, _ in list(body.ListFields()):
            if chance.random() < 0.4:
                body.ClearField(field.name)
        if chance.random() < 0.2:
            record.ClearField(record.WhichOneof("body") or "header")

    return edit


def told(seed: int) -> tuple[Story, set[str]]:
    """The first valid story that chance tells, and which of its records say less."""
    chance = random.Random(seed)
    while True:
        edits = {name: poorer(chance) for name in chance.sample(NAMES, chance.randint(1, 4))}
        try:
            return tell(edits), set(edits)
        except (ValidationError, AttributeError):
            continue


@pytest.mark.parametrize("seed", range(60))
def test_rules_find_something_wrong_with_what_is_half_there(seed: int) -> None:
    """No exception comes out, each rule has its say, and a failed step is never all in order."""
    story, edits = told(seed)
    found = look(story)
    assert [rule.id for rule in RULES] == list(dict.fromkeys(each.rule for each in found.findings))
    assert any(not finding.verdict.holds for finding in found.findings)
    if edits & {"train", "evaluate", "open", "package", "gate"}:
        assert any(finding.verdict is Verdict.FAIL for finding in found.findings)
