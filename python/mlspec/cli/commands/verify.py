"""`mlspec verify`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mlspec.cli.base import Moment, json_option
from mlspec.cli.base import command as make_command
from mlspec.cli.deployments import Ruling, examined, word
from mlspec.cli.loading import is_store, open_for_reading, read_sealed, require_records
from mlspec.cli.printing import may_draw, one_line, say, say_json
from mlspec.cli.record_log import RecordLog, read_record_log
from mlspec.cli.running import load_done
from mlspec.errors import MLSpecError
from mlspec.files import name_of

if TYPE_CHECKING:
    from mlspec.sealing import TrustPolicy
    from mlspec.store import Line, Store, Tally

_LONG_WORK = 2_000
_UNDECIDED = 4
_NOT_JUDGED = (
    "what the trust file requires of namespaces was not judged: `mlspec evidence verify` does"
)


@make_command(
    examples=[
        "mlspec verify record.sealed.json --trust trust.json",
        "mlspec verify mlspec.db --trust trust.json",
        "mlspec verify mlspec.db --trust trust.json --quiet --allow-unfinished",
        "mlspec verify loans/mlspec.db --trust loans/trust.json --record-log loans/records"
        " --known-checkpoint loans/records/checkpoint",
        "mlspec verify record.sealed.json --trust trust.json --min-trust-version 2",
    ]
)
@click.argument("place", type=click.Path(allow_dash=True))
@click.option("--trust", "trust_path", required=True, help="Whom to believe.")
@click.option("--min-trust-version", type=click.IntRange(1), help="Refuse an older trust file.")
@click.option("--at", type=Moment(), help="The time to judge keys at. [now]")
@click.option("--record-log", type=click.Path(), help="The log of the store's records.")
@click.option("--known-checkpoint", type=click.Path(), help="A checkpoint of it seen before.")
@click.option("--allow-unfinished", is_flag=True, help="Let runs go on: they have no manifest yet.")
@click.option(
    "--records-only", is_flag=True, help="Leave out what the trust file requires of namespaces."
)
@click.option("--quiet", "-q", is_flag=True, help="Print what is wrong, and the sum.")
@json_option
def command(
    place: str,
    trust_path: str,
    min_trust_version: int | None,
    at: datetime | None,
    record_log: str | None,
    known_checkpoint: str | None,
    allow_unfinished: bool,
    records_only: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Check a sealed record, or all of a store, against a trust file.

    Of a store every record, index, object and run is checked, and that none is missing; and of
    each roll-out the rules across records (docs/spec/provenance). Exits with 0 if all of it holds;
    1 if anything was changed, added or removed, or a rule fails; 3 if nothing was, but somebody
    who signed is not trusted for it; 4 if all of it holds, but the trust file requires
    of namespaces what is not judged here (`mlspec evidence verify` does), unless --records-only
    says that this is meant. NOT PROVEN is no pass, and changes no exit code. No network is used.
    """
    from mlspec.sealing import TrustPolicy

    trust = TrustPolicy.load(trust_path)
    if min_trust_version is not None:
        trust.require_version(min_trust_version)
    # What nobody judged must not look as if it held: neither to people nor to scripts.
    holding = _UNDECIDED if trust.asks and not records_only else 0
    require_records(place)
    if not is_store(place):
        return _verify_file(place, trust, at, holding, as_json=as_json)
    log = read_record_log(record_log, known_checkpoint, trust, at)
    asked = _Asked(trust, at, log, holding, allow_unfinished, quiet, as_json)
    return _verify_store(place, asked)


class _Asked(NamedTuple):
    """What a store is held against, and what is printed."""

    trust: TrustPolicy
    at: datetime | None
    log: RecordLog
    holding: int
    allow_unfinished: bool
    quiet: bool
    as_json: bool


