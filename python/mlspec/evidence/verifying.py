"""Verifying a bundle, offline: from the request's leaf to everything that stands behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from mlspec.errors import MLSpecError, VerificationError
from mlspec.evidence import extras, outsiders
from mlspec.evidence.bundle import Bundle
from mlspec.evidence.claim import Claim
from mlspec.evidence.guide import unchanged
from mlspec.evidence.layout import CLAIM
from mlspec.evidence.log_half import LogHalf
from mlspec.evidence.record_half import examine_records, read_records, required
from mlspec.evidence.report import EvidenceReport, Link
from mlspec.evidence.statements import log_statements
from mlspec.evidence.strays import strays
from mlspec.evidence.summary import summarise
from mlspec.evidence.times import describe_times, read_times
from mlspec.provenance import Verdict
from mlspec.requestlog import Checkpoint, Note
from mlspec.sealing.trust import aware

if TYPE_CHECKING:
    from mlspec.files import StrPath
    from mlspec.provenance import Examination
    from mlspec.sealing import Sealed, TrustPolicy


def verify(
    bundle: Bundle | StrPath,
    trust: TrustPolicy,
    *,
    at: datetime | None = None,
    known_checkpoint: bytes | None = None,
    min_trust_version: int | None = None,
) -> EvidenceReport:
    """Verify a bundle. No network is used, and nothing in the bundle says whom to believe.

    1. The bundle is whole: its files are those of its manifest.
    2. The log: its checkpoint, the leaf, the entry, how the log was opened, who delegated it, the
       deployment that was in force, and that no other came between.
    3. The records: each one, their chain, runs, holdout, objectives, gate, and that the model that
       answered is the one rolled out.
    4. What outsiders know: times, witnesses, a remembered checkpoint.
    5. What the trust file asks of the namespace is there.

    A link that fails ends its half: what stands on it is not looked at.

    Args:
        bundle: A folder or a zip file, or one that was read.
        trust: Whom to believe, from elsewhere.
        at: The time to judge keys at, where none is proven. Default: now.
        known_checkpoint: A signed checkpoint of the log that the verifier remembers.
        min_trust_version: The lowest version of the trust file that may be used.

    Raises:
        UntrustedError: The trust file is too old, or has expired.
        InputError: And its kinds: the bundle or the checkpoint cannot be read, or `at` names no
            time zone.
    """
    if min_trust_version is not None:
        trust.require_version(min_trust_version)
    trust.require_current()
    at = None if at is None else aware(at)
    if known_checkpoint is not None:
        # What the caller brings must be readable: only whether it fits is a link.
        Checkpoint.from_text(Note.from_bytes(known_checkpoint).text)
    try:
        opened = bundle if isinstance(bundle, Bundle) else Bundle.open(bundle)
        claim = Claim.from_json(opened.require(CLAIM))
    except VerificationError as error:
        return EvidenceReport((Link.failed("bundle.whole", error),))
    sealed, problem = _read(opened)
    links = [
        Link.passed("bundle.whole", f"all {len(opened.files)} files are those of its manifest"),
        unchanged(opened, sealed),
    ]
    half = LogHalf(opened, claim, trust, at)
    links += half.examine()
    if any(link.verdict is Verdict.FAIL for link in links):
        return EvidenceReport(tuple(links))
    if problem is not None:
        return EvidenceReport((*links, problem), summarise(half, None))
    found, more = _records(opened, sealed, half, trust, at)
    links += more
    links += _besides(opened, half, found, known_checkpoint)
    # What stands behind another model, or was altered, is no answer about this one.
    failed = any(link.verdict is Verdict.FAIL for link in links)
    return EvidenceReport(tuple(links), summarise(half, None if failed else found))


def _read(bundle: Bundle) -> tuple[list[Sealed], Link | None]:
    try:
        return read_records(bundle), None
    except MLSpecError as error:
        return [], Link.failed("record.verified", error)


def _records(
    bundle: Bundle, sealed: list[Sealed], half: LogHalf, trust: TrustPolicy, at: datetime | None
) -> tuple[Examination | None, list[Link]]:
    times, problem = read_times(bundle, trust, at)
    links = [] if problem is None else [problem]
    try:
        found, more = examine_records(sealed, half, trust, times, at)
        statements, left_over = log_statements(sealed, found, trust, times, at)
    except MLSpecError as error:
        return None, [*links, Link.failed("record.verified", error)]
    links += [*more, *left_over, *describe_times(times, found.verified)]
    links += required(trust, half, found, statements)
    return found, links


def _besides(
    bundle: Bundle, half: LogHalf, found: Examination | None, known: bytes | None
) -> Iterator[Link]:
    yield outsiders.witnessed(half)
    yield outsiders.remembered(bundle, half, known)
    yield from extras.side_record(bundle, half)
    if found is not None:
        yield from extras.packages(bundle, found)
    yield from strays(bundle, delegated=half.delegation is not None)
