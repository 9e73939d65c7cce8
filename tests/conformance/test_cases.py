"""The cases say what they mean, and the runner believes no program without asking."""

import re
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from conformance import cases, programs, trees, wrong
from conformance.exchange import Program, ProgramError
from conformance.generator import writing
from conformance.judging import Mark, judge
from conformance.programs import ProgramSpec
from conformance.running import Outcome, run, verdict_of
from conformance.schema import Request, Response
from mlspec import schema, v1
from mlspec.records import SPEC_VERSION, all_stages, stage_name
from tools.places import CONFORMANCE, ROOT
from tools.schema import read
from tools.vectors import sites

CASES = cases.load()
PYTHON = programs.find(("python",))[0]
VERSIONS = {
    "cpp": "src/mlspec/version.hpp",
    "go": "sealing/version.go",
    "java": "src/main/java/org/mlspec/sealing/SpecVersion.java",
    "rust": "src/versions.rs",
    "typescript": "src/version.ts",
}


def test_the_cases_are_as_the_generator_makes_them() -> None:
    """Byte for byte: keys, times and ids are fixed."""
    assert writing.main(check=True) == 0


def refuses(case: cases.LoadedCase) -> bool:
    """Whether what goes in must be refused, by a reader or by a rule."""
    kind = case.case.WhichOneof("kind")
    expected = getattr(case.case, kind)
    which = expected.WhichOneof("expected")
    return which in ("unreadable", "refused") or (
        which == "message" and bool(expected.message.violations)
    )


def test_names_say_what_is_refused() -> None:
    """A case ends in `_fail` if and only if it must be refused, and says why it is there."""
    assert [case.id for case in CASES if refuses(case) != case.id.endswith("_fail")] == []
    assert [case.id for case in CASES if len(case.case.purpose) < 4] == []
    assert len({case.id for case in CASES}) == len(CASES)


def test_every_body_is_there_minimal_and_full_and_sealed_with_both_kinds_of_key() -> None:
    """The thirteen stages and the four other sealed bodies."""
    ids = {case.id for case in CASES}
    for stage in all_stages():
        body = stage_name(stage)
        for size in ("minimal", "full"):
            assert f"encode/records/{body}_{size}" in ids
            for algorithm in ("ed25519", "p256"):
                assert f"seal/records/{body}_{size}_{algorithm}" in ids


def test_every_rule_is_tripped() -> None:
    """Each standard rule at each place, and each CEL rule."""
    every = sites.of_files(read(FileDescriptorSet.FromString(schema.descriptor_set())))
    written = {site.rule for site in every if site.written}
    placed = {
        f"reject/standard/{site.message.removeprefix('mlspec.v1.')}/"
        f"{site.field}_{site.rule.replace('.', '_')}_fail"
        for site in every
        if not site.written
    }
    tripped = {
        violation.rule_id
        for case in CASES
        for violation in case.case.convert.message.violations
        if case.id.startswith("reject/cel/")
    }
    assert written - tripped == set()
    assert placed - {case.id for case in CASES} == set()


def test_every_message_of_a_case_is_one_of_the_specification() -> None:
    """A misspelt name would be a failure of every program."""
    types = {c.case.convert.message_type for c in CASES if c.case.HasField("convert")}
    assert [name for name in types if name.removeprefix("mlspec.v1.") not in v1.__all__] == []


@pytest.mark.parametrize("folder", sorted(VERSIONS))
def test_every_language_knows_its_version(folder: str) -> None:
    """The constant in each program is the version of the specification here."""
    text = (CONFORMANCE / folder / VERSIONS[folder]).read_text(encoding="utf-8")
    assert re.findall(r'(?:VERSION|Version|CURRENT)\b.*?"(\d+\.\d+\.\d+)"', text)[0] == SPEC_VERSION


