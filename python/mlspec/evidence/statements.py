"""Records that nothing leads to: statements about logs may stand in a bundle, others may not."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mlspec import v1
from mlspec.errors import MLSpecError, VerificationError
from mlspec.evidence.report import Link
from mlspec.provenance import Verdict
from mlspec.provenance.links import Link as RecordLink
from mlspec.sealing import Sealed, unseal

if TYPE_CHECKING:
    from mlspec.provenance import Examination, Times
    from mlspec.sealing import TrustPolicy


def log_statements(
    sealed: list[Sealed],
    found: Examination,
    trust: TrustPolicy,
    times: Times,
    at: datetime | None,
) -> tuple[list[RecordLink], list[Link]]:
    """Return the verified statements about logs, and a FAIL for each other record left over.

    Nobody looked at what a stray record says, so it must not stand among those that count.
    """
    failed = {finding.subject for finding in found.findings if finding.verdict is Verdict.FAIL}
    statements: list[RecordLink] = []
    strays: list[Link] = []
    for each in sealed:
        if each.sha256 in found.verified or each.hex in failed:
            continue
        try:
            # The namespace is a claim here; the role that must cover it is judged below.
            moment = times.time_of(each.sha256, each.peek().header.namespace_name)
            verified = unseal(each, trust, at=moment or at)
            if verified.stage != v1.STAGE_LOGGING:
                raise _stray(each)
        except MLSpecError as error:
            strays.append(Link.failed("record.stray", error, subject=each.hex[:12]))
        else:
            statements.append(RecordLink.of(verified))
    return statements, strays


def _stray(sealed: Sealed) -> VerificationError:
    return VerificationError(
        "must be a record that the deployment stands on",
        error_id="evidence.stray_record",
        path=f"records/{sealed.hex}.dsse.json",
        remedy="Somebody added it, or took away what led to it: ask for the bundle anew.",
    )
