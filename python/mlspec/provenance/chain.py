"""Rules about the chain itself: who vouches for each record, and how records name one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.provenance.findings import Finding
from mlspec.provenance.judging import Judge
from mlspec.provenance.links import Link
from mlspec.provenance.rollout import RollOut
from mlspec.store.facts import MANIFEST_STAGE

_COPY: Final = "Get the records from a copy that has all of them."


def record_verified(case: RollOut) -> Iterator[Finding]:
    """Every record of the chain, and of its runs, is signed by keys trusted for it."""
    judge, closure = Judge("record.verified"), case.closure
    for sha256, error in closure.refused.items():
        yield judge.refused(sha256, "record", error)
    doubtful = [link for link in closure.links.values() if link.doubts]
    for link in doubtful:
        yield judge.passed(link, "")
    if not closure.refused and not doubtful:
        words = f"{len(closure.links)} records are signed by keys that are trusted for them"
        yield judge.passed(case.deployment, words)


def reference_dangling(case: RollOut) -> Iterator[Finding]:
    """Every record that a record names is there."""
    judge = Judge("reference.dangling")
    problems = (
        judge.failed(
            each.child,
            f"{each.named.path} must name a record that is there"
            f" (got {each.named.sha256.hex() or 'no digest'})",
            "reference.missing",
            _COPY,
        )
        for each in case.closure.missing
    )
    words = "all records that are named are there"
    yield from judge.or_passed(problems, case.deployment, words, case.closure.links.values())


def reference_stage(case: RollOut) -> Iterator[Finding]:
    """Every reference says the type and the stage of the record that it names."""
    judge = Judge("reference.stage")
    problems = (
        problem for link in case.closure.links.values() for problem in _misnamed(judge, case, link)
    )
    words = "all references say the stage of the record that they name"
    yield from judge.or_passed(problems, case.deployment, words, case.closure.links.values())


def _misnamed(judge: Judge, case: RollOut, link: Link) -> Iterator[Finding]:
    for named in link.rests_on:
        other = case.closure.get(named.sha256)
        if named.payload_type != RECORD_PAYLOAD_TYPE:
            words = f"{named.path}.payload_type must be {RECORD_PAYLOAD_TYPE}"
            yield judge.failed(link, words, "reference.payload_type")
        elif other is not None and other.stage != named.stage:
            words = f"{named.path}.stage must be that of the record named, {other.label}"
            yield judge.failed(link, words, "reference.stage")


def reference_parents(case: RollOut) -> Iterator[Finding]:
    """Every record that a body names is among the parents too."""
    judge = Judge("reference.parents")
    problems = (
        judge.unproven(
            link,
            f"header.parents must hold each record that the body names (lacks that of {path})",
            "reference.not_a_parent",
            "Whoever follows parents alone misses it: name it among the parents of the next run.",
        )
        for link in case.closure.links.values()
        if (path := _unparented(link))
    )
    words = "all records that bodies name are parents too"
    yield from judge.or_passed(problems, case.deployment, words, case.closure.links.values())


def _unparented(link: Link) -> str:
    """Return the path of the first reference that is no parent, and how many more there are."""
    if link.stage == MANIFEST_STAGE:
        return ""
    parents = {each.sha256 for each in link.parents}
    lost = {each.sha256: each.path for each in link.named if each.sha256 not in parents}
    if not lost:
        return ""
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    return next(iter(lost.values())) + more


def chain_acyclic(case: RollOut) -> Iterator[Finding]:
    """No record rests on itself."""
    judge = Judge("chain.acyclic")
    if case.closure.cycle:
        round_trip = " -> ".join(digest.hex()[:12] for digest in case.closure.cycle[:8])
        words = f"no record must rest on itself (got {round_trip})"
        remedy = "No honest digest can do that: something is held under a digest not its own."
        yield judge.failed(case.deployment, words, "chain.cycle", remedy)
        return
    words = "no record rests on itself"
    yield judge.passed(case.deployment, words, case.closure.links.values())


def chain_namespace(case: RollOut) -> Iterator[Finding]:
    """Parents are of the child's namespace, unless its signers have a role there too."""
    judge = Judge("chain.namespace")
    problems = (
        problem
        for link in case.closure.links.values()
        for named in link.rests_on
        if (parent := case.closure.get(named.sha256)) is not None
        for problem in _elsewhere(judge, case, link, parent)
    )
    words = "all records are of one namespace, or of one that their signers have a role in"
    yield from judge.or_passed(problems, case.deployment, words, case.closure.links.values())


def _elsewhere(judge: Judge, case: RollOut, child: Link, parent: Link) -> Iterator[Finding]:
    there, here = parent.header.namespace_name, child.header.namespace_name
    if there != here and not _has_role(case, child, there):
        words = (
            f"must not rest on {parent.label} of namespace {there!r}:"
            f" its signers have no role there (it is of {here!r})"
        )
        yield judge.failed(child, words, "chain.namespace")
        return
    pipelines = child.header.pipeline.name, parent.header.pipeline.name
    if all(pipelines) and len(set(pipelines)) > 1:
        words = (
            f"rests on {parent.label} of pipeline {pipelines[1]!r}, and is of {pipelines[0]!r}:"
            " that the two belong together is its signer's word"
        )
        yield judge.unproven(child, words, "chain.pipeline")


def _has_role(case: RollOut, child: Link, namespace: str) -> bool:
    """Tell whether the child's signers fill some role that covers the namespace."""
    signed = {signer.keyid for signer in child.verified.signers}
    return any(
        role.covers(namespace)
        and len(case.trust.identities(role.keyids & signed)) >= role.threshold
        for role in case.trust.roles
    )
