"""Every kind of breaking change that a comparison tells.

What buf's FILE category sees has buf's name. Ours end in what has happened (MOVED, TIGHTENED,
RENUMBERED), as no rule of buf's does, so that the two never clash.
"""

from __future__ import annotations

from typing import Final

from mlspec.breaking.rule import Audience, Rule

_LETTERS: Final = {
    "s": Audience.NEW_READERS,
    "w": Audience.OLD_WRITERS,
    "r": Audience.OLD_READERS,
    "j": Audience.JSON_USERS,
    "g": Audience.GENERATED_CODE,
}
"""Who breaks, a letter each: of (s)tored data, (w)riters, (r)eaders, (j)SON, (g)enerated code."""

_REMEDIES: Final = {
    "keep": "Keep it, mark it deprecated and name its successor.",
    "same": "Leave it as it was, and add a new one beside it.",
    "stay": "Leave it where it was; a new file can import it.",
    "number": "Give it its old number back, and take a number never used for what is new.",
    "reserve": "Reserve it again, and take a number and a name never used before.",
    "option": "Set it back: generated code depends on it.",
    "wide": "Set it back; what must hold for new data only belongs on a new field or message.",
    "late": "Let it be left out: make it optional, or let its rules pass the zero value.",
    "import": "Import the file publicly as before.",
}

_BUF: Final = """\
ENUM_NO_DELETE jg keep An enum is not deleted from its file.
ENUM_SAME_JSON_FORMAT j same An enum keeps its mapping to JSON.
ENUM_SAME_TYPE srg same An enum stays open or closed.
ENUM_VALUE_NO_DELETE swjg keep The number of an enum value is not deleted.
ENUM_VALUE_SAME_NAME jg same The number of an enum value keeps its names.
EXTENSION_MESSAGE_NO_DELETE swg same A message keeps its extension ranges.
EXTENSION_NO_DELETE swjg keep An extension is not deleted from its file.
FIELD_NO_DELETE swjg keep The number of a field is not deleted.
FIELD_SAME_CARDINALITY swrjg same A field stays single, repeated or a map, and tells unset from zero as before.
FIELD_SAME_CPP_STRING_TYPE g option A field keeps its string type in C++.
FIELD_SAME_DEFAULT swr same A field keeps its default.
FIELD_SAME_JAVA_UTF8_VALIDATION swr option A string is checked for UTF-8 in Java as before.
FIELD_SAME_JSON_NAME j same A field keeps its name in JSON.
FIELD_SAME_JSTYPE g option A 64-bit field keeps its type in JavaScript.
FIELD_SAME_NAME jg same The number of a field keeps its name.
FIELD_SAME_ONEOF swrg same A field stays in its oneof, or outside of one.
FIELD_SAME_TYPE swrjg same A field keeps its type.
FIELD_SAME_UTF8_VALIDATION swr option A string is checked for UTF-8 as before.
FILE_NO_DELETE swjg keep A file is not deleted.
FILE_SAME_PACKAGE swrjg stay A file keeps its package.
FILE_SAME_SYNTAX g same A file keeps its syntax.
MESSAGE_NO_DELETE swjg keep A message is not deleted from its file.
MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR g option A message keeps its accessor of the descriptor.
MESSAGE_SAME_JSON_FORMAT j same A message keeps its mapping to JSON.
MESSAGE_SAME_REQUIRED_FIELDS swr late A message keeps its proto2 `required` fields, and gets no new ones.
ONEOF_NO_DELETE g keep A oneof is not deleted.
RESERVED_ENUM_NO_DELETE sr reserve What an enum reserves stays reserved.
RESERVED_MESSAGE_NO_DELETE sr reserve What a message reserves stays reserved.
RPC_NO_DELETE wjg keep A method is not deleted from its service.
RPC_SAME_CLIENT_STREAMING wg same A method keeps whether the client streams.
RPC_SAME_IDEMPOTENCY_LEVEL w same A method keeps its idempotency level.
RPC_SAME_REQUEST_TYPE wjg same A method keeps the type of its request.
RPC_SAME_RESPONSE_TYPE rjg same A method keeps the type of its response.
RPC_SAME_SERVER_STREAMING rg same A method keeps whether the server streams.
SERVICE_NO_DELETE wjg keep A service is not deleted from its file.
"""  # noqa: E501 - a table, a row a line: id, who breaks, remedy, purpose

_OPTIONS: Final = (
    "cc_enable_arenas",
    "cc_generic_services",
    "csharp_namespace",
    "go_package",
    "java_generic_services",
    "java_multiple_files",
    "java_outer_classname",
    "java_package",
    "objc_class_prefix",
    "optimize_for",
    "php_class_prefix",
    "php_metadata_namespace",
    "php_namespace",
    "py_generic_services",
    "ruby_package",
    "swift_prefix",
)

_OURS: Final = """\
ENUM_ALIAS_CHANGED j same The name that JSON writes for an enum value with aliases has changed.
ENUM_MOVED g stay An enum has moved to another file or package.
ENUM_VALUE_RENUMBERED swr number The name of an enum value has got another number.
EXTENSION_MOVED g stay An extension has moved to another file or package.
FIELD_NEWLY_REQUIRED sw late An old message has got a field or oneof that must be set.
FIELD_RENUMBERED swr number The name of a field has got another number.
MEDIA_TYPE_CHANGED swr same A media type that a rule, an option or a default names has changed.
MESSAGE_MOVED g stay A message has moved to another file or package.
MESSAGE_SET_CHANGED swr same A message has begun or ceased to be a MessageSet.
PUBLIC_IMPORT_REMOVED g import A file no longer passes on what it imported publicly.
RESERVED_REUSED swr reserve A number or name that was reserved is in use again.
RULE_CHANGED swr wide A validation rule has changed, and it cannot be decided whether it is tighter or looser.
RULE_LOOSENED r wide A validation rule has been loosened: it lets pass what it refused.
RULE_TIGHTENED sw wide A validation rule has been tightened: it refuses what it let pass.
SERVICE_MOVED wg stay A service has moved to another file or package.
"""  # noqa: E501 - as above

FILE_OPTIONS: Final = {f"FILE_SAME_{option.upper()}": option for option in _OPTIONS}
"""The rules of options of a file that decide what generated code looks like, with the option."""


def _table() -> dict[str, Rule]:
    options = "".join(
        f"{name} g option A file keeps its {o}.\n" for name, o in FILE_OPTIONS.items()
    )
    found = [_rule(row, in_buf=True) for row in (_BUF + options).splitlines()]
    found += [_rule(row, in_buf=False) for row in _OURS.splitlines()]
    return {rule.id: rule for rule in sorted(found, key=lambda rule: rule.id)}


def _rule(row: str, *, in_buf: bool) -> Rule:
    name, letters, remedy, purpose = row.split(" ", 3)
    breaks = frozenset(_LETTERS[letter] for letter in letters)
    return Rule(name, purpose, _REMEDIES[remedy], breaks, in_buf)


RULES: Final[dict[str, Rule]] = _table()
"""Every rule by its id, in order of the ids."""
