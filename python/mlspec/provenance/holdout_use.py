"""Whether hold-back data served for anything but its test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, cast

from mlspec import v1
from mlspec.provenance.findings import Finding
from mlspec.provenance.holdouts import Holdouts, version_keys
from mlspec.provenance.judging import Judge
from mlspec.provenance.links import Link
from mlspec.provenance.rollout import DigestKey, RollOut, digest_key
from mlspec.records import body_field
from mlspec.store.walking import find

if TYPE_CHECKING:
    from google.protobuf.message import Message

_SPLIT: Final = "mlspec.v1.SplitReference"
_VERSION: Final = "mlspec.v1.DatasetVersionReference"
_ANOTHER: Final = "Train or evaluate again without these rows, and hold back a set nobody has seen."
_NAME_DATA: Final = "Name the split that was used, by its digest, in the record's `data`."


def holdout_reused(case: RollOut) -> Iterator[Finding]:
    """No hold-back data was used to train, tune, calibrate or evaluate the model."""
    judge, held = Judge("holdout.reused"), Holdouts.of(case)
    if not held.sets and not held.unbound:
        words = "must have a hold-back set: no record in reach keeps one"
        yield judge.unproven(case.deployment, words, "holdout.none")
        return
    if not case.trainings or not case.evaluations:
        words = "must have records of training and evaluation: none of the model is in reach"
        yield judge.unproven(case.deployment, words, "holdout.unknown_use")
        return
    users = (*case.trainings, *case.evaluations, case.deployment)
    problems = [problem for user in users for problem in _Use(judge, case, held, user).problems()]
    for link in held.unbound:
        words = "must bind its hold-back set by a digest"
        problems.append(judge.unproven(link, words, "holdout.unbound"))
    words = "no hold-back data served in training, tuning, calibration or evaluation"
    yield from judge.or_passed(problems, case.deployment, words, (*users, *held.basis))


class _Use:
    """The rows that one record used, held against the hold-back sets."""

    def __init__(self, judge: Judge, case: RollOut, held: Holdouts, user: Link) -> None:
        self._judge, self._case, self._held, self._user = judge, case, held, user

    def problems(self) -> Iterator[Finding]:
        """Yield what is wrong or unknown about the rows."""
        body = self._user.body
        if body is None:
            return
        name = body_field(self._user.stage)
        splits = list(find(body, _SPLIT, name))
        for path, split in splits:
            yield from self._split(path, cast(v1.SplitReference, split))
        within = tuple(f"{path}." for path, _ in splits)
        for path, version in find(body, _VERSION, name):
            part_of_split = path.startswith(within)
            yield from self._version(
                path, cast(v1.DatasetVersionReference, version), part_of_split=part_of_split
            )
        if self._user.stage != v1.STAGE_MODEL_SERVING:
            yield from self._inputs(body)

    def _split(self, path: str, split: v1.SplitReference) -> Iterator[Finding]:
        key = digest_key(split.digest)
        retired = key is not None and key in self._held.retired
        held = key is not None and self._is_held(key)
        if held or (split.role == v1.SPLIT_ROLE_HOLDOUT and not retired):
            yield self._reused(path)
        elif key is None:
            words = f"{path}.digest must say which rows"
            yield self._judge.unproven(self._user, words, "holdout.no_digest", _NAME_DATA)
        elif split.HasField("splitting") and not self._made(split, key):
            words = f"{path} must be a split, and of the role, that its splitting made"
            yield self._judge.failed(self._user, words, "holdout.other_split")
        elif key not in self._held.splits and not retired:
            words = f"{path} must be a split that a record in reach made"
            yield self._judge.unproven(self._user, words, "holdout.unknown_split", _NAME_DATA)

    def _made(self, split: v1.SplitReference, key: DigestKey) -> bool:
        """Tell whether the splitting that a reference names made it, so far as it is in reach."""
        link = self._case.closure.get(bytes(split.splitting.digest.sha256))
        if link is None or link.stage != v1.STAGE_DATA_SPLITTING:
            return True
        made = link.record.data_splitting.splits
        return any(digest_key(each.digest) == key and each.role == split.role for each in made)

    def _version(
        self, path: str, version: v1.DatasetVersionReference, *, part_of_split: bool
    ) -> Iterator[Finding]:
        keys = list(version_keys(version))
        if part_of_split:
            return
        if any(key in self._held.versions or self._is_held(key) for key in keys):
            yield self._reused(path)
        elif not keys:
            words = f"{path} must have an id or a digest to say which rows"
            yield self._judge.unproven(self._user, words, "holdout.no_digest", _NAME_DATA)

    def _inputs(self, body: Message) -> Iterator[Finding]:
        """Look at the header's inputs: they count, and without `data` they are all there is."""
        unnamed = isinstance(body, v1.ModelTraining) and not body.data
        inputs = self._user.header.inputs
        for index, artifact in enumerate(inputs):
            path, key = f"header.inputs[{index}]", digest_key(artifact.digest)
            version = artifact.dataset_version_id
            if (key and self._is_held(key)) or (version and version in self._held.versions):
                yield self._reused(path)
            elif unnamed and (key is None or key not in self._held.splits):
                words = f"{path} must be a known split: the record names no training data"
                yield self._judge.unproven(self._user, words, "holdout.unknown_input", _NAME_DATA)
        if unnamed and not inputs:
            words = "must name its training data, or inputs"
            yield self._judge.unproven(self._user, words, "holdout.unknown_input", _NAME_DATA)

    def _is_held(self, key: DigestKey | str) -> bool:
        """Tell whether a digest is that of a hold-back set that this record had to leave alone."""
        if isinstance(key, str) or key not in self._held.sets:
            return False
        retired = self._held.retired.get(key)
        return retired is None or retired.sha256 not in self._case.closure.above(self._user.sha256)

    def _reused(self, path: str) -> Finding:
        words = f"{path} must not be hold-back data: a set is held back for its test alone"
        return self._judge.failed(self._user, words, "holdout.reused", _ANOTHER)
