"""`README.md` of a bundle: the steps of an expert who has openssl and the like, and no MLSpec."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Final

from mlspec import schema, v1
from mlspec.errors import MLSpecError
from mlspec.evidence.claim import Claim
from mlspec.evidence.layout import CLAIM, DELEGATION_LEAF, README, SCHEMA
from mlspec.evidence.report import Link
from mlspec.records import stage_name

if TYPE_CHECKING:
    from mlspec.evidence.bundle import Bundle
    from mlspec.sealing import Sealed

_SHOWN: Final = 80
_NEITHER: Final = re.compile(r"[^A-Za-z0-9_-]")
# What prints the id of the key that signs for the log: the trust file names it, or a delegation.
_OWN_KEY: Final = (
    """jq -er --arg origin "$origin" '[.logs[] | select(.origin == $origin)][0].keyid'"""
    """ "$work/trust.json\""""
)
_WORKER_KEY: Final = (
    "protoc --descriptor_set_in=schema/mlspec.binpb --decode=mlspec.v1.LogEntry"
    ' < delegation/leaf.bin | grep -A1 -F "origin: \\"$origin\\""'
    """ | sed -n 's/.*keyid: "\\(.*\\)"/\\1/p'"""
)


def write_guide(files: Mapping[str, bytes], sealed: Iterable[Sealed]) -> bytes:
    """Return the README of a bundle with these files: the same files give the same bytes.

    `sealed` are the records of the bundle.

    Raises MLSpecError if they are not those of a bundle.
    """
    claim = Claim.from_json(files[CLAIM])
    records = {each.hex: each.peek() for each in sealed}
    names = list(_names(claim, records))
    parts = {
        "REQUEST": claim.request_id,
        "INDEX": str(claim.index),
        "DEPLOYMENT": claim.deployment_sha256,
        "LOGKEY": _WORKER_KEY if DELEGATION_LEAF in files else _OWN_KEY,
        "DELEGATED": _template("guide_delegated.md") if DELEGATION_LEAF in files else "",
        "OWNKEY": _OWN_KEY,
        "COUNT": str(len(records)),
        "RECORDS": "\n".join(
            f"| {_stage(record)} | `{_plain(record.header.run_id)}` | `{name}` |"
            for name, record in sorted(records.items(), key=_backwards)
        ),
        "NAMES": "\n".join(f'names {child} {parent} "{words}"' for child, parent, words in names),
        "NAMED": "\n".join(words for _, _, words in names),
        "TOKENS": _template("guide_tokens.md") if any(map(_is_token, files)) else "",
    }
    text = _template("guide.md")
    for name, value in parts.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text.encode()


def unchanged(bundle: Bundle, sealed: Iterable[Sealed]) -> Link:
    """Return whether README and schema are those that this version of MLSpec writes."""
    link_id = "bundle.guide"
    try:
        whole = bundle.files.get(README) == write_guide(bundle.files, sealed)
    except MLSpecError:
        whole = False
    if whole and bundle.files.get(SCHEMA) == _schema():
        return Link.passed(link_id, "README and schema are those that this version writes")
    return Link.unproven(
        link_id,
        "README and schema: they are not those that this version of MLSpec writes",
        "Read the README's steps with care before you run them, or take those of this version.",
    )


def _names(claim: Claim, records: Mapping[str, v1.Record]) -> Iterator[tuple[str, str, str]]:
    """Yield which record names which other, for the steps that can be looked for as bytes."""
    start = claim.deployment_sha256
    if start not in records:
        return
    serving = records[start].model_serving
    yield from _one(start, serving.packaging, "the deployment names its packaging")
    yield from _one(start, serving.gate_decision, "the deployment names its gate decision")
    gate = serving.gate_decision.digest.sha256.hex()
    if gate in records:
        decision = records[gate].gate_decision
        yield from _one(gate, decision.objectives, "the gate decision names its objectives")
        for each in decision.evidence[:1]:
            yield from _one(gate, each.record, "the gate decision names its evidence")
    packaging = serving.packaging.digest.sha256.hex()
    if packaging in records:
        training = records[packaging].model_packaging.training
        yield from _one(packaging, training, "the packaging names the training")


def _one(child: str, parent: v1.RecordReference, words: str) -> Iterator[tuple[str, str, str]]:
    if parent.digest.sha256:
        yield child, parent.digest.sha256.hex(), words


def _backwards(entry: tuple[str, v1.Record]) -> tuple[int, str]:
    """Sort from the roll-out back to data and objectives, the other records last."""
    name, record = entry
    stage = record.header.stage
    return (-stage if stage <= v1.STAGE_MODEL_SERVING else stage, name)


def _stage(record: v1.Record) -> str:
    return _plain(stage_name(record.header.stage))


def _plain(text: str) -> str:
    """Return text that is no Markdown and no shell: it comes from a record that nobody verified."""
    return _NEITHER.sub("", text[:_SHOWN])


def _is_token(name: str) -> bool:
    return name.startswith("tokens/")


@cache
def _schema() -> bytes:
    return schema.descriptor_set()


@cache
def _template(name: str) -> str:
    return (resources(__package__) / name).read_text(encoding="utf-8")
