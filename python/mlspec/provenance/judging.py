"""Making findings, so that what is not understood never passes, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mlspec.errors import MLSpecError, UntrustedError
from mlspec.provenance.findings import Finding, Verdict
from mlspec.provenance.links import Link

_NEWER = "Verify with a newer version of MLSpec."


class Judge(NamedTuple):
    """Makes the findings of one rule."""

    rule: str

    def passed(
        self, link: Link, words: str, basis: Iterable[Link] = (), *, waived: bool = False
    ) -> Finding:
        """Make a PASS that rests on `link` and `basis`: NOT PROVEN if one is not understood."""
        for each in (link, *basis):
            if each.doubts:
                words = f"{each.label} must be understood in full ({each.doubts[0]})"
                return self.unproven(link, words, "record.not_understood", _NEWER)
        verdict = Verdict.PASS_BY_WAIVER if waived else Verdict.PASS
        return Finding(self.rule, verdict, link.hex, link.label, words)

    def failed(self, link: Link, words: str, error_id: str, remedy: str = "") -> Finding:
        """Make a FAIL about a record."""
        return Finding(self.rule, Verdict.FAIL, link.hex, link.label, words, error_id, remedy)

    def unproven(self, link: Link, words: str, error_id: str, remedy: str = "") -> Finding:
        """Make a NOT PROVEN about a record."""
        return Finding(self.rule, Verdict.NOT_PROVEN, link.hex, link.label, words, error_id, remedy)

    def refused(self, sha256: bytes, label: str, error: MLSpecError) -> Finding:
        """Make a FAIL of the error that refused a record."""
        return Finding(
            self.rule,
            Verdict.FAIL,
            sha256.hex(),
            label,
            str(error),
            error.id,
            error.remedy,
            untrusted=isinstance(error, UntrustedError),
        )

    def or_passed(
        self, problems: Iterable[Finding], link: Link, words: str, basis: Iterable[Link] = ()
    ) -> Iterator[Finding]:
        """Yield the problems, or a PASS if there are none."""
        found = False
        for problem in problems:
            found = True
            yield problem
        if not found:
            yield self.passed(link, words, basis)