def _verify_file(
    place: str, trust: TrustPolicy, at: datetime | None, holding: int, *, as_json: bool
) -> int:
    from mlspec.records import stage_name
    from mlspec.sealing import unseal

    sealed = read_sealed(place)
    try:
        verified = unseal(sealed, trust, at=at)
    except MLSpecError as error:
        error.from_source(name_of(place))
        raise
    who = [signer.identity for signer in verified.signers]
    notes = [*verified.notes, *([_NOT_JUDGED] if trust.asks else [])]
    verdict = "PASS" if verified.fully_understood else "NOT PROVEN"
    if as_json:
        say_json(
            {
                "exitCode": holding,
                "verdict": verdict,
                "digest": f"sha256:{verified.hex}",
                "stage": stage_name(verified.stage),
                "signers": who,
                "roles": list(verified.roles),
                "doubts": list(verified.doubts),
                "notes": notes,
            }
        )
        return holding
    told = f"{stage_name(verified.stage)}  {verified.hex[:12]}  signed by {', '.join(who)}"
    say(one_line(f"{verdict}  {told}"))
    for words in (*verified.doubts, *notes):
        say(one_line(f"NOTE  {words}"))
    return holding


def _verify_store(place: str, asked: _Asked) -> int:
    from mlspec.store import Tally, verify_lines

    load_done()
    tally = Tally()
    kept: list[dict[str, Any]] = []
    with open_for_reading(place) as store, _bar(store.size()) as bar:
        lines = verify_lines(
            store,
            asked.trust,
            at=asked.at,
            allow_unfinished=asked.allow_unfinished,
            progress=None if bar is None else lambda _done, _of: bar.update(1),
        )
        for line in _counted(lines, tally):
            if asked.quiet and line.verdict in ("PASS", "NOTE") and line.subject != "trust":
                continue
            if asked.as_json:
                kept.append(line.to_dict())
            else:
                _say_line(line)
        asked = asked._replace(log=asked.log.held_against(store))
        ruling, findings = _ruling(store, asked)
    found = _worst(tally.exit_code, ruling.exit_code, asked.log.exit_code)
    code = found or asked.holding
    if asked.as_json:
        logged = [line.to_dict() for line in asked.log.lines]
        told = {"counts": _counts(tally), "lines": kept, "recordLog": logged}
        say_json({"exitCode": code, **told, "rules": ruling.to_dict(), "findings": findings})
        return code
    if ruling.deployments:
        say(str(ruling))
    say(_sum(tally, asked.trust, found))
    return code


def _ruling(store: Store, asked: _Asked) -> tuple[Ruling, list[dict[str, str]]]:
    """Apply the rules across records; print what they find, or return it for JSON."""
    ruling, kept = Ruling(), []
    for line in () if asked.as_json else asked.log.lines:
        if not (asked.quiet and line.verdict == "PASS"):
            _say("log", line.verdict, line.id, "", line.words, line.remedy)
    for finding in examined(store, asked.trust, ruling, at=asked.at, times=asked.log.times):
        if asked.quiet and finding.verdict.holds:
            continue
        if asked.as_json:
            kept.append(finding.to_dict())
        else:
            name = finding.subject[:12]
            _say("rule", word(finding), finding.rule, name, finding.message, finding.remedy)
    return ruling, kept


def _worst(*codes: int) -> int:
    """Return the exit code of all: 1 if anything fails, else 3 if anything is not trusted."""
    return 1 if 1 in codes else max(codes)


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
    _say(line.subject, line.verdict, line.label, name, line.message, line.remedy)


def _say(subject: str, verdict: str, label: str, name: str, words: str, remedy: str) -> None:
    say(one_line(f"{verdict:<9}  {subject:<6}  {label:<34}  {name:<12}  {words}"))
    if remedy:
        say(one_line(f"{'':<9}  {remedy}"))


def _counts(tally: Tally) -> dict[str, int]:
    return {f"{about}.{how}": count for (about, how), count in sorted(tally.counts.items())}


def _sum(tally: Tally, trust: TrustPolicy, exit_code: int) -> str:
    from mlspec.store import Verdict

    parts = []
    for subject in ("record", "run", "object", "store"):
        for verdict in (Verdict.PASS, Verdict.NOT_PROVEN, Verdict.UNTRUSTED, Verdict.FAIL):
            count = tally.of(subject, verdict)
            if count:
                plural = subject if count == 1 else f"{subject}s"
                parts.append(f"{count} {plural} {verdict.value}")
    word = {0: "HOLDS", 1: "DOES NOT HOLD", 3: "NOT TRUSTED"}[exit_code]
    rest = "; what the trust file requires of namespaces: NOT JUDGED" if trust.asks else ""
    return f"{word}: {', '.join(parts)}{rest}"
