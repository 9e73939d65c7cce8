"""Where the specification has a rule: each place is a site that some vector must trip."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.rules import expressions
from tools.schema import Field, File, Message

# Rules that come in pairs report one id for both ends.
_PAIRS = {("gt", "lt"), ("gt", "lte"), ("gte", "lt"), ("gte", "lte")}
_SILENT = {"example", "ignore", "cel", "strict"}


@dataclass(frozen=True)
class Site:
    """One rule at one place. `field` is empty for a rule of the whole message."""

    message: str
    field: str
    rule: str
    limit: Any = None
    in_items: bool = False

    @property
    def written(self) -> bool:
        """Whether it is a CEL rule, which people write vectors for."""
        return hasattr(self.limit, "expression")

    @property
    def key(self) -> tuple[str, str, str]:
        """What a vector's violation is compared with: message, field, rule id."""
        return (self.message, self.field, self.rule)


def _kind_rules(message: str, field: str, kind: str, rules: Any, items: bool) -> Iterator[Site]:
    present = {rule.name: value for rule, value in rules.ListFields()}
    for name, limit in present.items():
        if name in _SILENT or limit is False:
            continue
        if name == "items":
            yield from _field_rules(message, field, limit, items=True)
            continue
        pairs = [pair for pair in _PAIRS if name in pair and set(pair) <= set(present)]
        rule = "_".join(pairs[0]) if pairs else name
        yield Site(message, field, f"{kind}.{rule}", (name, limit), items)


def _field_rules(message: str, field: str, rules: Any, items: bool = False) -> Iterator[Site]:
    if rules is None:
        return
    if rules.required:
        yield Site(message, field, "required", in_items=items)
    for cel in rules.cel:
        yield Site(message, field, cel.id, cel, items)
    kind = rules.WhichOneof("type")
    if kind:
        yield from _kind_rules(message, field, kind, getattr(rules, kind), items)


def of_field(message: Message, field: Field) -> list[Site]:
    """Return the sites of a field, its items' included."""
    return list(_field_rules(f"mlspec.v1.{message.name}", field.name, field.rules))


def of_message(message: Message) -> list[Site]:
    """Return all sites of a message: fields, oneofs, and the message's own CEL rules."""
    name = f"mlspec.v1.{message.name}"
    found = [site for field in message.fields for site in of_field(message, field)]
    found += [
        Site(name, oneof.name, "required")
        for oneof in message.oneofs
        if oneof.rules is not None and oneof.rules.required
    ]
    found += [Site(name, "", cel.id, cel) for cel in expressions(message.rules)]
    return found


def of_files(files: list[File]) -> list[Site]:
    """Return every site of the specification, each once."""
    every = [s for file in files for m in file.all_messages() for s in of_message(m)]
    return list({site.key: site for site in every}.values())
