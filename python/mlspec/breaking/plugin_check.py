"""What the plugin answers: its rules, their categories, and the findings of a comparison.

buf runs its own rules; the plugin lists and reports only those that buf does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mlspec.breaking.plugin_binary import delimited
from mlspec.breaking.plugin_messages import CHECK, LIST_CATEGORIES, LIST_RULES, Message
from mlspec.breaking.rule import Audience, Rule
from mlspec.breaking.rules import RULES
from mlspec.errors import DecodeError

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    from mlspec.breaking.finding import Finding

CATEGORY: Final = "MLSPEC"
_DEFAULT_PAGE: Final = 250
_LARGEST_PAGE: Final = 1000


def category_of(audience: Audience) -> str:
    """Return the category of the rules that break an audience, for example MLSPEC_OLD_WRITERS."""
    return f"{CATEGORY}_{audience.name}"


def own_rules() -> list[Rule]:
    """Return the rules that buf does not have, in order of their ids."""
    return sorted((rule for rule in RULES.values() if not rule.in_buf), key=lambda rule: rule.id)


def list_rules(request: Message) -> Message:
    """Answer ListRules. Raises DecodeError when the page asked for makes no sense."""
    rules = [
        {
            "id": rule.id,
            "category_ids": [CATEGORY, *map(category_of, rule.audiences)],
            "default": True,
            "purpose": rule.purpose,
            "type": "RULE_TYPE_BREAKING",
        }
        for rule in own_rules()
    ]
    return _page(rules, "rules", request)


def list_categories(request: Message) -> Message:
    """Answer ListCategories. Raises DecodeError when the page asked for makes no sense."""
    own = own_rules()
    categories = [{"id": CATEGORY, "purpose": "Checks what buf's own rules do not see."}]
    categories += [
        {"id": category_of(audience), "purpose": f"Checks what breaks {audience.words}."}
        for audience in sorted(Audience, key=category_of)
        if any(audience in rule.breaks for rule in own)
    ]
    return _page(categories, "categories", request)


def _page(items: list[Message], name: str, request: Message) -> Message:
    """Cut out the page that is asked for; its token is the id of its first item."""
    size = request.get("page_size") or _DEFAULT_PAGE
    if size > _LARGEST_PAGE:
        raise DecodeError(f"page_size must be at most {_LARGEST_PAGE} (got {size})")
    ids = [item["id"] for item in items]
    token = request.get("page_token") or ids[0]
    if token not in ids:
        raise DecodeError(f"page_token must be one that was given (got {token!r:.80})")
    start = ids.index(token)
    rest = ids[start + size :]
    return {name: items[start : start + size], "next_page_token": rest[0] if rest else ""}


def check(request: Message) -> Message:
    """Answer Check: compare the files with those before, and report the rules asked for.

    Files marked as imports are those of others, and not compared. Raises DecodeError when the
    request makes no sense.
    """
    if options := [option.get("key", "") for option in request.get("options", [])]:
        raise DecodeError(
            f"options must be empty (got {', '.join(options)})",
            remedy=f"choose rules by category, such as {category_of(Audience.OLD_WRITERS)}",
        )
    wanted = _wanted(request.get("rule_ids", []))
    before = request.get("against_file_descriptors", [])
    if not before:
        return {}
    from mlspec.breaking.compare import compare

    after = request.get("file_descriptors", [])
    old, new = _image(before), _image(after)
    names = [file.name for file in new.file]
    imports = _imports(old, before) | _imports(new, after)
    found = [each for each in compare(old, new, imports=imports) if each.rule_id in wanted]
    return {"annotations": [_annotation(finding, names) for finding in found]}


def _wanted(asked: list[str]) -> set[str]:
    known = {rule.id for rule in own_rules()}
    if strange := set(asked) - known:
        raise DecodeError(f"rule_ids must be those of ListRules (got {', '.join(sorted(strange))})")
    return set(asked) or known


def _image(files: list[Message]) -> FileDescriptorSet:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet
    from google.protobuf.message import DecodeError as Malformed

    parts = (delimited(1, file.get("file_descriptor_proto", b"")) for file in files)
    try:
        return FileDescriptorSet.FromString(b"".join(parts))
    except Malformed as error:
        raise DecodeError("a file_descriptor_proto must be a FileDescriptorProto") from error


def _imports(image: FileDescriptorSet, files: list[Message]) -> set[str]:
    pairs = zip(image.file, files, strict=True)
    return {file.name for file, message in pairs if message.get("is_import")}


def _annotation(finding: Finding, names: list[str]) -> Message:
    breaks = ", ".join(audience.words for audience in finding.rule.audiences)
    annotation: Message = {
        "rule_id": finding.rule_id,
        "message": f"{finding.element}: {finding.message} (breaks {breaks})",
        "against_file_location": {
            "file_name": finding.old_file,
            "source_path": list(finding.old_path),
        },
    }
    # buf refuses a location in a file that it did not send: a deleted one is only in the old image.
    if finding.file in names:
        annotation["file_location"] = {
            "file_name": finding.file,
            "source_path": list(finding.path),
        }
    return annotation


HANDLERS: Final[dict[str, Callable[[Message], Message]]] = {
    CHECK: check,
    LIST_RULES: list_rules,
    LIST_CATEGORIES: list_categories,
}
