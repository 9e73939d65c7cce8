"""The vectors: valid ones are valid, invalid ones trip what they say, and no rule is left out."""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mlspec import schema, v1
from mlspec.validation import violations
from tools.places import ROOT
from tools.schema import read
from tools.vectors import derive, sites
from tools.vectors.wire import repeated

VECTORS = ROOT / "vectors" / "v1"
TEXTS = sorted(VECTORS.glob("*/*.txtpb"))
DERIVED = sorted((VECTORS / "derived").glob("*.json"))


def name(path: Path) -> str:
    """Return the path below the folder of vectors."""
    return str(path.relative_to(VECTORS))


def declared(path: Path) -> set[tuple[str, str]]:
    """Return what the `# violates: <path> <rule id>` lines of a vector say."""
    lines = path.read_text(encoding="utf-8").splitlines()
    stated = (line.split() for line in lines if line.startswith("# violates:"))
    return {("" if words[2] == "." else words[2], words[3]) for words in stated}


@cache
def derived_cases() -> tuple[tuple[str, Any], ...]:
    """Return each derived case with the name of its message."""
    files = [json.loads(path.read_text(encoding="ascii")) for path in DERIVED]
    return tuple((file["message"], case) for file in files for case in file["cases"])


def parsed(message: str, case: Any) -> Any:
    """Return the message of a derived case."""
    payload = b"".join(base64.b64decode(p["base64"]) * p["times"] for p in case["payload"])
    return getattr(v1, message.removeprefix("mlspec.v1.")).FromString(payload)


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_a_vector_breaks_the_rules_that_it_declares_and_no_other(path: Path) -> None:
    """A `_fail` vector declares violations and trips exactly those; any other one is valid."""
    found = {(v.path, v.rule_id) for v in violations(derive.read(path))}
    assert found == declared(path)
    assert bool(found) == path.stem.endswith("_fail")


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_a_vector_says_in_one_line_what_it_shows(path: Path) -> None:
    """The third line is a sentence, so that a reader need not guess the point of a case."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# proto-file: mlspec/v1/")
    assert lines[1].startswith("# proto-message: mlspec.v1.")
    assert lines[2].startswith("# ")
    assert len(lines[2]) > 10


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_a_vector_survives_bytes_and_json(path: Path) -> None:
    """Binary and JSON carry all that a vector says, the invalid ones too."""
    message = derive.read(path)
    kind = type(message)
    assert kind.FromString(message.SerializeToString()) == message
    if not path.stem.endswith("_fail"):
        assert json_format.Parse(json_format.MessageToJson(message), kind()) == message


@pytest.mark.parametrize("path", DERIVED, ids=lambda path: path.stem)
def test_a_derived_vector_trips_what_it_declares(path: Path) -> None:
    """Each case of a derived file gives exactly the violations that stand beside it."""
    file = json.loads(path.read_text(encoding="ascii"))
    for case in file["cases"]:
        found = {(v.path, v.rule_id) for v in violations(parsed(file["message"], case))}
        assert case["trips"]["rule"] in {rule for _, rule in found}
        assert found == {tuple(pair) for pair in case["violates"]}, case["name"]


def owner(message: Any, path: str) -> tuple[str, str]:
    """Return the message and the field that a violation's path leads to."""
    name, field = message.DESCRIPTOR.full_name, ""
    for step in path.split("."):
        part, _, index = step.partition("[")
        if not part:
            continue
        name, field = message.DESCRIPTOR.full_name, part
        known = message.DESCRIPTOR.fields_by_name.get(part)
        if known is None or known.message_type is None:
            continue
        value = getattr(message, part)
        if index:
            message, field = value[int(index.rstrip("]"))], ""
        elif not repeated(known):
            message, field = value, part
    return name, field


def tripped() -> set[tuple[str, str, str]]:
    """Return every (message, field, rule id) that a vector trips; of CEL rules the id alone too."""
    found = {
        (message, case["trips"]["field"], case["trips"]["rule"])
        for message, case in derived_cases()
    }
    for message in (derive.read(path) for path in TEXTS if path.stem.endswith("_fail")):
        for violation in violations(message):
            found.add((*owner(message, violation.path), violation.rule_id))
            found.add(("", "", violation.rule_id))
    return found


def test_every_rule_at_every_place_is_tripped_by_some_vector() -> None:
    """No rule of the specification is without a vector that shows it at work."""
    files = read(FileDescriptorSet.FromString(schema.descriptor_set()))
    seen = tripped()
    missing = [
        site.key
        for site in sites.of_files(files)
        if site.key not in seen and not (site.written and ("", "", site.rule) in seen)
    ]
    assert not missing
