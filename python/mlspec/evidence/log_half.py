"""The log's half of a bundle: the request's leaf, its place in the log, and what was in force.

The numbered steps "A log, and one request in it" of docs/spec/verification.md, one link each.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from mlspec import v1
from mlspec.errors import MLSpecError, VerificationError
from mlspec.evidence import openings, requests
from mlspec.evidence.delegated import Delegation, describe, find_delegation, require_named_back
from mlspec.evidence.layout import BETWEEN, LEAF, PROOF
from mlspec.evidence.log_keys import believed, signed_by, unknown_log
from mlspec.evidence.ranges import unpack_leaves, verify_between
from mlspec.evidence.report import Link
from mlspec.evidence.shown import Shown, prove, read_proof, shown_leaves
from mlspec.requestlog import LogProof, read_entry

if TYPE_CHECKING:
    from mlspec.evidence.bundle import Bundle
    from mlspec.evidence.claim import Claim
    from mlspec.requestlog.trusted_checkpoints import TrustedCheckpoint
    from mlspec.sealing import TrustedLog, TrustPolicy


class LogHalf:
    """What a bundle proves of the log. Each step stands on those before it.

    Attributes:
        claim: Which request it shall be.
        logs: The log under each key that may sign for it.
        log: The log, under the key that signed the checkpoint.
        checkpoint: The verified checkpoint that all leaves of this half are proven under.
        delegation: Who lets the log speak. None: the trust file believes it itself.
        request: The request, from its leaf.
        leaf: That leaf.
        opened: The leaves by which the log was opened before the request.
        change: The leaf of the deployment change that the request falls under.
    """

    claim: Claim
    logs: list[TrustedLog]
    log: TrustedLog
    checkpoint: TrustedCheckpoint
    delegation: Delegation | None
    request: v1.InferenceRecord
    leaf: Shown
    opened: tuple[openings.Opening, ...]
    change: Shown

    def __init__(
        self, bundle: Bundle, claim: Claim, trust: TrustPolicy, at: datetime | None
    ) -> None:
        self.claim = claim
        self._bundle, self._trust, self._at = bundle, trust, at
        self._proof = LogProof(0, (), b"")
        self.logs = []

    @property
    def named_log(self) -> TrustedLog:
        """The log that a deployment record names: this one, or the one that delegated it."""
        return self.log if self.delegation is None else self.delegation.by

    def examine(self) -> Iterator[Link]:
        """Yield the links in order. Stops after the first that fails."""
        steps = (
            ("log.checkpoint", self._read_checkpoint),
            ("log.inclusion", self._read_leaf),
            ("log.entry", self._read_entry),
            (openings.LINK, self._read_openings),
            ("log.delegation", self._check_delegation),
            ("log.deployment", self._read_change),
            (openings.LINK, self._describe_openings),
            ("log.in_force", self._check_between),
        )
        for link_id, step in steps:
            try:
                link = step(link_id)
            except MLSpecError as error:
                yield Link.failed(link_id, error)
                return
            if link is not None:
                yield link

    def _read_checkpoint(self, link_id: str) -> Link:
        origin = self.claim.origin
        self._proof = read_proof(self._bundle, PROOF)
        self.logs = believed(self._trust, origin, v1.LOG_KIND_REQUESTS)
        self.delegation = None
        words = ""
        if not self.logs:
            self.delegation = find_delegation(self._bundle, self._trust, origin, self._at)
            if self.delegation is None:
                raise unknown_log(origin)
            self.logs = [self.delegation.worker]
            words = f", whom leaf {self.delegation.index} of {self.delegation.origin} lets log"
        note = self._proof.checkpoint
        self.log, self.checkpoint = signed_by(self._bundle, note, self.logs, self._trust, self._at)
        size, who = self.checkpoint.checkpoint.size, self.log.key.identity
        return Link.passed(
            link_id, f"the checkpoint of {origin} at {size} leaves is signed by {who}{words}"
        )

    def _read_leaf(self, link_id: str) -> Link:
        checkpoint = self.checkpoint.checkpoint
        self.leaf = prove(self._bundle.require(LEAF), self._proof, checkpoint, self.claim.index)
        return Link.passed(link_id, f"the request is leaf {self.leaf.index} of {checkpoint.size}")

    def _read_entry(self, link_id: str) -> Link:
        entry = self.leaf.read(self.claim.origin)
        requests.require_claimed(entry, self.claim)
        self.request = entry.inference
        return Link.passed(
            link_id, f"the leaf is the log's entry for request {self.claim.request_id}"
        )

    def _read_openings(self, _link_id: str) -> None:
        keyids = {log.keyid for log in self.logs}
        shown = self._shown("opened")
        self.opened = openings.find_openings(shown, self.claim.origin, self.leaf.index, keyids)

    def _check_delegation(self, link_id: str) -> Link | None:
        if self.delegation is None:
            return None
        first = self.opened[0] if self.opened and self.opened[0].index == 0 else None
        opened = None if first is None else first.message
        require_named_back(opened, self.request, self.delegation)
        return describe(link_id, self.delegation)

    def _read_change(self, link_id: str) -> Link:
        changes = [
            (shown, entry.deployment_change)
            for shown in self._shown("deployment-changes")
            if (entry := shown.read(self.claim.origin)).HasField("deployment_change")
            and shown.index < self.leaf.index
        ]
        if not changes:
            raise VerificationError(
                "must show the deployment change that was in force",
                error_id="evidence.no_change",
                path="deployment-changes",
                remedy="Have the bundle built from a log in which the deployment was started.",
            )
        self.change, change = max(changes, key=lambda each: each[0].index)
        requests.require_in_force(self.request, change)
        return Link.passed(
            link_id,
            f"leaf {self.change.index} put deployment {self.claim.deployment_sha256[:12]} in force,"
            " with the model that answered",
        )

    def _describe_openings(self, _link_id: str) -> Link:
        return openings.describe(self.opened, self.change.index)

    def _check_between(self, link_id: str) -> Link:
        count = self.leaf.index - self.change.index - 1
        data = self._bundle.files.get(BETWEEN)
        if data is None and count:
            return Link.unproven(
                link_id,
                f"that none of the {count} leaves between change and request is another change",
                "Have the whole log verified (`mlspec log verify`), or the bundle built with these"
                " leaves (--leaves-between).",
            )
        leaves = unpack_leaves(data or b"", count)
        verify_between(self.change, self.leaf, leaves)
        for index, leaf in enumerate(leaves, self.change.index + 1):
            entry = read_entry(leaf, self.claim.origin, index)
            if entry.HasField("deployment_change"):
                raise requests.superseded(index)
            if entry.HasField("opened"):
                openings.require_shown(self.opened, index)
        words = f"none of the {count} leaves between is another change" if count else "it came next"
        return Link.passed(link_id, f"the request falls under that change: {words}")

    def _shown(self, folder: str) -> Iterator[Shown]:
        checkpoint = self.checkpoint.checkpoint
        return shown_leaves(self._bundle, folder, checkpoint, self._proof.checkpoint)
