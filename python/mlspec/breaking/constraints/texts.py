"""Rules about strings and bytes: choices, beginnings and ends, formats, patterns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from mlspec.breaking.constraints.change import Change, changed, either, summary, text

Rules = dict[str, Any]

CHOICE: Final = ("const", "in", "not_in")
FORMATS: Final = (
    "email",
    "hostname",
    "ip",
    "ipv4",
    "ipv6",
    "uri",
    "uri_ref",
    "address",
    "uuid",
    "tuuid",
    "ip_with_prefixlen",
    "ipv4_with_prefixlen",
    "ipv6_with_prefixlen",
    "ip_prefix",
    "ipv4_prefix",
    "ipv6_prefix",
    "host_and_port",
    "ulid",
    "protobuf_fqn",
    "protobuf_dot_fqn",
    "well_known_regex",
)
# Every string of the first format is one of the second too.
_NARROWER: Final = {
    ("ipv4", "ip"),
    ("ipv6", "ip"),
    ("ip", "address"),
    ("ipv4", "address"),
    ("ipv6", "address"),
    ("hostname", "address"),
    ("uri", "uri_ref"),
    ("ip_prefix", "ip_with_prefixlen"),
    ("ipv4_with_prefixlen", "ip_with_prefixlen"),
    ("ipv6_with_prefixlen", "ip_with_prefixlen"),
    ("ipv4_prefix", "ip_with_prefixlen"),
    ("ipv6_prefix", "ip_with_prefixlen"),
    ("ipv4_prefix", "ip_prefix"),
    ("ipv6_prefix", "ip_prefix"),
    ("ipv4_prefix", "ipv4_with_prefixlen"),
    ("ipv6_prefix", "ipv6_with_prefixlen"),
}


_IMPLIED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "prefix": lambda part, whole: bool(whole.startswith(part)),
    "suffix": lambda part, whole: bool(whole.endswith(part)),
    "contains": lambda part, whole: part in whole,
}
"""Whether what is asked of `whole` is asked of `part` too."""


class Choice(NamedTuple):
    """Values that may be chosen: all but `refused`, or of `allowed` only."""

    allowed: frozenset[Any] | None
    refused: frozenset[Any]

    def within(self, other: Choice) -> bool:
        """Tell whether every value of this choice is one of the other."""
        if self.allowed is None:
            return other.allowed is None and other.refused <= self.refused
        return all(map(other.holds, self.allowed - self.refused))

    def holds(self, value: object) -> bool:
        """Tell whether a value may be chosen."""
        return value not in self.refused and (self.allowed is None or value in self.allowed)


def choice(rules: Rules) -> Choice:
    """Return what `const`, `in` and `not_in` leave."""
    allowed = frozenset(rules["in"]) if rules.get("in") else None
    if "const" in rules:
        const = frozenset([rules["const"]])
        allowed = const if allowed is None else const & allowed
    return Choice(allowed, frozenset(rules.get("not_in", ())))


def compare_choice(name: str, old: Rules, new: Rules) -> Iterator[Change]:
    """Yield what became of the values that may be chosen."""
    was, now = choice(old), choice(new)
    yield from either(
        name,
        summary(old, CHOICE),
        summary(new, CHOICE),
        refuses=not was.within(now),
        accepts=not now.within(was),
    )


def compare_parts(name: str, old: Rules, new: Rules) -> Iterator[Change]:
    """Yield what became of `prefix`, `suffix`, `contains` and `not_contains`."""
    for rule, implied in _IMPLIED.items():
        was, now = old.get(rule), new.get(rule)
        if was != now:
            yield from either(
                f"{name}.{rule}",
                text(was),
                text(now),
                refuses=bool(now) and not (was and implied(now, was)),
                accepts=bool(was) and not (now and implied(was, now)),
            )
    was, now = old.get("not_contains"), new.get("not_contains")
    if was != now:
        # What holds a longer part holds a shorter one inside of it.
        yield from either(
            f"{name}.not_contains",
            text(was),
            text(now),
            refuses=now is not None and not (was is not None and was in now),
            accepts=was is not None and not (now is not None and now in was),
        )


def compare_pattern(name: str, old: Rules, new: Rules) -> Iterator[Change]:
    """Yield what became of the pattern; which of two lets more pass is not decided."""
    was, now = old.get("pattern"), new.get("pattern")
    if was != now:
        yield changed(f"{name}.pattern", was, now)


def format_of(rules: Rules) -> str | None:
    """Return the well-known format that is asked for."""
    for each in FORMATS:
        if rules.get(each):
            value = rules[each]
            return each if value is True else f"{each} {value}"
    return None


def compare_format(name: str, old: Rules, new: Rules) -> Iterator[Change]:
    """Yield what became of the well-known format."""
    was, now = format_of(old), format_of(new)
    if was != now:
        narrower, wider = (now, was) in _NARROWER, (was, now) in _NARROWER
        kind = f"{name}.well_known"
        if narrower or wider:
            yield from either(kind, text(was), text(now), refuses=narrower, accepts=wider)
        else:
            yield changed(kind, was, now)
    strict, stays = (rules.get("strict", True) for rules in (old, new))
    if strict != stays and was == now is not None and now.startswith("well_known_regex"):
        yield from either(
            f"{name}.strict", text(strict), text(stays), refuses=stays, accepts=strict
        )
