"""Derive, from the full examples, the least message that trips each standard rule."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import Message as ProtoMessage

from mlspec import v1
from mlspec.validation import violations
from tools.vectors import breakers
from tools.vectors.sites import Site
from tools.vectors.wire import Piece, repeated

_HEAD = "# proto-message: mlspec.v1."


def read(path: Path) -> Any:
    """Parse a vector in text format; its `# proto-message:` line says what it is."""
    text = path.read_text(encoding="utf-8")
    name = next(line for line in text.splitlines() if line.startswith(_HEAD))
    return text_format.Parse(text, getattr(v1, name.removeprefix(_HEAD))())


def nested(message: Any) -> Iterator[Any]:
    """Yield a message and every message of this specification inside it."""
    if message.DESCRIPTOR.file.package != "mlspec.v1":
        return
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for item in value if repeated(field) else [value]:
                yield from nested(item)


def specimens(folder: Path) -> dict[str, list["Specimen"]]:
    """Return, by message name, the messages in the full examples of a folder, smallest first."""
    found: dict[str, list[Specimen]] = {}
    for path in sorted(folder.glob("*/full*.txtpb")):
        for message in nested(read(path)):
            found.setdefault(message.DESCRIPTOR.full_name, []).append(Specimen(message))
    for messages in found.values():
        messages.sort(key=lambda specimen: specimen.whole.ByteSize())
    return found


@dataclass
class Specimen:
    """A valid message, and what it is once every field that it stays valid without is gone."""

    whole: Any

    @cached_property
    def core(self) -> Any:
        """The least of the message, whatever field it keeps."""
        return _without_needless(self.whole, keep="")

    def keeping(self, name: str) -> Any:
        """Return the least valid message that still has the field `name`."""
        field = self.whole.DESCRIPTOR.fields_by_name.get(name)
        if field is None:
            return self.core
        part = type(self.whole)()
        part.CopyFrom(self.whole)
        for other, _ in self.whole.ListFields():
            if other.name != name:
                part.ClearField(other.name)
        small = type(self.whole)()
        small.CopyFrom(self.core)
        small.ClearField(name)
        small.MergeFrom(part)
        return small if not violations(small) else _without_needless(self.whole, keep=name)


def _without_needless(message: Any, keep: str) -> Any:
    small = type(message)()
    small.CopyFrom(message)
    for field, _ in message.ListFields():
        trial = type(message)()
        trial.CopyFrom(small)
        trial.ClearField(field.name)
        if field.name != keep and not violations(trial):
            small = trial
    return small


def _case(site: Site, payload: list[Piece], message: type[ProtoMessage]) -> dict[str, Any] | None:
    whole = b"".join(piece.content * piece.times for piece in payload)
    found = violations(message.FromString(whole))
    field = site.field + ("[" if site.in_items else "")
    if not any(v.rule_id == site.rule and v.path.startswith(field) for v in found):
        return None
    return {
        "name": f"{site.field}_{site.rule.replace('.', '_')}_fail",
        "trips": {"field": site.field, "rule": site.rule},
        "violates": sorted({(v.path, v.rule_id) for v in found}),
        "payload": [
            {"base64": base64.b64encode(p.content).decode(), "times": p.times} for p in payload
        ],
    }


def _tries(site: Site, specimen: Specimen) -> Iterator[list[Piece]]:
    field = specimen.whole.DESCRIPTOR.fields_by_name.get(site.field)
    if field is None:
        small = type(specimen.whole)()
        small.CopyFrom(specimen.core)
        small.ClearField(site.field)
        yield [Piece(small.SerializeToString(deterministic=True))]
        return
    base = specimen.keeping(site.field)
    large = breakers.oversized(site, base, field)
    if large:
        yield large
        return
    for edit in breakers.edits(site, field):
        broken = type(base)()
        broken.CopyFrom(base)
        edit(broken)
        yield [Piece(broken.SerializeToString(deterministic=True))]


def _holds(message: Any, name: str) -> bool:
    field = message.DESCRIPTOR.fields_by_name.get(name)
    return field is None or any(found.name == name for found, _ in message.ListFields())


def derive(site: Site, candidates: list[Specimen]) -> dict[str, Any] | None:
    """Return the case that trips the rule of `site`, or None when no specimen leads to one."""
    for specimen in [c for c in candidates if _holds(c.whole, site.field)] or candidates:
        for payload in _tries(site, specimen):
            case = _case(site, payload, type(specimen.whole))
            if case is not None:
                return case
    return None


def render(message: str, cases: list[dict[str, Any]]) -> str:
    """Return the text of one file of derived cases."""
    return json.dumps({"message": message, "cases": cases}, indent=1, ensure_ascii=True) + "\n"
