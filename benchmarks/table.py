"""The results as one table, or as JSON."""

from __future__ import annotations

from typing import Any

from benchmarks.measuring import Measured
from benchmarks.rows import DURABLE, RATIOS, ROWS, SECTIONS, Ratio, section_of

_WORDS = {True: "met", False: "MISSED", None: "not judged, the disk is busy"}
_BUSY_SECONDS = 0.001


def ratios(medians: dict[str, float]) -> list[tuple[Ratio, float]]:
    """Return each ratio of which both rows were measured, and its value."""
    return [
        (ratio, medians[ratio.above] / medians[ratio.below])
        for ratio in RATIOS
        if ratio.above in medians and ratio.below in medians
    ]


def as_text(measured: Measured, facts: dict[str, str], command: str) -> str:
    """Return the table for people."""
    medians, labels = measured.medians(), {row.key: row.label for row in ROWS}
    found = ratios(medians)
    lines: list[str] = []
    shown = medians.keys() | measured.skipped.keys()
    for section in SECTIONS:
        if not any(row.section == section and row.key in shown for row in ROWS):
            continue
        lines += ["", section]
        for row in ROWS:
            if row.section == section and row.key in medians:
                lines.append(f"  {row.label:<42}{_time(medians[row.key]):>12}")
            elif row.section == section and row.key in measured.skipped:
                lines.append(f"  {row.label:<42}{'skipped':>12}  {measured.skipped[row.key]}")
        for ratio, value in found:
            if section_of(_ours(ratio)) == section:
                words = f"{labels[ratio.above]} / {labels[ratio.below]}"
                lines.append(f"    {words:<78}{value:>7.2f} x{_verdict(ratio, value, medians)}")
    lines += ["", *(f"{name}: {value}" for name, value in facts.items()), f"command: {command}"]
    return "\n".join(lines[1:]) + "\n"


def as_data(measured: Measured, facts: dict[str, str], command: str) -> dict[str, Any]:
    """Return all that was found, for programs. Times are in seconds."""
    medians = measured.medians()
    return {
        "command": command,
        "machine": facts,
        "rows": [
            {
                "key": row.key,
                "section": row.section,
                "label": row.label,
                "median": medians.get(row.key),
                "rounds": measured.rounds.get(row.key, []),
                "skipped": measured.skipped.get(row.key),
            }
            for row in ROWS
            if row.key in medians or row.key in measured.skipped
        ],
        "ratios": [
            {
                "above": ratio.above,
                "below": ratio.below,
                "ratio": value,
                "sense": ratio.sense,
                "target": ratio.target,
                "met": _judged(ratio, value, medians),
            }
            for ratio, value in ratios(medians)
        ],
    }


def _ours(ratio: Ratio) -> str:
    """Return the row of a ratio that it stands with: that of MLSpec."""
    return ratio.above if ratio.sense == "at most" else ratio.below


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f} us" if seconds < 0.01 else f"{seconds * 1e3:,.1f} ms"


def _judged(ratio: Ratio, value: float, medians: dict[str, float]) -> bool | None:
    """Tell whether a target is met. None: there is none, or all that was measured is the disk.

    Where an fsync takes milliseconds everybody waits for it alike, and any target near 1 is met.
    """
    busy = section_of(ratio.above) == DURABLE and medians.get("fsync", 0.0) > _BUSY_SECONDS
    return None if busy else ratio.met(value)


def _verdict(ratio: Ratio, value: float, medians: dict[str, float]) -> str:
    if ratio.target is None:
        return ""
    return f"  {ratio.sense} {ratio.target:g}: {_WORDS[_judged(ratio, value, medians)]}"
