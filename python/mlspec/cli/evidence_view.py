"""How a report on evidence is printed: first the answers, then each link, then what is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlspec.cli.printing import one_line, say, say_json

if TYPE_CHECKING:
    from mlspec.evidence import EvidenceReport, Link

_VERDICT: Final = 14
_QUESTION: Final = 12
_WORDS: Final = {0: "HOLDS", 1: "DOES NOT HOLD", 3: "NOT TRUSTED", 4: "UNDECIDED"}


def say_report(report: EvidenceReport, *, as_json: bool) -> None:
    """Print a report, for people or as JSON."""
    if as_json:
        say_json(report.to_dict())
        return
    for question, answer in report.summary.items():
        say(f"{question:<{_QUESTION}}{one_line(answer)}")
    if report.summary:
        say()
    for link in report.links:
        _say_link(link)
    say()
    say("No bundle proves:")
    for words in _unproven():
        say(f"  {words}")
    say()
    say(_sum(report))


def _say_link(link: Link) -> None:
    subject = f"  [{link.subject}]" if link.subject else ""
    say(f"{link.verdict.value:<{_VERDICT}}  {link.id:<27}  {one_line(link.words + subject)}")
    if link.remedy and not link.holds:
        say(f"{'':<{_VERDICT}}  {'':<27}  {one_line(link.remedy)}")


def _sum(report: EvidenceReport) -> str:
    from mlspec.provenance import Verdict

    counts = report.counts()
    parts = [f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts.get(verdict)]
    return f"{_WORDS[report.exit_code]}: {', '.join(parts)}"


def _unproven() -> tuple[str, ...]:
    from mlspec.evidence import UNPROVEN

    return UNPROVEN
