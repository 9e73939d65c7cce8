"""What verifying a bundle found, link by link."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlspec.provenance import Verdict
from mlspec.requestlog.checking import UNPROVEN

if TYPE_CHECKING:
    from mlspec.errors import MLSpecError


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain from the request to what stands behind it.

    Attributes:
        id: A stable name of what is checked, for example "log.inclusion".
        verdict: How it came out.
        words: What holds, or what must hold and what came instead.
        remedy: What to do. Empty: nothing better than the words.
        subject: What it is about, for example a record's label and digest. Empty: the request.
        error_id: The id of what is wrong. Empty: nothing is.
        required: Whether the trust file or the caller asks for it: then NOT PROVEN does not do.
        untrusted: Of a FAIL: nothing is forged, but nobody who is trusted vouches.
    """

    id: str
    verdict: Verdict
    words: str
    remedy: str = ""
    subject: str = ""
    error_id: str = ""
    required: bool = False
    untrusted: bool = False

    @property
    def holds(self) -> bool:
        """Whether the link holds, if by a waiver only."""
        return self.verdict.holds

    def to_dict(self) -> dict[str, Any]:
        """Return the link as JSON-like data, without what is empty."""
        parts = {
            "id": self.id,
            "verdict": self.verdict.value,
            "words": self.words,
            "remedy": self.remedy,
            "subject": self.subject,
            "errorId": self.error_id,
            "required": self.required,
            "untrusted": self.untrusted,
        }
        return {name: value for name, value in parts.items() if value}

    @classmethod
    def passed(cls, link_id: str, words: str, *, subject: str = "") -> Link:
        """Make a PASS."""
        return cls(link_id, Verdict.PASS, words, subject=subject)

    @classmethod
    def failed(cls, link_id: str, error: MLSpecError, *, subject: str = "") -> Link:
        """Make a FAIL of the error that says what is wrong."""
        from mlspec.errors import UntrustedError

        return cls(
            link_id,
            Verdict.FAIL,
            str(error),
            error.remedy,
            subject,
            error.id,
            untrusted=isinstance(error, UntrustedError),
        )

    @classmethod
    def unproven(
        cls, link_id: str, words: str, remedy: str = "", *, required: bool = False
    ) -> Link:
        """Make a NOT PROVEN."""
        return cls(link_id, Verdict.NOT_PROVEN, words, remedy, required=required)


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """All that was checked of one bundle.

    Attributes:
        links: What was checked, in the order of checking.
        summary: For people: which model answered, when, under which launch bar, and who signed;
            names and texts. Only what was verified stands in it.
    """

    links: tuple[Link, ...]
    summary: Mapping[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 it holds; 1 a link fails; 3 nothing is forged but nobody trusted vouches; 4 undecided.

        What is not proven, and asked for by nobody, is said and fails nothing.
        """
        failed = [link for link in self.links if link.verdict is Verdict.FAIL]
        if failed:
            return 3 if all(link.untrusted for link in failed) else 1
        undecided = any(link.required and not link.holds for link in self.links)
        return 4 if undecided else 0

    @property
    def holds(self) -> bool:
        """Whether every link holds that has to."""
        return self.exit_code == 0

    def of(self, link_id: str) -> tuple[Link, ...]:
        """Return the links with this id."""
        return tuple(link for link in self.links if link.id == link_id)

    def problems(self) -> tuple[Link, ...]:
        """Return the links that keep the bundle from holding."""
        return tuple(
            link
            for link in self.links
            if link.verdict is Verdict.FAIL or (link.required and not link.holds)
        )

    def counts(self) -> dict[Verdict, int]:
        """Return how many links came out in each way."""
        return dict(Counter(link.verdict for link in self.links))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-like data."""
        return {
            "exitCode": self.exit_code,
            "summary": dict(self.summary),
            "links": [link.to_dict() for link in self.links],
            "notProven": list(UNPROVEN),
        }
