"""Judging leaves: what is cheap enough to be asked of each of a million.

Leaves that are not plain (`plain`), such as those of a writer in another language, are read the
slow way, which finds what is unknown or stands twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mlspec import v1
from mlspec.codec import decode, find_unknown_fields
from mlspec.errors import MLSpecError
from mlspec.records import is_newer
from mlspec.requestlog.checking.plain import framed, glimpses, plain_entries, plain_starts
from mlspec.requestlog.checking.segment import MAX_USES, Fault, Segment, Use
from mlspec.requestlog.checking.settling import Expected, read_change, read_delegation, read_opened
from mlspec.validation import violations

_ANSWERED: Final = frozenset(
    (
        v1.INFERENCE_OUTCOME_ANSWERED,
        v1.INFERENCE_OUTCOME_ANSWERED_FROM_CACHE,
        v1.INFERENCE_OUTCOME_ANSWERED_BY_FALLBACK,
    )
)
_MAX_GLIMPSES: Final = 4 * MAX_USES
_MAX_GLIMPSE: Final = 1_024
_NONCE_SIZE: Final = 16
_SHA256_SIZE: Final = 32
_MANY: Final = frozenset(("inference", "feedback", "logged_record"))
_SPLICED: Final = "The log was not written by its writer, or was altered: ask its operator."


class LeafJudge:
    """Judges leaves one after the other.

    Attributes:
        segment: Where what comes of it is kept.
    """

    def __init__(self, segment: Segment, expected: Expected) -> None:
        """Take where to keep what is found, and what the log must be."""
        self.segment = segment
        self._expected = expected
        self._uses: frozenset[Use] | set[Use] = set()
        self._failed: dict[bytes, int] = {}
        self._doubted = -1

    def judge(self, leaves: Sequence[bytes], start: int) -> Sequence[v1.LogEntry | None]:
        """Judge leaves that follow one another, the first one at `start`.

        Returns the entries. None stands for one that cannot be read.
        """
        data = framed(leaves)
        plain = plain_entries(data)
        if plain is None:
            return [self._judge_one(index, leaf) for index, leaf in enumerate(leaves, start)]
        starts = plain_starts(self._expected.origin, start, len(leaves))
        if not all(map(bytes.startswith, leaves, starts)):
            for index, entry in enumerate(plain, start):
                self._judge_place(entry, index)
        requests = failed = 0
        for index, glimpse in enumerate(glimpses(data, len(leaves)), start):
            known = self._failed.get(glimpse)
            if known is None:
                known = self._judge_entry(plain[index - start], index, glimpse)
            if known >= 0:
                requests += 1
                failed += known
        self.segment.counts.update(inference=requests, failed=failed)
        if self._expected.rules:
            for index, entry in enumerate(plain, start):
                if entry.HasField("inference"):
                    self._apply_rules(entry, index)
        return plain

    def _judge_one(self, index: int, leaf: bytes) -> v1.LogEntry | None:
        """Judge a leaf of a bundle that is not plain."""
        entry = self._read(index, leaf)
        if entry is None:
            return None
        self._judge_place(entry, index)
        known = self._judge_entry(entry, index)
        if known >= 0:
            self.segment.counts.update(inference=1, failed=known)
            if self._expected.rules:
                self._apply_rules(entry, index)
        return entry

    def _judge_entry(self, entry: v1.LogEntry, index: int, glimpse: bytes | None = None) -> int:
        """Judge what an entry says; return whether it is a request that failed, -1 if it is none.

        What was found is remembered for all requests of the same glimpse.
        """
        if not entry.HasField("inference"):
            self._judge_other(entry, index)
            return -1
        request = entry.inference
        model = request.model
        use = Use(request.deployment_sha256, model.name, model.version, model.sha256)
        failed = int(request.outcome not in _ANSWERED)
        fits = use in self._uses or self._judge_use(use, index)
        if fits and glimpse is not None and len(glimpse) <= _MAX_GLIMPSE:
            if len(self._failed) >= _MAX_GLIMPSES:
                self._failed.clear()
            self._failed[glimpse] = failed
        return failed

    def _read(self, index: int, leaf: bytes) -> v1.LogEntry | None:
        plain = plain_entries(framed([leaf]))
        if plain is not None:
            return plain[0]
        try:
            entry = decode(v1.LogEntry, leaf, unknown="keep")
            path = find_unknown_fields(entry)
        except MLSpecError as error:
            place = f"{error.path}: " if error.path else ""
            self.segment.fault(error.id, index, f"{place}{error.message}", error.remedy)
            return None
        if path is not None:
            self._judge_unknown(entry, index, path)
        return entry

    def _judge_unknown(self, entry: v1.LogEntry, index: int, path: str) -> None:
        words = f"{path}: must be a field of the version that the log names"
        remedy = "Something was put into the entry that no reader shows: do not rely on it."
        # An opening is of the version that it names itself.
        own = entry.opened.spec_version if entry.HasField("opened") else None
        self._unless_newer(Fault("fields.unknown", index, words, remedy), own)

    def _unless_newer(self, fault: Fault, own: str | None = None) -> None:
        """Keep a fault that is none if the writer knows a newer version than this reader."""
        segment = self.segment
        version = own or segment.standing.spec_version
        if version is None:
            segment.early.add(fault)
        elif newer(version):
            segment.counts["not_understood"] += fault.leaf != self._doubted
            self._doubted = fault.leaf
        else:
            segment.faults.add(fault)

    def _judge_place(self, entry: v1.LogEntry, index: int) -> None:
        if entry.origin != self._expected.origin:
            words = f"must be the log's, {self._expected.origin} (got {entry.origin[:64]!r})"
            self.segment.fault("log.entry.origin", index, f"origin: {words}", _SPLICED)
        if entry.sequence_number != index:
            words = f"must be the leaf's index, {index} (got {entry.sequence_number})"
            self.segment.fault("log.entry.sequence", index, f"sequence_number: {words}", _SPLICED)
        if len(entry.nonce) != _NONCE_SIZE:
            self._broken("nonce", f"must be 16 bytes (got {len(entry.nonce)})", index)

    def _judge_use(self, use: Use, index: int) -> bool:
        """Tell whether a request may name what none before it named since the last change."""
        segment = self.segment
        if segment.standing.deployment is not None:
            segment.faults.add(misfit(use, index, segment.standing.deployment.sha256))
            return False
        if len(segment.early_uses) >= MAX_USES:
            words = f"must be of at most {MAX_USES} models without a change of deployment"
            segment.fault("log.deployment", index, words, _SPLICED)
            return False
        segment.early_uses[use] = index
        self._uses = {*self._uses, use}
        return True

    def _judge_other(self, entry: v1.LogEntry, index: int) -> None:
        kind = entry.WhichOneof("event")
        if kind is None:
            words = "event: must have exactly one of its fields set"
            self._unless_newer(Fault("log.entry.rules", index, words, _SPLICED))
            return
        segment = self.segment
        segment.counts[kind] += 1
        if kind == "opened":
            read_opened(segment, self._expected, entry.opened, index)
        elif kind == "deployment_change":
            self._uses = read_change(segment, entry.deployment_change)
            self._failed.clear()
        elif kind == "delegation":
            read_delegation(segment, entry.delegation)
        elif kind == "dropped":
            segment.counts["dropped_entries"] += entry.dropped.dropped_count
        elif kind == "logged_record" and len(entry.logged_record.digest.sha256) != _SHA256_SIZE:
            self._broken("logged_record.digest.sha256", "must be 32 bytes", index)
        elif kind == "feedback" and not entry.feedback.request_id:
            self._broken("feedback.request_id", "must name a request", index)
        if kind not in _MANY or self._expected.rules:
            self._apply_rules(entry, index)

    def _apply_rules(self, entry: v1.LogEntry, index: int) -> None:
        for each in violations(entry):
            self._broken(each.path, f"{each.message} [{each.rule_id}]", index)

    def _broken(self, path: str, words: str, index: int) -> None:
        remedy = "The writer put an entry into the log that the specification does not allow."
        self._unless_newer(Fault("log.entry.rules", index, f"{path}: {words}", remedy))


def newer(version: str) -> bool:
    """Tell whether a writer's version is newer than this reader; one that is none is not."""
    try:
        return is_newer(version)
    except MLSpecError:
        return False


def misfit(use: Use, index: int, deployment: bytes) -> Fault:
    """Return the fault of a request that names what did not answer then."""
    if use.deployment != deployment:
        return Fault(
            "log.deployment",
            index,
            f"deployment_sha256: must be that of the last change, {deployment.hex()[:12]} "
            f"(got {use.deployment.hex()[:12]})",
            "By the log, another deployment answered then: the entry is wrong, or was moved.",
        )
    return Fault(
        "log.model",
        index,
        f"model: must be one of the deployment's (got {use.model[:64]}@{use.version[:64]} "
        f"{use.sha256.hex()[:12]})",
        "By the log, that model did not answer then: the entry is wrong, or was moved.",
    )
