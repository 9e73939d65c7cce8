"""Making cases, and the files they name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format

from conformance.schema import Case, CaseSet, Content
from mlspec.validation import violations

_INLINE = 96


@dataclass
class MadeSet:
    """A set of cases with its files, before it is written.

    Attributes:
        id: "<task>/<set>".
        purpose: What it shows, in a sentence.
        cases: The cases in order.
        files: The content of each file beside `cases.json`.
    """

    id: str
    purpose: str
    cases: list[Any] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, purpose: str) -> Any:
        """Add a case and return it, to be filled in."""
        if any(case.name == name for case in self.cases):
            raise ValueError(f"{self.id}/{name}: must be there once")
        case = Case(name=name, purpose=purpose)
        self.cases.append(case)
        return case

    def file(self, name: str, content: bytes) -> Any:
        """Keep a file, and return the content that names it."""
        if self.files.setdefault(name, content) != content:
            raise ValueError(f"{self.id}/{name}: must have one content")
        return Content(file=name)

    def render(self) -> dict[str, bytes]:
        """Return the content of every file of the set, `cases.json` included."""
        whole = CaseSet(purpose=self.purpose, cases=self.cases)
        text = json_format.MessageToJson(whole, indent=1, ensure_ascii=False)
        return {**self.files, "cases.json": f"{text}\n".encode()}


def pieces(parts: Iterable[tuple[bytes, int]]) -> Any:
    """Return a content of pieces: bytes, and how many times each."""
    content = Content()
    content.pieces.SetInParent()
    for part, times in parts:
        if part:
            content.pieces.pieces.add(content=part, times=times)
    return content


def inline(data: bytes) -> Any:
    """Return a content that stands in the case itself."""
    return pieces([(data, 1)])


def to_json(message: Any) -> bytes:
    """Return a message as ProtoJSON."""
    return f"{json_format.MessageToJson(message, indent=1, ensure_ascii=False)}\n".encode()


def expect_rules(target: Any, message: Any) -> None:
    """Write the rules that a message breaks into an expectation."""
    for path, rule in sorted({(each.path, each.rule_id) for each in violations(message)}):
        target.add(path=path, rule_id=rule)


def same_everywhere(message: Any) -> bool:
    """Tell whether every runtime writes a message in the same bytes, as far as was seen.

    Fields are written by their numbers, but Go writes the members of a oneof after all other
    fields. Where that makes no difference, the bytes are the same.
    """
    after_oneof = False
    for described, value in message.ListFields():
        oneof = described.containing_oneof
        in_oneof = oneof is not None and len(oneof.fields) > 1
        if after_oneof and not in_oneof:
            return False
        after_oneof = after_oneof or in_oneof
        if described.message_type is not None:
            parts = value if described.is_repeated else [value]
            if not all(map(same_everywhere, parts)):
                return False
    return True


def add_message(made: MadeSet, name: str, purpose: str, message: Any) -> Any:
    """Add the case of a message that every program reads and writes, with its two files."""
    case = made.add(name, purpose)
    case.convert.message_type = message.DESCRIPTOR.full_name
    data = message.SerializeToString(deterministic=True)
    small = len(data) <= _INLINE
    case.convert.binary.CopyFrom(inline(data) if small else made.file(f"{name}.binpb", data))
    expected = case.convert.message
    expected.json.CopyFrom(made.file(f"{name}.json", to_json(message)))
    expected.same_bytes = same_everywhere(message)
    expect_rules(expected.violations, message)
    return case
