"""The table that the runner prints: cases by language."""

from conformance.running import Outcome

_MARKS = ("pass", "known", "skip", "fail")


def _cell(outcome: Outcome, row: str) -> str:
    counts = outcome.counts.get(row)
    if counts is None:
        return "-"
    parts = [str(counts["pass"])]
    parts += [f"{counts[mark]} {mark}" for mark in _MARKS[1:] if counts[mark]]
    return ", ".join(parts)


def render(outcomes: list[Outcome], totals: dict[str, int]) -> str:
    """Return the table: a row for each group of cases, a column for each program."""
    names = [outcome.spec.name for outcome in outcomes]
    lines = [["cases", "all", *names]]
    for row, total in totals.items():
        lines.append([row, str(total), *(_cell(outcome, row) for outcome in outcomes)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def remarks(outcomes: list[Outcome]) -> str:
    """Return what stands below the table: validators, skips and known failures with reasons."""
    lines = []
    for outcome in outcomes:
        lines.append(f"{outcome.spec.name}: rules by {outcome.spec.validator}")
        lines += [f"  {count} skipped: {why}" for why, count in outcome.skipped.most_common()]
        lines += [f"  {count} known: {why}" for why, count in outcome.known.most_common()]
        lines += [f"  FAIL {problem}"[:400] for problem in outcome.problems[:40]]
        if len(outcome.problems) > 40:
            lines.append(f"  and {len(outcome.problems) - 40} more failures")
    return "\n".join(lines)
