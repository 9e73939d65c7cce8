"""The page about breaking changes lists the rules that there are."""

from __future__ import annotations

import re

from mlspec.breaking import RULES, Audience
from tools.places import ROOT

PAGE = ROOT / "docs" / "spec" / "breaking.md"


def test_the_page_lists_every_rule_of_ours_with_who_breaks() -> None:
    """No more and no fewer, the worst first."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", PAGE.read_text(), re.MULTILINE)
    assert dict(rows) == {
        rule.id: ", ".join(audience.words for audience in rule.audiences)
        for rule in RULES.values()
        if not rule.in_buf
    }


def test_the_page_lists_whom_a_change_can_break() -> None:
    """By the names that --only takes, the worst first."""
    assert re.findall(r"^\| `([a-z-]+)` \|", PAGE.read_text(), re.MULTILINE) == list(Audience)
