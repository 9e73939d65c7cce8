"""Drafts of trust files, continued: what namespaces owe, and who is believed about time."""

from __future__ import annotations

from mlspec import v1
from mlspec.errors import UsageError
from mlspec.sealing.trust_edit import next_draft


def require(policy: v1.TrustPolicy, requirement: v1.NamespaceRequirement) -> v1.TrustPolicy:
    """Require something of namespaces, besides what is required under this glob already.

    Times replace those that stand there.
    """
    draft = next_draft(policy)
    for there in draft.requirements:
        if there.namespace_glob == requirement.namespace_glob:
            stages = [stage for stage in requirement.stages if stage not in there.stages]
            there.MergeFrom(requirement)
            # Merging appends; a stage stands once.
            del there.stages[len(there.stages) - len(requirement.stages) :]
            there.stages.extend(stages)
            return draft
    draft.requirements.add().CopyFrom(requirement)
    return draft


def require_no_more(policy: v1.TrustPolicy, namespace_glob: str) -> v1.TrustPolicy:
    """Require nothing under this glob. Raises UsageError if nothing is."""
    draft = next_draft(policy)
    kept = [each for each in policy.requirements if each.namespace_glob != namespace_glob]
    if len(kept) == len(policy.requirements):
        raise UsageError(
            f"must be a glob under which something is required (got {namespace_glob!r})",
            error_id="trust.unknown_glob",
        )
    del draft.requirements[:]
    draft.requirements.extend(kept)
    return draft


def add_timestamp_root(policy: v1.TrustPolicy, der: bytes) -> v1.TrustPolicy:
    """Believe an authority's tokens. Raises UsageError if its certificate is there already."""
    if der in policy.timestamp_roots:
        raise UsageError("must not know the certificate yet", error_id="trust.twice")
    draft = next_draft(policy)
    draft.timestamp_roots.append(der)
    return draft


def drop_timestamp_root(policy: v1.TrustPolicy, der: bytes) -> v1.TrustPolicy:
    """Believe an authority's tokens no more. Raises UsageError if its certificate is not there."""
    if der not in policy.timestamp_roots:
        raise UsageError("must know the certificate", error_id="trust.unknown_certificate")
    draft = next_draft(policy)
    draft.timestamp_roots.remove(der)
    return draft
