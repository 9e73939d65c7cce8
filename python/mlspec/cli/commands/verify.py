"""`mlspec verify`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from mlspec.cli.base import Moment, json_option
from mlspec.cli.base import command as make_command
from mlspec.cli.loading import is_store, open_for_reading, read_sealed
from mlspec.cli.printing import may_draw, say, say_json
from mlspec.cli.running import load_done
from mlspec.errors import MLSpecError
from mlspec.files import name_of

if TYPE_CHECKING:
    from mlspec.sealing import TrustPolicy
    from mlspec.store import Line, Tally

_LONG_WORK = 2_000


@make_command(
    examples=[
        "mlspec verify record.sealed.json --trust trust.json",
        "mlspec verify mlspec.db --trust trust.json",
        "mlspec verify mlspec.db --trust trust.json --quiet --allow-unfinished",
        "mlspec verify record.sealed.json --trust trust.json --min-trust-version 2",
    ]
)
@click.argument("place", type=click.Path(allow_dash=True))
@click.option("--trust", "trust_path", required=True, help="Whom to believe.")
@click.option("--min-trust-version", type=click.IntRange(1), help="Refuse an older trust file.")
@click.option("--at", type=Moment(), help="The time to judge keys at. [now]")
@click.option("--allow-unfinished", is_flag=True, help="Let runs go on: they have no manifest yet.")
@click.option("--quiet", "-q", is_flag=True, help="Print what is wrong, and the sum.")
@json_option
def command(
    place: str,
    trust_path: str,
    min_trust_version: int | None,
    at: datetime | None,
    allow_unfinished: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Check a sealed record, or all of a store, against a trust file.

    Of a store every record, index, object and run is checked, and that none is missing. Exits
    with 0 if all of it holds; 1 if anything was changed, added or removed; 3 if nothing was, but
    somebody who signed is not trusted for it. No network is used.
    """
    from mlspec.sealing import TrustPolicy

    trust = TrustPolicy.load(trust_path)
    if min_trust_version is not None:
        trust.require_version(min_trust_version)
    if not is_store(place):
        return _verify_file(place, trust, at, as_json=as_json)
    return _verify_store(
        place, trust, at, allow_unfinished=allow_unfinished, quiet=quiet, as_json=as_json
    )


def _verify_file(place: str, trust: TrustPolicy, at: datetime | None, *, as_json: bool) -> int:
    from mlspec.records import stage_name
    from mlspec.sealing import unseal

    sealed = read_sealed(place)
    try:
        verified = unseal(sealed, trust, at=at)
    except MLSpecError as error:
        error.from_source(name_of(place))
        raise
    who = [signer.identity for signer in verified.signers]
    if as_json:
        say_json(
            {
                "exitCode": 0,
                "digest": f"sha256:{verified.hex}",
                "stage": stage_name(verified.stage),
                "signers": who,
                "roles": list(verified.roles),
                "doubts": list(verified.doubts),
                "notes": list(verified.notes),
            }
        )
        return 0
    say(f"PASS  {stage_name(verified.stage)}  {verified.hex[:12]}  signed by {', '.join(who)}")
    for doubt in (*verified.doubts, *verified.notes):
        say(f"NOTE  {doubt}")
    return 0


def _verify_store(
    place: str,
    trust: TrustPolicy,
    at: datetime | None,
    *,
    allow_unfinished: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    from mlspec.store import Tally, verify_lines

    load_done()
    tally = Tally()
    kept: list[dict[str, Any]] = []
    with open_for_reading(place) as store, _bar(store.size()) as bar:
        lines = verify_lines(
            store,
            trust,
            at=at,
            allow_unfinished=allow_unfinished,
            progress=None if bar is None else lambda _done, _of: bar.update(1),
        )
        for line in _counted(lines, tally):
            if quiet and line.verdict in ("PASS", "NOTE"):
                continue
            if as_json:
                kept.append(line.to_dict())
            else:
                _say_line(line)
    if as_json:
        say_json({"exitCode": tally.exit_code, "counts": _counts(tally), "lines": kept})
    else:
        say(_sum(tally))
    return tally.exit_code


def _bar(size: int) -> AbstractContextManager[Any]:
    if size < _LONG_WORK or not may_draw():
        return nullcontext()
    import sys

    return click.progressbar(length=size, label="verifying", file=sys.stderr)


def _counted(lines: Iterator[Line], tally: Tally) -> Iterator[Line]:
    for line in lines:
        tally.add(line)
        yield line


def _say_line(line: Line) -> None:
    name = line.name[:12] if line.subject == "record" else line.name
    say(f"{line.verdict:<9}  {line.subject:<6}  {line.label:<34}  {name:<12}  {line.message}")
    if line.remedy:
        say(f"{'':<9}  {line.remedy}")


def _counts(tally: Tally) -> dict[str, int]:
    return {f"{about}.{how}": count for (about, how), count in sorted(tally.counts.items())}


def _sum(tally: Tally) -> str:
    from mlspec.store import Verdict

    parts = []
    for subject in ("record", "run", "object", "store"):
        for verdict in (Verdict.PASS, Verdict.UNTRUSTED, Verdict.FAIL):
            count = tally.of(subject, verdict)
            if count:
                plural = subject if count == 1 else f"{subject}s"
                parts.append(f"{count} {plural} {verdict.value}")
    word = {0: "HOLDS", 1: "DOES NOT HOLD", 3: "NOT TRUSTED"}[tally.exit_code]
    return f"{word}: {', '.join(parts)}"
