"""Who signs what in the pipeline of these tests, and the trust files that say so."""

from __future__ import annotations

from mlspec import v1
from mlspec.sealing import generate_key, trust_edit
from tests.unit import samples
from tests.unit.requestlog import logs

ORIGIN = "bank.example/loans/requests"

RECORDS = "bank.example/loans/records"

NAMESPACE = "loans"

PEOPLE = {
    "data": (v1.STAGE_DATA_INGESTION, v1.STAGE_DATA_SPLITTING, v1.STAGE_RUN_MANIFEST),
    "trainer": (v1.STAGE_MODEL_TRAINING,),
    "validator": (v1.STAGE_MODEL_EVALUATION, v1.STAGE_HOLDOUT_TEST),
    "custodian": (v1.STAGE_HOLDOUT_OPENED,),
    "approver": (v1.STAGE_OBJECTIVES, v1.STAGE_GATE_DECISION),
    "release": (v1.STAGE_MODEL_PACKAGING, v1.STAGE_MODEL_SERVING),
}

KEYS = {name: generate_key() for name in (*PEOPLE, "log", "records")}


def policy() -> v1.TrustPolicy:
    """The draft of the trust file."""
    draft = trust_edit.new_policy(samples.in_days(30))
    for name, key in KEYS.items():
        draft = trust_edit.add_key(draft, key.public, f"{name}@bank.example")
    powers = {"custodian": (v1.TRUST_POWER_RELEASE_HOLDOUT,), "approver": (v1.TRUST_POWER_WAIVE,)}
    for name, stages in PEOPLE.items():
        draft = trust_edit.add_role(
            draft,
            name,
            [KEYS[name].keyid],
            stages=stages,
            namespace_globs=(NAMESPACE,),
            powers=powers.get(name, ()),
        )
    for origin, name, kind in (
        (ORIGIN, "log", v1.LOG_KIND_REQUESTS),
        (RECORDS, "records", v1.LOG_KIND_RECORDS),
    ):
        draft = trust_edit.add_log(
            draft, origin, KEYS[name].keyid, kind=kind, namespace_globs=(NAMESPACE,)
        )
    return draft


def witnessed_policy() -> v1.TrustPolicy:
    """The same, with two witnesses of whom both must have seen a checkpoint."""
    draft = policy()
    for name, each in (("anna.example/w", logs.ANNA), ("boris.example/w", logs.BORIS)):
        draft = trust_edit.add_key(draft, each.signer.public, name)
        draft = trust_edit.add_witness(draft, each.signer.keyid, threshold=2)
    return draft


def cosigned(note: bytes) -> bytes:
    """A checkpoint with the cosignatures of both."""
    return logs.cosigned(logs.cosigned(note, logs.ANNA), logs.BORIS)
