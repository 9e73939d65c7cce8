"""What a bundle may have besides: the side record of the request, and manifests of packages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlspec import v1
from mlspec.codec import decode
from mlspec.errors import MLSpecError, VerificationError
from mlspec.evidence.layout import SIDE
from mlspec.evidence.log_half import LogHalf
from mlspec.evidence.report import Link
from mlspec.requestlog.requests.side import SIDE_LIMITS, open_detail

if TYPE_CHECKING:
    from mlspec.evidence.bundle import Bundle
    from mlspec.provenance import Examination


def side_record(bundle: Bundle, half: LogHalf) -> Iterator[Link]:
    """Yield whether the side record is the one that the leaf binds. Without one: nothing."""
    data = bundle.files.get(SIDE)
    if data is None:
        return
    try:
        open_detail(
            half.leaf.read(half.claim.origin), decode(v1.SideRecord, data, limits=SIDE_LIMITS)
        )
    except MLSpecError as error:
        yield Link.failed("request.side", error)
    else:
        yield Link.passed("request.side", "the side record is the one that the leaf binds")


def packages(bundle: Bundle, found: Examination) -> Iterator[Link]:
    """Yield whether each package's manifest is the one that the packaging names."""
    packaging = None if found.roll_out is None else found.roll_out.packaging
    named = b"" if packaging is None else packaging.record.model_packaging.manifest.sha256
    for name, data in bundle.below("packages", "/SHA256SUMS"):
        if hashlib.sha256(data).digest() == named:
            yield Link.passed("package.manifest", f"the manifest of {name} is the packaging's")
            continue
        error = VerificationError(
            f"must be the manifest that the packaging names ({named.hex()[:12] or 'none'})",
            error_id="evidence.package",
            path=f"packages/{name}/SHA256SUMS",
            remedy="The package is another one, or was changed after it was signed.",
        )
        yield Link.failed("package.manifest", error)
