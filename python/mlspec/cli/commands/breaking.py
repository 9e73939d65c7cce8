"""`mlspec breaking`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from mlspec.cli.base import command as make_command
from mlspec.cli.base import json_option
from mlspec.cli.printing import note, say, say_json
from mlspec.errors import UsageError

if TYPE_CHECKING:
    from mlspec.breaking import Audience, Finding


@make_command(
    examples=[
        "mlspec breaking released.binpb proto",
        "mlspec breaking v1.2.0:proto proto --only old-writers,new-readers",
        "mlspec breaking main:proto proto --declared breaks.toml --json",
    ]
)
@click.argument("old", type=click.Path(allow_dash=True))
@click.argument("new", type=click.Path(allow_dash=True))
@click.option("--declared", "declared_path", help="A file of breaks that are meant.")
@click.option(
    "--only",
    multiple=True,
    help="Whose breaks count: new-readers, old-writers, old-readers, json-users, generated-code.",
)
@json_option
def command(
    old: str, new: str, declared_path: str | None, only: tuple[str, ...], as_json: bool
) -> int:
    """Tell what an edit of .proto files breaks, and for whom.

    OLD and NEW are each an image file, a folder of .proto files (compiled with protoc), or a
    folder in a revision of git, as REV:folder. Validation rules of protovalidate are compared
    too: tighter ones break old writers, looser ones old readers. Exits with 1 if a break is not
    declared, or a declared one did not happen. No network and no buf is used.
    """
    from mlspec.breaking import compare, load_image, read_declared

    audiences = _audiences(only)
    declared = read_declared(declared_path) if declared_path else None
    found = compare(load_image(old), load_image(new))
    counted = [each for each in found if each.rule.breaks & audiences]
    problems = declared.problems(found) if declared else []
    pages = [declared.page(each) if declared else None for each in counted]
    code = 1 if problems or None in pages else 0
    ranked = sorted(zip(counted, pages, strict=True), key=_rank)
    if as_json:
        findings = [each.to_dict() | ({"declared": page} if page else {}) for each, page in ranked]
        say_json({"exitCode": code, "findings": findings, "problems": problems})
        return code
    for each, page in ranked:
        say(f"{each}; declared, see {page}" if page else str(each))
    for problem in problems:
        say(problem)
    _sum(ranked)
    return code


def _audiences(only: tuple[str, ...]) -> frozenset[Audience]:
    from mlspec.breaking import Audience

    asked = [name.strip() for each in only for name in each.split(",")]
    if unknown := sorted(set(asked) - set(Audience)):
        raise UsageError(
            f"--only must name who breaks (got {unknown[0]!r})",
            remedy=f"It is one or more of: {', '.join(Audience)}.",
        )
    return frozenset(map(Audience, asked)) or frozenset(Audience)


def _rank(row: tuple[Finding, str | None]) -> tuple[bool, int, Finding]:
    """What is not declared first; of that what breaks the worst; then by place."""
    from mlspec.breaking import Audience

    finding, page = row
    return page is not None, list(Audience).index(finding.rule.audiences[0]), finding


def _sum(rows: list[tuple[Finding, str | None]]) -> None:
    """Print the closing line: how many, and for whom."""
    from mlspec.breaking import Audience

    if not rows:
        note("no breaking change")
        return
    count = "1 breaking change" if len(rows) == 1 else f"{len(rows)} breaking changes"
    whom = Counter(audience for finding, _ in rows for audience in finding.rule.audiences)
    parts = [f"{whom[audience]} for {audience.words}" for audience in Audience if whom[audience]]
    meant = sum(page is not None for _, page in rows)
    note(f"{count}, {meant} declared: {', '.join(parts)}")
