"""No name of the specification is a keyword, macro or built-in type where it will be generated."""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.promises.test_proto_style import enums, fields, messages, snake
from tools.schema import File

RESERVED = tomllib.loads(Path(__file__).with_name("reserved_names.toml").read_text())


def languages(name: str, kind: str) -> list[str]:
    """The languages in which `name` is reserved for elements of `kind`."""
    return [language for language, words in RESERVED[kind].items() if name in words.split()]


def clashes(named: Iterable[tuple[str, str]], kind: str) -> str:
    """One line for each reserved name, with the languages that reserve it."""
    found = ((where, languages(name, kind)) for where, name in named)
    return "\n".join(f"{where}: reserved in {', '.join(words)}" for where, words in found if words)


def members(spec: list[File]) -> Iterator[tuple[str, str]]:
    """Every name that becomes a member: fields, oneofs, calls."""
    yield from ((where, field.name) for where, field in fields(spec))
    for where, message in messages(spec):
        yield from ((f"{where}.{oneof.name}", oneof.name) for oneof in message.oneofs)
    for service in (service for file in spec for service in file.services):
        yield from ((f"{service.name}.{m.name}", snake(m.name)) for m in service.methods)


def test_members_are_no_keywords_or_macros(spec: list[File]) -> None:
    """Fields, oneofs and calls keep their own names in every language."""
    assert clashes(members(spec), "fields") == ""


def test_messages_and_enums_hide_no_built_in_types(spec: list[File]) -> None:
    """Messages and enums do not shadow what generated code or its users need."""
    named = [(where, message.name) for where, message in messages(spec)]
    named += [(where, enum.name) for where, enum in enums(spec)]
    assert clashes(((where, name.split(".")[-1]) for where, name in named), "types") == ""


def test_enum_values_stay_names_without_their_prefix(spec: list[File]) -> None:
    """TypeScript and Rust cut the prefix off: what is left must still be a name of its own."""
    wrong = []
    for where, enum in enums(spec):
        prefix = f"{snake(enum.name.split('.')[-1]).upper()}_"
        for value in enum.values:
            short = value.name.removeprefix(prefix)
            if not short[:1].isalpha() or languages(short, "values"):
                wrong.append(f"{where}.{value.name}")
    assert not wrong, "\n".join(wrong)


def test_no_message_is_called_like_the_schema_of_another(spec: list[File]) -> None:
    """protoc-gen-es calls the descriptor of `X` `XSchema`: no such message may stand beside `X`."""
    names = {message.name for _, message in messages(spec)}
    assert not {name for name in names if name.removesuffix("Schema") in names - {name}}
