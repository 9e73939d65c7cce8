"""The vectors of the rules across records: each says what it shows, and the rules agree."""

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mlspec import provenance
from mlspec.provenance import RULES, examine, worst
from mlspec.sealing import Sealed, TrustPolicy
from tools.places import ROOT
from tools.vectors.provenance import files
from tools.vectors.provenance.listed import HeldUnder, ListedTimes

FOLDER = ROOT / "vectors" / "v1" / "provenance"
PATHS = sorted(FOLDER.glob("*.*.json"))
SUFFIXES = {"FAIL": "_fail", "NOT PROVEN": "_not_proven"}


@cache
def read(path: Path) -> Any:
    """Return the file of a rule."""
    return json.loads(path.read_text(encoding="ascii"))


@cache
def envelopes(path: Path) -> dict[str, Sealed]:
    """Return the envelopes of a file by their names."""
    found = read(path)["envelopes"]
    return {name: Sealed.from_json(json.dumps(each).encode()) for name, each in found.items()}


CASES = [(path, case) for path in PATHS for case in read(path)["cases"]]


def named(case: Any) -> str:
    """Return what a test of a case is called."""
    return str(case["name"]) if isinstance(case, dict) else str(case.stem)


@pytest.mark.parametrize(("path", "case"), CASES, ids=named)
def test_a_rule_finds_what_a_vector_says(path: Path, case: Any) -> None:
    """The verdict and the ids of all problems, no more and no fewer."""
    held, rule = envelopes(path), read(path)["rule"]
    trust = TrustPolicy.load(FOLDER / read(path)["trust"])
    under = {bytes.fromhex(key): held[name] for key, name in case.get("heldUnder", {}).items()}
    seen = [(each["size"], datetime.fromisoformat(each["time"])) for each in case.get("seen", [])]
    findings = examine(
        HeldUnder([held[name] for name in case["records"]], under),
        trust,
        bytes.fromhex(case["deployment"]),
        at=datetime.fromisoformat(case["at"]),
        times=ListedTimes([bytes.fromhex(name) for name in case.get("log", [])], seen),
    ).of(rule)
    assert worst(findings).value == case["verdict"]
    assert sorted({each.id for each in findings if each.id}) == case["problems"]


@pytest.mark.parametrize(("path", "case"), CASES, ids=named)
def test_a_vector_says_in_its_name_what_comes_out(path: Path, case: Any) -> None:
    """A refused one ends in `_fail`, one that shows nothing in `_not_proven`, no other does."""
    ends = [suffix for suffix in SUFFIXES.values() if case["name"].endswith(suffix)]
    wanted = SUFFIXES.get(case["verdict"])
    assert ends == ([] if wanted is None else [wanted])
    assert case["shows"].endswith(".")
    assert path.stem == read(path)["rule"]


def test_each_rule_has_a_page_and_vectors_that_pass_and_that_do_not() -> None:
    """No rule is without them, and no page or vector without a rule."""
    verdicts = {path.stem: {case["verdict"] for case in read(path)["cases"]} for path in PATHS}
    assert verdicts.keys() == {rule.id for rule in RULES}
    assert all(
        "PASS" in found and len(found & {"FAIL", "NOT PROVEN"}) for found in verdicts.values()
    )
    pages = {path.stem for path in (ROOT / "docs" / "spec" / "provenance").glob("*.*.md")}
    assert pages == {rule.id for rule in RULES}
    for rule in RULES:
        text = (ROOT / rule.page).read_text(encoding="utf-8")
        assert text.startswith(f"# `{rule.id}`\n\n{rule.title}\n")


def test_pages_name_every_problem_that_vectors_show() -> None:
    """Whoever meets an id finds it on the rule's page."""
    for path in PATHS:
        page = (ROOT / read(path)["page"]).read_text(encoding="utf-8")
        shown = {problem for case in read(path)["cases"] for problem in case["problems"]}
        assert {problem for problem in shown if f"`{problem}`" not in page} == set()


def test_pages_name_every_problem_that_the_rules_know() -> None:
    """Also those that no vector shows."""
    sources = (Path(provenance.__file__).parent).glob("*.py")
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    kinds = "reference|chain|run|holdout|objectives|data|gate|deployment|record"
    known = set(re.findall(rf'"((?:{kinds})\.[a-z_]+)"', code)) - {rule.id for rule in RULES}
    pages = (ROOT / "docs" / "spec" / "provenance").glob("*.md")
    told = "".join(path.read_text(encoding="utf-8") for path in pages)
    assert {problem for problem in known if f"`{problem}`" not in told} == set()


def test_the_vectors_are_those_that_the_program_writes() -> None:
    """Nobody edits them by hand."""
    there = {path.name: path.read_text(encoding="ascii") for path in FOLDER.glob("*.json")}
    assert there == files.texts()
