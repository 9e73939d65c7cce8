"""Evidence for one request: a bundle that convinces a stranger, offline, with a trust file."""

from mlspec.evidence.building import build
from mlspec.evidence.bundle import Bundle
from mlspec.evidence.claim import Claim
from mlspec.evidence.report import EvidenceReport, Link
from mlspec.evidence.verifying import verify
from mlspec.requestlog.checking import UNPROVEN

__all__ = ["UNPROVEN", "Bundle", "Claim", "EvidenceReport", "Link", "build", "verify"]
