"""Who takes part: actors, their keys, and the trust file that says what each may vouch for.

The keys are made anew for each run and lie unencrypted in the output folder, because nobody is
there to type a password. Real ones lie encrypted, or in a key service behind the `Signer` protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from examples.loan_approval.folder import Folder
from mlspec import v1
from mlspec.sealing import generate_key, load_private_key, write_private_key, write_public_key

NAMESPACE = "loans"
LOG_ORIGIN = "bank.example/loans/requests"
RECORDS_ORIGIN = "bank.example/loans/records"


@dataclass(frozen=True)
class Person:
    """Somebody with a key of their own."""

    name: str
    kind: v1.ActorKind.ValueType
    identity: str
    display_name: str

    @property
    def actor(self) -> v1.Actor:
        """The same as a message."""
        return v1.Actor(kind=self.kind, identity=self.identity, display_name=self.display_name)

    def key_path(self, folder: Folder) -> str:
        """Where the private key lies."""
        return str(folder.at(f"keys/{self.name}.pem"))


def _team(name: str, display_name: str) -> Person:
    return Person(name, v1.ACTOR_KIND_TEAM, f"{name}@bank.example", display_name)


POLICY_OWNER = _team("credit-policy", "Credit policy")
DATA_ENGINEER = _team("data-engineering", "Data engineering")
DATA_OWNER = _team("loan-records", "Loan records")
CUSTODIAN = _team("holdout-custodian", "Custodian of the hold-back set")
TRAINER = _team("model-development", "Model development")
EVALUATOR = _team("model-validation", "Independent model validation")
RELEASE_MANAGER = _team("model-release", "Model release")
OPERATOR = Person(
    "loan-service", v1.ACTOR_KIND_SERVICE, "spiffe://bank.example/loan-service", "Loan service"
)
APPROVER = Person(
    "ines.okafor", v1.ACTOR_KIND_PERSON, "ines.okafor@bank.example", "Ines Okafor, model risk"
)
LOG = Person("request-log", v1.ACTOR_KIND_SERVICE, LOG_ORIGIN, "Request log")
RECORD_LOG = Person("record-log", v1.ACTOR_KIND_SERVICE, RECORDS_ORIGIN, "Record log")

EVERYBODY = (
    POLICY_OWNER,
    DATA_ENGINEER,
    DATA_OWNER,
    CUSTODIAN,
    TRAINER,
    EVALUATOR,
    RELEASE_MANAGER,
    OPERATOR,
    APPROVER,
    LOG,
    RECORD_LOG,
)


@dataclass(frozen=True)
class Role:
    """What some people may vouch for, and how many of them it takes."""

    name: str
    people: tuple[Person, ...]
    stages: tuple[v1.Stage.ValueType, ...]
    powers: tuple[v1.TrustPower.ValueType, ...] = ()
    threshold: int = 1


ROLES = (
    Role("policy-owner", (POLICY_OWNER,), (v1.STAGE_OBJECTIVES,)),
    Role(
        "data-engineer",
        (DATA_ENGINEER,),
        (
            v1.STAGE_DATA_INGESTION,
            v1.STAGE_DATA_ANALYSIS,
            v1.STAGE_DATA_TRANSFORMATION,
            v1.STAGE_DATA_VALIDATION,
            v1.STAGE_DATA_SPLITTING,
            v1.STAGE_OBJECT_EVENT,
        ),
    ),
    Role(
        "custodian",
        (CUSTODIAN,),
        (v1.STAGE_HOLDOUT_OPENED,),
        (v1.TRUST_POWER_RELEASE_HOLDOUT,),
    ),
    Role("trainer", (TRAINER,), (v1.STAGE_MODEL_TRAINING, v1.STAGE_OBJECT_EVENT)),
    Role("evaluator", (EVALUATOR,), (v1.STAGE_MODEL_EVALUATION, v1.STAGE_HOLDOUT_TEST)),
    # A gate takes two: who releases, and a person of another department who may waive.
    Role(
        "gate",
        (RELEASE_MANAGER, APPROVER),
        (v1.STAGE_GATE_DECISION,),
        (v1.TRUST_POWER_WAIVE,),
        threshold=2,
    ),
    Role("release-manager", (RELEASE_MANAGER,), (v1.STAGE_MODEL_PACKAGING, v1.STAGE_RUN_MANIFEST)),
    Role(
        "operator",
        (OPERATOR,),
        (v1.STAGE_MODEL_SERVING, v1.STAGE_MONITORING, v1.STAGE_LOGGING),
    ),
)


SHOWN = (
    v1.STAGE_OBJECTIVES,
    v1.STAGE_DATA_VALIDATION,
    v1.STAGE_DATA_SPLITTING,
    v1.STAGE_MODEL_TRAINING,
    v1.STAGE_MODEL_EVALUATION,
    v1.STAGE_HOLDOUT_TEST,
    v1.STAGE_MODEL_PACKAGING,
)
CREDIT_RETENTION = timedelta(days=762)
"""25 months, the time that 12 CFR 1002.12(b) asks for."""


def make_keys(folder: Folder) -> None:
    """One Ed25519 key pair for each, private halves readable by their owner only."""
    for person in EVERYBODY:
        key = generate_key()
        write_private_key(key, person.key_path(folder), password=None)
        write_public_key(key.public, str(folder.at(f"keys/{person.name}.pub")))


def write_trust(folder: Folder, timestamp_roots: Sequence[bytes] = ()) -> None:
    """The trust file: handed over beside the records, never with them.

    It also says what must be shown, so that the bank's own records cannot choose that.
    """
    policy = v1.TrustPolicy(version=1, timestamp_roots=timestamp_roots)
    policy.expire_time.FromDatetime(datetime.now(UTC) + timedelta(days=365))
    keyids: dict[str, str] = {}
    for person in EVERYBODY:
        public = load_private_key(person.key_path(folder)).public
        keyids[person.name] = public.keyid
        policy.keys.add(
            keyid=public.keyid,
            public_key=public.to_pem(),
            algorithm=v1.KEY_ALGORITHM_ED25519,
            identity=person.identity,
        )
    for role in ROLES:
        policy.roles.add(
            name=role.name,
            keyids=[keyids[person.name] for person in role.people],
            threshold=role.threshold,
            stages=role.stages,
            namespace_globs=[NAMESPACE],
            powers=role.powers,
        )
    for log, kind in ((LOG, v1.LOG_KIND_REQUESTS), (RECORD_LOG, v1.LOG_KIND_RECORDS)):
        policy.logs.add(
            origin=log.identity,
            keyid=keyids[log.name],
            kind=kind,
            namespace_globs=[NAMESPACE],
        )
    policy.requirements.append(required(timestamps=bool(timestamp_roots)))
    folder.trust.write_bytes(trust_json(policy))


def required(*, timestamps: bool) -> v1.NamespaceRequirement:
    """What a roll-out must show, whatever its own records say of themselves."""
    made = v1.NamespaceRequirement(
        namespace_glob=NAMESPACE,
        stages=SHOWN,
        gate_required=True,
        timestamp_required=timestamps,
        request_log_required=True,
        record_log_required=True,
    )
    made.max_loss_window_duration.SetInParent()  # none: an answer waits for its leaf
    made.log_retention_duration.FromTimedelta(CREDIT_RETENTION)
    return made


def trust_json(policy: v1.TrustPolicy) -> bytes:
    """A trust policy as the file that every command reads."""
    from mlspec.sealing import TrustPolicy

    return TrustPolicy(policy).to_json()
