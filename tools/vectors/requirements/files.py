"""Vectors as files: one for each requirement, in JSON, with the envelopes that its cases share."""

import base64
import hashlib
import json
from collections import defaultdict
from typing import Any

from google.protobuf import json_format

from mlspec import v1
from mlspec.provenance.requirements import REQUIREMENTS
from mlspec.sealing import Sealed
from tools.places import ROOT, ToolError
from tools.vectors.requirements import logs
from tools.vectors.requirements.case import AT, Case
from tools.vectors.requirements.of_logs import about_logs
from tools.vectors.requirements.of_records import about_records

FOLDER = ROOT / "vectors" / "v1" / "requirements"
TRUST = "trust.json"
PAGE = "docs/spec/provenance/requirements.md"
_NOBODY = "00" * 32


def texts() -> dict[str, str]:
    """Return the text of each file by its name."""
    by_rule: dict[str, list[Case]] = defaultdict(list)
    for case in (*about_records(), *about_logs()):
        by_rule[case.rule].append(case)
    unknown = by_rule.keys() ^ set(REQUIREMENTS)
    if unknown:
        raise ToolError(f"vectors/v1/requirements: each must have cases (see {sorted(unknown)})")
    found = {f"{rule}.json": _text(_file(rule, mine)) for rule, mine in by_rule.items()}
    return found | {TRUST: _text(json_format.MessageToDict(logs.trust()))}


def _file(rule: str, mine: list[Case]) -> dict[str, Any]:
    envelopes = {
        _name(sealed): json.loads(sealed.to_json()) for case in mine for sealed in case.story.held
    }
    return {
        "rule": rule,
        "page": PAGE,
        "trust": TRUST,
        "cases": [_case(case) for case in mine],
        "envelopes": dict(sorted(envelopes.items())),
    }


def _case(case: Case) -> dict[str, Any]:
    story = case.story
    records = [name for name in story.sealed if name not in case.statements]
    record_log = logs.record_log(story, case.logged, case.witnesses) if case.logged else []
    return {
        "name": case.name,
        "shows": case.shows,
        "verdict": case.verdict.value,
        "problem": case.problem,
        "requirement": json_format.MessageToDict(case.requirement),
        "deployment": story.sealed[case.deployment].hex
        if case.deployment in story.sealed
        else _NOBODY,
        "at": f"{AT:%Y-%m-%dT%H:%M:%SZ}",
        "records": [_name(story.sealed[name]) for name in records],
        "statements": [_name(story.sealed[name]) for name in case.statements],
        "recordLog": [
            {"proof": shown.proof.decode(), "leaf": base64.b64encode(shown.leaf).decode()}
            for shown in record_log
        ],
        "requestLogs": [_request_log(case)] if case.shows_requests else [],
    }


def _request_log(case: Case) -> dict[str, Any]:
    opened = [v1.LogOpened(durability=each) for each in case.opened]
    return {
        "checkpoint": logs.request_log(case.request_witnesses).decode(),
        "opened": [json_format.MessageToDict(each) for each in opened],
    }


def _name(sealed: Sealed) -> str:
    return hashlib.sha256(sealed.to_bytes()).hexdigest()[:16]


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=1, ensure_ascii=True) + "\n"
