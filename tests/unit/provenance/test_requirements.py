"""What a trust file requires of a namespace is there, or the deployment fails.

Each requirement has a deployment that shows what is asked, and altered ones that lack it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.codec import Format, decode
from mlspec.provenance.examining import examine
from mlspec.provenance.findings import Finding, Verdict
from mlspec.provenance.links import Link
from mlspec.provenance.requirements import REQUIREMENTS, judge_requirements
from mlspec.provenance.requirements_logs import SeenLog
from mlspec.provenance.sources import HeldRecords
from mlspec.records import all_stages, new_id
from mlspec.requestlog import verify_checkpoint
from mlspec.requestlog.record_times import RecordTimes
from mlspec.sealing import Sealed, TrustPolicy, generate_key, seal, trust_edit, unseal
from tests.unit import samples
from tests.unit.requestlog import logs, record_logs
from tests.unit.requestlog.logs import ANNA, BORIS, cosigned

VECTORS = Path(__file__).parents[3] / "vectors" / "v1"
AUTHOR = samples.ED25519
REQUESTS = logs.ORIGIN
TIME = 1_740_000_000
DAY = 86_400
CHECKPOINTED = v1.LogDurability(checkpointed=v1.CheckpointedDurability())


def vector(stage: str, **header: object) -> v1.Record:
    """A record from the vectors."""
    text = (VECTORS / stage / "minimal.txtpb").read_bytes()
    record = decode(v1.Record, text, Format.TEXT)
    record.header.record_id = new_id()
    for name, value in header.items():
        setattr(record.header, name, value)
    return record


def buffered(seconds: int) -> v1.LogDurability:
    """A log that may lose so much."""
    made = v1.LogDurability()
    made.buffered.loss_window_duration.FromSeconds(seconds)
    made.buffered.loss_window_entry_count = 100
    return made


@dataclass
class World:
    """A deployment, the records around it, and what is known of its logs."""

    requirement: v1.NamespaceRequirement = field(default_factory=v1.NamespaceRequirement)
    records: list[v1.Record] = field(default_factory=list)
    statements: list[v1.Record] = field(default_factory=list)
    durability: v1.LogDurability = field(default_factory=lambda: CHECKPOINTED)
    opened: list[v1.LogDurability] = field(default_factory=lambda: [CHECKPOINTED])
    log_keyid: str = logs.SIGNER.keyid
    log_globs: Sequence[str] = ("loans*",)
    log_kind: v1.LogKind.ValueType = v1.LOG_KIND_REQUESTS
    names_log: bool = True
    shows_log: bool = True
    logged: Callable[[int], bool] = lambda _index: True
    record_witnesses: Sequence[logs.Witness] = (ANNA, BORIS)
    request_witnesses: Sequence[logs.Witness] = (ANNA, BORIS)
    findings: Sequence[Finding] | None = None

    def trust(self) -> TrustPolicy:
        """The trust file."""
        draft = record_logs.draft()
        del draft.roles[:]
        draft = trust_edit.add_role(draft, "author", [AUTHOR.keyid], stages=all_stages())
        draft = trust_edit.add_key(draft, logs.SIGNER.public, "requests@bank.example")
        draft = trust_edit.add_log(
            draft,
            REQUESTS,
            logs.SIGNER.keyid,
            kind=self.log_kind,
            namespace_globs=self.log_globs,
        )
        requirement = draft.requirements.add()
        requirement.CopyFrom(self.requirement)
        requirement.namespace_glob = "loans*"
        return TrustPolicy(draft)

    def deployment(self) -> v1.Record:
        """The roll-out."""
        record = vector("model_serving")
        for other in self.records:
            record.header.parents.add(
                digest=v1.Digest(sha256=seal(other, AUTHOR).sha256),
                payload_type="application/vnd.mlspec.record.v1+protobuf",
                stage=other.header.stage,
            )
        if self.names_log:
            log = record.model_serving.request_logs.add(origin=REQUESTS, keyid=self.log_keyid)
            log.durability.CopyFrom(self.durability)
        return record

    def times(self, sealed: Sequence[Sealed], trust: TrustPolicy) -> RecordTimes:
        """What the record log proves."""
        known = [each.sha256 for index, each in enumerate(sealed) if self.logged(index)]
        log = record_logs.RecordLog(
            [record_logs.record_leaf(index, sha) for index, sha in enumerate(known)]
        )
        times = RecordTimes()
        note = log.checkpoint(len(known)) if known else b""
        for each in self.record_witnesses:
            note = cosigned(note, each, TIME)
        for index in range(len(known)):
            times.add(log.proof(index, len(known), note), log.leaves[index], trust)
        return times

    def seen(self) -> list[SeenLog]:
        """What the caller verified of the request log."""
        note = logs.checkpoint(3)
        for each in self.request_witnesses:
            note = cosigned(note, each, TIME)
        head = verify_checkpoint(note, logs.KEY, [ANNA.key, BORIS.key])
        return [SeenLog(head, tuple(v1.LogOpened(durability=each) for each in self.opened))]

    def judge(self) -> dict[str, Finding]:
        """Judge it; the findings by rule."""
        trust = self.trust()
        sealed = [seal(record, AUTHOR) for record in (*self.records, self.deployment())]
        times = self.times(sealed, trust)
        found = examine(HeldRecords(sealed), trust, sealed[-1].sha256, times=times)
        judged = judge_requirements(
            trust,
            found.roll_out,
            found.findings if self.findings is None else self.findings,
            seen_logs=self.seen() if self.shows_log else (),
            statements=[Link.of(unseal(seal(record, AUTHOR), trust)) for record in self.statements],
        )
        assert {finding.rule for finding in judged} <= set(REQUIREMENTS)
        return {finding.rule.removeprefix("requirement."): finding for finding in judged}


def verdict(world: World, name: str) -> Verdict:
    """How one requirement came out; nothing is ever left open."""
    found = world.judge()
    assert all(finding.verdict is not Verdict.NOT_PROVEN for finding in found.values())
    if not found[name].verdict.holds:
        assert found[name].id
    return found[name].verdict


def asking(**asked: bool) -> v1.NamespaceRequirement:
    """A requirement."""
    return v1.NamespaceRequirement(**asked)  # type: ignore[arg-type]


def test_where_nothing_is_asked_nothing_is_said() -> None:
    """A requirement that asks for nothing finds nothing; nor does one for another namespace."""
    assert World().judge() == {}
    world = World(asking(gate_required=True))
    trust = world.trust().message
    trust.requirements[0].namespace_glob = "cards"
    sealed = seal(world.deployment(), AUTHOR)
    found = examine(HeldRecords([sealed]), TrustPolicy(trust), sealed.sha256)
    assert judge_requirements(TrustPolicy(trust), found.roll_out, found.findings) == ()
    both = world.judge()
    assert set(both) == {"namespace", "gate"}
    assert both["namespace"].message == "bound by loans*"


def test_without_a_deployment_nothing_holds() -> None:
    """Whose requirements bind is then not known."""
    trust = World(asking(gate_required=True)).trust()
    (finding,) = judge_requirements(trust, None, ())
    assert (finding.verdict, finding.id) == (Verdict.FAIL, "requirement.no_deployment")


def test_required_stages_are_there() -> None:
    """A record that succeeded, and not one that failed or that only came afterwards."""
    requirement = v1.NamespaceRequirement(stages=[v1.STAGE_OBJECTIVES, v1.STAGE_MODEL_SERVING])
    good = World(requirement, records=[vector("objectives")])
    assert verdict(good, "stages") is Verdict.PASS
    assert verdict(replace(good, records=[]), "stages") is Verdict.FAIL
    skipped = vector("objectives", capture=v1.CAPTURE_METHOD_INFERRED)
    assert verdict(replace(good, records=[skipped]), "stages") is Verdict.FAIL
    failed = vector("objectives", state=v1.RECORD_STATE_FAILED)
    failed.header.failure.kind = "ValueError"
    assert verdict(replace(good, records=[failed]), "stages") is Verdict.FAIL
    newer = v1.NamespaceRequirement(stages=[v1.STAGE_OBJECTIVES, 999])  # type: ignore[list-item]
    assert "999" in World(newer, records=[vector("objectives")]).judge()["stages"].message


def test_a_stage_that_only_came_afterwards_is_missing() -> None:
    """What rests on the deployment was not there before it; what only shares its run may be."""
    world = World(v1.NamespaceRequirement(stages=[v1.STAGE_OBJECTIVES]))
    trust = world.trust()
    deployment = world.deployment()
    for after, expected in ((True, Verdict.FAIL), (False, Verdict.PASS)):
        sealed = seal(deployment, AUTHOR)
        other = vector("objectives", run_id=deployment.header.run_id)
        if after:
            other.header.parents.add(
                digest=v1.Digest(sha256=sealed.sha256),
                payload_type="application/vnd.mlspec.record.v1+protobuf",
                stage=v1.STAGE_MODEL_SERVING,
            )
        found = examine(HeldRecords([sealed, seal(other, AUTHOR)]), trust, sealed.sha256)
        judged = {f.rule: f.verdict for f in judge_requirements(trust, found.roll_out, ())}
        assert judged["requirement.stages"] is expected


def test_a_required_gate_was_passed() -> None:
    """By waiver is shown as that; not proven is a failure."""

    def world(*verdicts: Verdict) -> World:
        gates = [Finding("gate.passed", each, "", "gate", "words") for each in verdicts]
        return World(asking(gate_required=True), findings=gates)

    assert verdict(world(Verdict.PASS), "gate") is Verdict.PASS
    assert verdict(world(Verdict.PASS_BY_WAIVER), "gate") is Verdict.PASS_BY_WAIVER
    for lacking in ((Verdict.NOT_PROVEN,), (Verdict.FAIL,), (Verdict.PASS, Verdict.FAIL), ()):
        assert verdict(world(*lacking), "gate") is Verdict.FAIL
    assert verdict(World(asking(gate_required=True)), "gate") is Verdict.FAIL


def test_t3_a_time_that_is_missing_where_it_is_required() -> None:
    """Every record, the deployment too, is under a checkpoint that outsiders saw."""
    good = World(asking(timestamp_required=True), records=[vector("objectives")])
    assert verdict(good, "timestamps") is Verdict.PASS
    for lacking in (
        replace(good, record_witnesses=()),
        replace(good, record_witnesses=(ANNA,)),
        replace(good, logged=lambda index: index > 0),
        replace(good, logged=lambda index: index == 0),
        replace(good, logged=lambda _index: False, record_witnesses=()),
    ):
        assert verdict(lacking, "timestamps") is Verdict.FAIL


def test_every_record_stands_in_a_record_log() -> None:
    """Which needs no outsider, but all records."""
    good = World(
        asking(record_log_required=True), records=[vector("objectives")], record_witnesses=()
    )
    assert verdict(good, "record_log") is Verdict.PASS
    for missing in (0, 1):
        lacking = replace(good, logged=missing.__ne__)
        found = lacking.judge()["record_log"]
        assert (found.verdict, "1 of 2" in found.message) == (Verdict.FAIL, True)


def test_a_log_that_may_not_speak_for_the_namespace_does_not_count() -> None:
    """The record log is believed about loans only."""
    world = World(asking(record_log_required=True))
    trust = world.trust()
    for namespace, expected in (("loans/eu", Verdict.PASS), ("loans2", Verdict.FAIL)):
        draft = trust.message
        draft.logs[0].namespace_globs[:] = ["loans/*"]
        record = world.deployment()
        record.header.namespace_name = namespace
        sealed = [seal(record, AUTHOR)]
        policy = TrustPolicy(draft)
        times = world.times(sealed, policy)
        found = examine(HeldRecords(sealed), policy, sealed[0].sha256, times=times)
        judged = {f.rule: f.verdict for f in judge_requirements(policy, found.roll_out, ())}
        assert judged["requirement.record_log"] is expected


def test_parents_owe_what_their_own_namespace_asks() -> None:
    """Data of a namespace that asks for a log is logged, whoever rolls out."""
    parent = vector("objectives", namespace_name="loans/data")
    world = World(asking(record_log_required=True), records=[parent], record_witnesses=())
    for logged, expected in ((True, Verdict.PASS), (False, Verdict.FAIL)):
        draft = world.trust().message
        draft.requirements[0].namespace_glob = "loans/*"
        policy = TrustPolicy(draft)
        sealed = [seal(record, AUTHOR) for record in (parent, world.deployment())]
        only = replace(world, logged=(0).__eq__)
        times = only.times(sealed, policy) if logged else RecordTimes()
        found = examine(HeldRecords(sealed), policy, sealed[1].sha256, times=times)
        judged = {f.rule: f.verdict for f in judge_requirements(policy, found.roll_out, ())}
        assert judged["requirement.record_log"] is expected


def test_witnesses_saw_every_checkpoint_that_is_shown() -> None:
    """Those over records and those over requests; showing none is not enough."""
    good = World(asking(witnesses_required=True), records=[vector("objectives")])
    assert verdict(good, "witnesses") is Verdict.PASS
    assert verdict(replace(good, shows_log=False), "witnesses") is Verdict.PASS
    unlogged = replace(good, logged=lambda _index: False, record_witnesses=())
    assert verdict(unlogged, "witnesses") is Verdict.PASS
    for lacking in (
        replace(good, request_witnesses=()),
        replace(good, request_witnesses=(BORIS,)),
        replace(good, record_witnesses=(ANNA,)),
        replace(unlogged, shows_log=False),
    ):
        assert verdict(lacking, "witnesses") is Verdict.FAIL


def test_a_required_request_log_is_believed() -> None:
    """Its key, kind and namespace are those of the trust file."""
    good = World(asking(request_log_required=True))
    assert verdict(good, "request_log") is Verdict.PASS
    for lacking in (
        replace(good, names_log=False),
        replace(good, log_keyid=generate_key().keyid),
        replace(good, log_globs=("cards",)),
        replace(good, log_kind=v1.LOG_KIND_RECORDS),
    ):
        assert verdict(lacking, "request_log") is Verdict.FAIL


def test_c8_a_request_log_with_a_lapsed_key_is_not_believed() -> None:
    """Unless the deployment is proven to be older."""
    world = World(asking(request_log_required=True))
    for moment, expected in ((TIME + 1, Verdict.PASS), (TIME, Verdict.FAIL)):
        draft = trust_edit.revoke_key(
            world.trust().message, logs.SIGNER.keyid, datetime.fromtimestamp(moment, UTC)
        )
        policy = TrustPolicy(draft)
        sealed = [seal(world.deployment(), AUTHOR)]
        times = world.times(sealed, policy)
        found = examine(HeldRecords(sealed), policy, sealed[0].sha256, times=times)
        judged = {f.rule: f.verdict for f in judge_requirements(policy, found.roll_out, ())}
        assert judged["requirement.request_log"] is expected


def retained(days: int, origin: str = REQUESTS) -> v1.Record:
    """A statement that a log is kept so long."""
    record = vector("logging")
    record.logging.origin = origin
    record.logging.retention.leaf_retention_duration.FromSeconds(days * DAY)
    return record


def test_logs_are_kept_as_long_as_is_required() -> None:
    """By a statement about that log; the shortest one counts."""
    requirement = v1.NamespaceRequirement()
    requirement.log_retention_duration.FromSeconds(100 * DAY)
    good = World(requirement, statements=[retained(100)])
    assert verdict(good, "log_retention") is Verdict.PASS
    for statements in ([], [retained(99)], [retained(100, "o")], [retained(100), retained(1)]):
        assert verdict(replace(good, statements=statements), "log_retention") is Verdict.FAIL
    assert verdict(replace(good, names_log=False), "log_retention") is Verdict.FAIL
    # By somebody who has a say elsewhere: it promises nothing here, and still counts against.
    foreign = [retained(100), retained(1)]
    for record in foreign:
        record.header.namespace_name = "elsewhere"
    for statements in (foreign[:1], [retained(100), foreign[1]]):
        assert verdict(replace(good, statements=statements), "log_retention") is Verdict.FAIL
    assert verdict(replace(good, statements=[retained(100), foreign[0]]), "log_retention") is (
        Verdict.PASS
    )


def test_a_crash_loses_no_more_than_is_allowed() -> None:
    """By the word of the roll-out, and of the log itself, which must be shown."""

    def world(seconds: int, durability: v1.LogDurability, *opened: v1.LogDurability) -> World:
        requirement = v1.NamespaceRequirement()
        requirement.max_loss_window_duration.FromSeconds(seconds)
        return World(requirement, durability=durability, opened=list(opened))

    for good in (
        world(0, CHECKPOINTED, CHECKPOINTED),
        world(5, CHECKPOINTED, CHECKPOINTED),
        world(5, buffered(5), buffered(5), CHECKPOINTED),
    ):
        assert verdict(good, "max_loss_window") is Verdict.PASS
    for lacking in (
        world(0, buffered(0), CHECKPOINTED),
        world(0, CHECKPOINTED, buffered(0)),
        world(5, buffered(6), buffered(5)),
        world(5, buffered(5), CHECKPOINTED, buffered(6)),
        world(5, CHECKPOINTED, v1.LogDurability()),
        world(5, CHECKPOINTED, v1.LogDurability(buffered=v1.BufferedDurability())),
        world(5, CHECKPOINTED),
        replace(world(5, CHECKPOINTED, CHECKPOINTED), shows_log=False),
    ):
        assert verdict(lacking, "max_loss_window") is Verdict.FAIL


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_written_down(name: str) -> None:
    """In the page about requirements."""
    page = Path(__file__).parents[3] / "docs" / "spec" / "provenance" / "requirements.md"
    assert f"`{name}`" in page.read_text()
