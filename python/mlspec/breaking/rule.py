"""What a kind of breaking change is, and whom it can break."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Audience(StrEnum):
    """Who is broken by a change; the worst first."""

    NEW_READERS = "new-readers"
    """New programs misread or refuse old data that is stored."""
    OLD_WRITERS = "old-writers"
    """What old programs write is refused or misread."""
    OLD_READERS = "old-readers"
    """Old programs refuse or misread what new ones write."""
    JSON_USERS = "json-users"
    """Old JSON is not read, or new JSON reads otherwise."""
    GENERATED_CODE = "generated-code"
    """Source that uses generated code no longer compiles, or behaves otherwise."""

    @property
    def words(self) -> str:
        """The name as it stands in a sentence, for example "old writers"."""
        return "JSON users" if self is Audience.JSON_USERS else self.value.replace("-", " ")


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of breaking change.

    Attributes:
        id: Its stable name: buf's own name for what buf's FILE category sees.
        purpose: What it checks, in one sentence.
        remedy: What to do instead, in one sentence.
        breaks: Whom such a change can break.
        in_buf: Whether `buf breaking` sees it without our plugin.
    """

    id: str
    purpose: str
    remedy: str
    breaks: frozenset[Audience]
    in_buf: bool

    @property
    def audiences(self) -> tuple[Audience, ...]:
        """Whom it can break, the worst first."""
        return tuple(audience for audience in Audience if audience in self.breaks)
