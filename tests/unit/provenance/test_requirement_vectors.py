"""The vectors of requirements: each says what it shows, and what is found agrees."""

import base64
import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from mlspec import v1
from mlspec.provenance import examine, worst
from mlspec.provenance.links import Link
from mlspec.provenance.requirements import REQUIREMENTS, judge_requirements
from mlspec.provenance.requirements_logs import SeenLog
from mlspec.provenance.sources import HeldRecords
from mlspec.requestlog import LogProof
from mlspec.requestlog.record_times import RecordTimes
from mlspec.requestlog.trusted_checkpoints import verify_trusted
from mlspec.sealing import Sealed, TrustPolicy, unseal
from tools.places import ROOT
from tools.vectors.provenance import people
from tools.vectors.requirements import files

FOLDER = ROOT / "vectors" / "v1" / "requirements"
PATHS = sorted(FOLDER.glob("*.*.json"))


@cache
def read(path: Path) -> Any:
    """Return the file of a requirement."""
    return json.loads(path.read_text(encoding="ascii"))


CASES = [(path, case) for path in PATHS for case in read(path)["cases"]]


def named(case: Any) -> str:
    """Return what a test of a case is called."""
    return str(case["name"]) if isinstance(case, dict) else str(case.stem)


def trust_of(path: Path, case: Any) -> TrustPolicy:
    """Return the trust file, with what the case requires."""
    message = TrustPolicy.load(FOLDER / read(path)["trust"]).message
    json_format.ParseDict(case["requirement"], message.requirements.add())
    return TrustPolicy(message)


@pytest.mark.parametrize(("path", "case"), CASES, ids=named)
def test_a_requirement_finds_what_a_vector_says(path: Path, case: Any) -> None:
    """The verdict, and the id of the problem."""
    trust = trust_of(path, case)
    held = {
        name: Sealed.from_json(json.dumps(each).encode())
        for name, each in read(path)["envelopes"].items()
    }
    times = RecordTimes()
    for shown in case["recordLog"]:
        proof = LogProof.from_bytes(shown["proof"].encode())
        times.add(proof, base64.b64decode(shown["leaf"]), trust)
    found = examine(
        HeldRecords([held[name] for name in case["records"]]),
        trust,
        bytes.fromhex(case["deployment"]),
        at=datetime.fromisoformat(case["at"]),
        times=times,
    )
    log = trust.log(people.LOG_ORIGIN)
    judged = judge_requirements(
        trust,
        found.roll_out,
        found.findings,
        seen_logs=[
            SeenLog(
                verify_trusted(each["checkpoint"].encode(), log, trust).checkpoint,
                tuple(json_format.ParseDict(one, v1.LogOpened()) for one in each["opened"]),
            )
            for each in case["requestLogs"]
        ],
        statements=[Link.of(unseal(held[name], trust)) for name in case["statements"]],
    )
    mine = [finding for finding in judged if finding.rule == read(path)["rule"]]
    assert worst(mine).value == case["verdict"]
    assert [finding.id for finding in mine] == [case["problem"]]


@pytest.mark.parametrize(("path", "case"), CASES, ids=named)
def test_a_vector_says_in_its_name_whether_it_fails(path: Path, case: Any) -> None:
    """Nothing else ends in `_fail`."""
    assert case["name"].endswith("_fail") == (case["verdict"] == "FAIL")
    assert case["shows"].endswith(".")
    assert path.stem == read(path)["rule"]


def test_each_requirement_has_vectors_that_pass_and_that_fail() -> None:
    """None is without them."""
    verdicts = {path.stem: {case["verdict"] for case in read(path)["cases"]} for path in PATHS}
    assert verdicts.keys() == set(REQUIREMENTS)
    assert all({"PASS", "FAIL"} <= found for found in verdicts.values())


def test_the_page_names_every_problem_that_vectors_show() -> None:
    """Whoever meets an id finds it there."""
    page = (ROOT / files.PAGE).read_text(encoding="utf-8")
    shown = {case["problem"] for _, case in CASES if case["problem"]}
    assert {problem for problem in shown if f"`{problem}`" not in page} == set()


def test_the_vectors_are_those_that_the_program_writes() -> None:
    """Nobody edits them by hand."""
    there = {path.name: path.read_text(encoding="ascii") for path in FOLDER.glob("*.json")}
    assert there == files.texts()
