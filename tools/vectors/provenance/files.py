"""Vectors as files: one for each rule, in JSON, with the envelopes that its cases share."""

import hashlib
import json
from collections import defaultdict
from datetime import datetime
from typing import Any

from google.protobuf import json_format

from mlspec.provenance import RULES
from mlspec.sealing import Sealed
from tools.places import ROOT, ToolError
from tools.vectors.provenance import of_chain, of_criteria, of_data, of_gate, people
from tools.vectors.provenance.case import Case

FOLDER = ROOT / "vectors" / "v1" / "provenance"
TRUST = "trust.json"


def cases() -> list[Case]:
    """Return every case."""
    return [
        *of_chain.all_cases(),
        *of_data.all_cases(),
        *of_gate.all_cases(),
        *of_criteria.all_cases(),
    ]


def texts() -> dict[str, str]:
    """Return the text of each file by its name."""
    by_rule: dict[str, list[Case]] = defaultdict(list)
    for case in cases():
        by_rule[case.rule].append(case)
    unknown = by_rule.keys() ^ {rule.id for rule in RULES}
    if unknown:
        raise ToolError(f"vectors/v1/provenance: each rule must have cases (see {sorted(unknown)})")
    found = {f"{rule}.json": _text(_file(rule, mine)) for rule, mine in by_rule.items()}
    return found | {TRUST: _text(json_format.MessageToDict(people.trust()))}


def _file(rule: str, mine: list[Case]) -> dict[str, Any]:
    envelopes = {
        _name(sealed): json.loads(sealed.to_json())
        for case in mine
        for sealed in (*case.story.held, *case.held_under.values())
    }
    return {
        "rule": rule,
        "page": f"docs/spec/provenance/{rule}.md",
        "trust": TRUST,
        "cases": [_case(case) for case in mine],
        "envelopes": dict(sorted(envelopes.items())),
    }


def _case(case: Case) -> dict[str, Any]:
    optional = {
        "log": [case.story.sealed[name].hex for name in case.log],
        "seen": [{"size": seen.size, "time": _time(seen.time)} for seen in case.seen],
        "heldUnder": {key.hex(): _name(sealed) for key, sealed in case.held_under.items()},
    }
    return {
        "name": case.name,
        "shows": case.shows,
        "verdict": case.verdict.value,
        "problems": sorted(case.problems),
        "deployment": case.story.sealed["serve"].hex,
        "at": _time(case.at),
        "records": [_name(sealed) for sealed in case.story.held],
        **{name: value for name, value in optional.items() if value},
    }


def _name(sealed: Sealed) -> str:
    """Name an envelope; not by its record, for others may have signed the same one."""
    return hashlib.sha256(sealed.to_bytes()).hexdigest()[:16]


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=1, ensure_ascii=True) + "\n"