def test_python_passes_a_case_of_each_set() -> None:
    """The reference itself, through the same pipe as every other program."""
    first = {case.id.rsplit("/", 1)[0]: case for case in reversed(CASES)}
    small = [case for name, case in first.items() if not name.startswith("reject/standard/")]
    outcome = run(PYTHON, small, lambda _case: None)
    assert outcome.problems == []
    assert sum(sum(counts.values()) for counts in outcome.counts.values()) == len(small)


def test_a_wrong_case_fails() -> None:
    """Each way of being wrong is noticed, in a program that is right."""
    made = list(wrong.altered(CASES))
    assert len(made) == wrong.COUNT
    with Program(PYTHON.run, PYTHON.log) as program:
        assert [verdict_of(program, case).mark for case in made] == [Mark.FAIL] * len(made)


def test_a_known_failure_that_passes_is_a_failure() -> None:
    """The list of known failures says what is so."""
    case = next(case for case in CASES if case.id == "encode/scalars/int64_one")
    known = programs.ExpectedFailure(cases="encode/scalars/*", why="said to fail")
    spec = ProgramSpec("x", "X", (), (), PYTHON.run, "none", (), (known,))
    outcome = run(spec, [case], lambda _case: None)
    assert outcome.problems == [f"{case.id}: passes, but encode/scalars/* is said to fail"]


def test_what_cannot_be_done_is_skipped_and_said() -> None:
    """With the program's own words, and counted apart."""
    case = CASES[0]
    verdict = judge(case, case.request(), Response(case_id=case.id, unsupported="no crypto"))
    outcome = Outcome(PYTHON)
    outcome.add(case, verdict)
    assert (verdict.mark, outcome.skipped["no crypto"], outcome.problems) == (Mark.SKIP, 1, [])


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("exit 3", "must not end (exit code 3)"),
        ("cat > /dev/null", "must answer within 1 s"),
        ("printf '\\377\\377\\377\\377\\377\\377'", "each after its length"),
        ("printf '\\003abc'", "a message must be a Response"),
        ("printf '\\002\\012\\000'", "must answer x"),
    ],
)
def test_a_program_that_misbehaves_is_named(program: str, words: str, tmp_path: Path) -> None:
    """It ended, hung, wrote junk or answered another question; the next one starts it anew."""
    with Program(["sh", "-c", program], tmp_path / "log", timeout=1) as running:
        for _ in range(2):
            with pytest.raises(ProgramError) as error:
                running.ask(Request(case_id="x"))
            assert words in str(error.value)


@pytest.mark.parametrize(
    ("wanted", "got", "words"),
    [
        ('{"a": 1}', '{"a": 1.0}', ""),
        ('{"a": -0}', '{"a": -0.0}', ""),
        ('{"a": -0.0}', '{"a": 0}', "at $.a"),
        ('{"a": [1, {"b": "x"}]}', '{"a": [1, {"b": "y"}]}', "at $.a[1].b"),
        ('{"a": 1}', "{}", "lacks 'a'"),
        ("{}", '{"a": 1}', "has 'a'"),
        ('{"a": true}', '{"a": 1}', "at $.a"),
        ('{"a": [1]}', '{"a": [1, 2]}', "must have 1 items"),
    ],
)
def test_trees_are_compared_as_data(wanted: str, got: str, words: str) -> None:
    """Numbers by value and sign, everything else by kind."""
    found = trees.difference(trees.read(wanted), trees.read(got))
    assert words in found
    assert bool(words) == bool(found)


def test_every_program_is_described() -> None:
    """Five languages, Python and buf: each with its needs, and the reason of each known failure."""
    found = {spec.folder: spec for spec in programs.find()}
    assert set(found) == {*VERSIONS, "python", "buf"}
    whys = [failure.why for spec in found.values() for failure in spec.failures]
    assert [why for why in whys if len(why) < 20] == []
    failures = [failure for spec in found.values() for failure in spec.failures]
    assert [f.cases for f in failures if not any(f.covers(case.id) for case in CASES)] == []
    for folder in VERSIONS:
        assert (ROOT / "conformance" / folder / "README.md").exists()
