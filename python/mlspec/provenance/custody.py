"""Whether hold-back sets were released by whoever keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlspec import v1
from mlspec.provenance.findings import Finding
from mlspec.provenance.holdout_tests import opening_of
from mlspec.provenance.judging import Judge
from mlspec.provenance.late_signatures import lasting_powers
from mlspec.provenance.links import Link
from mlspec.provenance.rollout import RollOut, digest_key

_SIGN: Final = "Have a holder of a role with the power RELEASE_HOLDOUT sign it."


def holdout_custodian(case: RollOut) -> Iterator[Finding]:
    """Hold-back sets are opened, or transformed unopened, by their custodian alone."""
    judge = Judge("holdout.custodian")
    transformed = list(_transformations(judge, case))
    yield from transformed
    openings = {
        opening.sha256: opening
        for test in case.tests
        if test.body is not None and (opening := opening_of(case, test)) is not None
    }
    if not openings and not transformed:
        words = "must have an opening for its hold-back test: none is in reach"
        yield judge.unproven(case.deployment, words, "holdout.no_opening")
    for opening in openings.values():
        keeper = opening.record.holdout_opened.custodian.identity
        words = f"was signed by whoever may release the set, for its custodian {keeper}"
        words += _nearness(case, opening)
        yield from judge.or_passed(_problems(judge, case, opening), opening, words)


def _problems(judge: Judge, case: RollOut, opening: Link) -> Iterator[Finding]:
    if v1.TRUST_POWER_RELEASE_HOLDOUT not in lasting_powers(opening.verified, case.trust):
        words = "must be signed by a key with the power RELEASE_HOLDOUT"
        yield judge.failed(opening, words, "holdout.not_released", _SIGN)
    opened = opening.record.holdout_opened
    splitting = case.closure.get(bytes(opened.holdout.splitting.digest.sha256))
    if splitting is None or splitting.stage != v1.STAGE_DATA_SPLITTING:
        words = "must name the splitting that put the set into custody"
        yield judge.unproven(opening, words, "holdout.no_custody")
        return
    key = digest_key(opened.holdout.digest)
    split = next(
        (
            each
            for each in splitting.record.data_splitting.splits
            if each.role == v1.SPLIT_ROLE_HOLDOUT and digest_key(each.digest) == key
        ),
        None,
    )
    if split is None:
        words = "must open a set that the splitting held back"
        yield judge.failed(opening, words, "holdout.other_set")
        return
    if not split.HasField("custody"):
        words = "must open a set whose splitting says who keeps it"
        yield judge.unproven(opening, words, "holdout.no_custody")
        return
    if split.custody.custodian.identity != opened.custodian.identity:
        words = f"must name the custodian of the splitting, {split.custody.custodian.identity}"
        yield judge.failed(opening, words, "holdout.other_custodian")
    root = split.custody.commitment_root
    if opened.HasField("commitment_root") and opened.commitment_root != root:
        words = "must have the commitment_root of the splitting"
        yield judge.failed(opening, words, "holdout.commitment")


def _nearness(case: RollOut, opening: Link) -> str:
    """Say so where whoever released the set also signed a training."""
    released = {signer.identity for signer in opening.verified.signers}
    trained = {signer.identity for link in case.trainings for signer in link.verified.signers}
    both = sorted(released & trained)
    return f" (who also signed the training: {', '.join(both)})" if both else ""


def _transformations(judge: Judge, case: RollOut) -> Iterator[Finding]:
    for link in case.closure.of_stage(v1.STAGE_DATA_TRANSFORMATION):
        body = link.record.data_transformation
        if body.input_split.role != v1.SPLIT_ROLE_HOLDOUT or body.HasField("holdout_opened"):
            continue
        if v1.TRUST_POWER_RELEASE_HOLDOUT not in lasting_powers(link.verified, case.trust):
            words = (
                "must name the opening of the hold-back set that it transformed,"
                " or be signed by a key with the power RELEASE_HOLDOUT"
            )
            yield judge.failed(link, words, "holdout.transformed", _SIGN)
