"""Which rows are held back, as far as the records in reach say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlspec import v1
from mlspec.provenance.links import Link
from mlspec.provenance.rollout import DigestKey, RollOut, digest_key

if TYPE_CHECKING:
    from collections.abc import Iterable

VersionKey = DigestKey | str
"""A dataset version, by the digest of its content or by its id."""


@dataclass
class Holdouts:
    """The hold-back sets in reach.

    Attributes:
        sets: Their digests, and the record that says so.
        versions: The dataset versions that became a hold-back set, or that one was cut from.
        splits: The digests of all other splits, and the records that made them.
        unbound: Records with a hold-back set that has no digest.
        retired: Sets that were given up, and the openings that say so.
    """

    sets: dict[DigestKey, Link] = field(default_factory=dict)
    versions: dict[VersionKey, Link] = field(default_factory=dict)
    splits: dict[DigestKey, Link] = field(default_factory=dict)
    unbound: list[Link] = field(default_factory=list)
    retired: dict[DigestKey, Link] = field(default_factory=dict)

    @classmethod
    def of(cls, case: RollOut) -> Holdouts:
        """Collect them from the splittings, openings and hold-back tests of the closure."""
        found = cls()
        for link in case.closure.of_stage(v1.STAGE_DATA_SPLITTING):
            found._add_splitting(link)
        for link in case.closure.of_stage(v1.STAGE_HOLDOUT_OPENED):
            body = link.record.holdout_opened
            found._add_set(link, body.holdout.digest)
            key = digest_key(body.holdout.digest)
            if body.purpose == v1.HOLDOUT_PURPOSE_RETIREMENT and key is not None:
                found.retired[key] = link
        for link in case.closure.of_stage(v1.STAGE_HOLDOUT_TEST):
            found._add_set(link, link.record.holdout_test.data.split.digest)
        return found

    @property
    def basis(self) -> list[Link]:
        """The records that say what is held back."""
        links = (*self.sets.values(), *self.versions.values(), *self.splits.values())
        return list({link.sha256: link for link in links}.values())

    def _add_splitting(self, link: Link) -> None:
        body = link.record.data_splitting
        held = [split for split in body.splits if split.role == v1.SPLIT_ROLE_HOLDOUT]
        for split in body.splits:
            key = digest_key(split.digest)
            if split.role != v1.SPLIT_ROLE_HOLDOUT and key is not None:
                self.splits[key] = link
        for split in held:
            self._add_set(link, split.digest)
            self._add_version(link, split.dataset_version)
        if held:
            self._add_version(link, body.dataset_version)

    def _add_set(self, link: Link, digest: v1.Digest) -> None:
        key = digest_key(digest)
        if key is None:
            self.unbound.append(link)
        else:
            self.sets.setdefault(key, link)

    def _add_version(self, link: Link, version: v1.DatasetVersionReference) -> None:
        for key in version_keys(version):
            self.versions.setdefault(key, link)


def version_keys(version: v1.DatasetVersionReference) -> Iterable[VersionKey]:
    """Return what a reference to a dataset version can be recognised by."""
    keys: list[VersionKey] = [version.id] if version.id else []
    digest = digest_key(version.digest)
    return [*keys, digest] if digest is not None else keys
