"""Chains that were forged, each beside its unaltered twin."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from mlspec import v1
from mlspec.provenance import Examination, HeldRecords, Verdict, examine, request_model
from mlspec.sealing import Envelope, Sealed, TrustPolicy
from mlspec.sealing.trust_edit import revoke_key
from mlspec.store import UnverifiedRecord
from tests.unit.provenance.told import TRUST, failing, look
from tools.vectors.provenance import of_chain, of_gate, people, steps
from tools.vectors.provenance.case import AT
from tools.vectors.provenance.listed import ListedTimes
from tools.vectors.provenance.story import OTHER_RUN, Story, digest, tell

LATER = datetime(2025, 3, 1, tzinfo=UTC)


def refuses(expected: str, call: Callable[..., Examination], *given: object) -> None:
    """Some rule fails for the reason that is expected."""
    assert expected in failing(call(*given))


def refuses_to_pass(expected: str, call: Callable[..., Examination], *given: object) -> None:
    """Some rule is NOT PROVEN for the reason that is expected, and nothing fails."""
    found = call(*given)
    shown = {each.id for each in found.findings if each.verdict is Verdict.NOT_PROVEN}
    assert (failing(found), expected in shown) == (set(), True)


def holds(examination: Examination, rule: str) -> None:
    """Nothing fails, and the rule passes."""
    assert failing(examination) == set()
    assert {finding.verdict for finding in examination.of(rule)} == {Verdict.PASS}


def test_c1_a_parent_of_another_namespace_is_refused() -> None:
    """Unless the child's signers have a role there; a record there needs a role too."""
    holds(look(tell()), "chain.namespace")
    holds(look(of_chain.foreign_parent("serve")), "chain.namespace")
    refuses("chain.namespace", look, of_chain.foreign_parent("package"))
    refuses("role.missing", look, tell({"evaluate": of_chain.namespace("cards")}))


def test_c1_a_parent_of_another_pipeline_is_never_passed() -> None:
    """Nothing says that the two belong together; with one pipeline there is nothing to say."""
    same = {name: of_chain.pipeline("loans") for name in ("train", "evaluate")}
    other = same | {"train": of_chain.pipeline("cards")}
    holds(look(tell(same)), "chain.namespace")
    refuses_to_pass("chain.pipeline", look, tell(other))


def test_c2_a_record_of_another_run_is_refused() -> None:
    """A manifest cannot make it one of its own."""
    note = {"serve": {"note": of_chain.note}}
    holds(look(tell(beside=note)), "run.manifest")
    moved = {"note": of_chain.of_other_run, "manifest": of_chain.list_note}
    refuses("record.missing", look, tell(moved, beside=note))


def test_c2_a_second_record_for_one_attempt_is_refused() -> None:
    """The manifest decides which one counts."""
    holds(look(tell({"train": of_chain.step})), "run.manifest")
    edits = dict.fromkeys(("train", "again"), of_chain.step)
    twice = tell(
        {**edits, "manifest": of_chain.unlist}, beside={"evaluate": {"again": steps.train}}
    )
    refuses("record.added", look, twice)


class Lying:
    """Records that lead round in a circle, because one lies under a digest that is not its own."""

    def __init__(self, story: Story, under: dict[bytes, Sealed]) -> None:
        self.held, self.under = HeldRecords(story.held), under

    def get(self, sha256: bytes) -> Sealed | None:
        """Return what is held under the digest, whatever it is."""
        return self.under.get(sha256) or self.held.get(sha256)

    def of_run(self, run_id: str) -> Sequence[UnverifiedRecord]:
        """Return the records of a run."""
        return self.held.of_run(run_id)

    def of_stage(self, stage: int) -> Sequence[UnverifiedRecord]:
        """Return the records of a stage."""
        return self.held.of_stage(stage)


def look_at_lies(story: Story, under: dict[bytes, Sealed]) -> Examination:
    """Examine the roll-out of a story some of whose records lie elsewhere."""
    return examine(Lying(story, under), TRUST, story.sha256("serve"), at=AT)


def test_c3_a_cycle_is_refused_and_the_walk_ends() -> None:
    """What lies under another digest is no record of the chain, and the circle is told."""
    whole = tell()
    holds(look_at_lies(whole, {}), "chain.acyclic")
    story, under = of_chain.cycle()
    refuses("chain.cycle", look_at_lies, story, under)
    refuses("record.digest", look_at_lies, story, under)
    itself = {whole.sha256("objectives"): whole.sealed["serve"]}
    refuses("record.digest", look_at_lies, whole, itself)


@pytest.mark.parametrize("gone", ["objectives", "ingest", "split", "train", "open", "gate"])
def test_c4_a_dangling_parent_is_refused(gone: str) -> None:
    """Whichever record of the chain is not there."""
    holds(look(tell()), "reference.dangling")
    refuses("reference.missing", look, tell(dropped=[gone]))


@pytest.mark.parametrize(
    ("name", "signer"),
    [("train", "data"), ("gate", "trainer"), ("serve", "releaser"), ("open", "trainer")],
)
def test_c5_a_signer_of_the_wrong_role_is_refused(name: str, signer: str) -> None:
    """However well trusted for something else."""
    holds(look(tell()), "record.verified")
    story = tell(signers={name: (signer,)})
    refuses("role.missing", look, story)
    assert {each.untrusted for each in look(story).of("record.verified")} == {True}


def request(story: Story, model: v1.Digest) -> v1.InferenceRecord:
    """Return a logged request that names the roll-out of a story."""
    made = v1.InferenceRecord(deployment_sha256=story.sha256("serve"))
    made.model.name, made.model.version, made.model.sha256 = "loan-approval", "3", model.sha256
    return made


def test_c6_another_model_than_the_one_rolled_out_is_refused() -> None:
    """In the records behind the roll-out."""
    holds(look(tell()), "deployment.model")
    refuses("deployment.other_model", look, tell({"serve": of_gate.serve_other}))
    refuses("deployment.other_model", look, tell({"package": of_gate.package_other}))


def answered(story: Story, asked: v1.InferenceRecord) -> str:
    """Return what is wrong with a request to the roll-out of a story. Empty: nothing."""
    case = look(story).roll_out
    assert case is not None
    finding = request_model(case, asked)
    assert (finding.verdict is Verdict.PASS) == (finding.id == "")
    return finding.id


def refuses_request(expected: str, call: Callable[..., str], *given: object) -> None:
    """A request is refused for the reason that is expected."""
    assert call(*given) == expected


def test_c6_a_request_that_another_model_answered_is_refused() -> None:
    """The roll-out is of model A, the logged request says B; or it names another roll-out."""
    story = tell()
    assert answered(story, request(story, digest("model"))) == ""
    other = request(story, digest("another model"))
    refuses_request("deployment.other_model", answered, story, other)
    elsewhere = request(story, digest("model"))
    elsewhere.deployment_sha256 = digest("another roll-out").sha256
    refuses_request("deployment.other_deployment", answered, story, elsewhere)


def test_c7_a_stripped_parent_is_refused() -> None:
    """The manifest names the record as it was."""
    holds(look(tell(beside={"serve": {"note": of_chain.note}})), "run.manifest")
    refuses("record.missing", look, of_chain.stripped())
    refuses("record.added", look, of_chain.stripped())


def test_c7_a_deleted_childless_record_is_refused() -> None:
    """Nothing rests on it, and the manifest misses it; with the manifest gone nothing is proven."""
    note = {"serve": {"note": of_chain.note}}
    holds(look(tell(beside=note)), "run.manifest")
    refuses("record.missing", look, tell(beside=note, dropped=["note"]))
    refuses_to_pass("run.unfinished", look, tell(beside=note, dropped=["note", "manifest"]))


def look_later(story: Story, seen_by: datetime | None = None) -> Examination:
    """Examine a story after a key lapsed; somebody may have seen the ingestion by some time."""
    seen = [] if seen_by is None else [(1, seen_by)]
    times = ListedTimes([story.sha256("ingest")], seen)
    return look(story, at=LATER, times=times)


def test_c8_a_key_that_lapsed_counts_only_for_what_was_seen_before() -> None:
    """Seen in time it counts; unseen, or seen too late, it does not, whatever the record says."""
    story = tell(signers={"ingest": ("leaver",)})
    holds(look_later(story, datetime(2024, 12, 3, tzinfo=UTC)), "record.verified")
    refuses("signature.lapsed", look_later, story)
    refuses("signature.lapsed", look_later, story, datetime(2025, 1, 1, tzinfo=UTC))


def look_after_revoking(story: Story, who: str, name: str, *roles: v1.TrustRole) -> Examination:
    """Examine a story whose record an outsider saw before somebody's key was revoked."""
    message = people.trust()
    message.roles.extend(roles)
    policy = TrustPolicy(revoke_key(message, people.key(who).keyid, LATER))
    times = ListedTimes([story.sha256(name)], [(1, datetime(2024, 12, 3, tzinfo=UTC))])
    held = HeldRecords(story.held)
    return examine(held, policy, story.sha256("serve"), at=AT, times=times)


def test_c8_a_key_that_was_revoked_since_waives_nothing() -> None:
    """The decision was seen in time; when the officer's signature came to it, nobody saw."""
    story = tell(
        {"evaluate": of_gate.missed, "gate": of_gate.waive(90)}, signers={"gate": of_gate.BOTH}
    )
    holding = look(story)
    assert failing(holding) == set()
    assert {each.verdict for each in holding.of("gate.passed")} == {Verdict.PASS_BY_WAIVER}
    refuses("gate.waiver_unsigned", look_after_revoking, story, "officer", "gate")
    refuses("gate.waiver_alone", look_after_revoking, story, "releaser", "gate")


def test_c8_a_key_that_was_revoked_since_releases_no_hold_back_set() -> None:
    """It may have signed the old opening today."""
    refuses("holdout.not_released", look_after_revoking, tell(), "custodian", "open")


def test_c8_a_key_that_was_revoked_since_is_not_one_of_several() -> None:
    """It vouches alone for what was seen in time, and does not fill up a threshold."""
    story = tell(signers={"package": ("operator", "trainer")})
    two = v1.TrustRole(name="packers", threshold=2, stages=[v1.STAGE_MODEL_PACKAGING])
    two.keyids.extend(people.key(who).keyid for who in ("operator", "trainer"))
    two.namespace_globs.append("loans")
    assert failing(look_after_revoking(tell(), "releaser", "package")) == set()
    refuses("signature.revoked_beside", look_after_revoking, story, "trainer", "package", two)


def test_records_of_another_run_are_held_against_its_own_manifest() -> None:
    """A chain may span runs, and each of them has to be whole."""
    assert OTHER_RUN not in {finding.subject for finding in look(tell()).of("run.manifest")}
    found = look(of_chain.foreign_parent("serve")).of("run.manifest")
    assert {(each.subject, each.id) for each in found} >= {(OTHER_RUN, "run.unfinished")}


NAMES = tuple(steps.STEPS)


def without(name: str) -> Story:
    """The story, with one record gone."""
    return tell(dropped=[name])


@pytest.mark.parametrize("name", NAMES)
def test_no_record_can_be_taken_away(name: str) -> None:
    """Whichever it is, some rule no longer holds that held before."""
    kept = {finding.rule for finding in look(tell()).findings if finding.verdict.holds}
    if name == "serve":
        assert failing(look(without(name))) == {"deployment.missing"}
        return
    lost = {finding.rule for finding in look(without(name)).findings if not finding.verdict.holds}
    assert kept & lost
    assert name == "manifest" or failing(look(without(name)))


@pytest.mark.parametrize("name", NAMES)
def test_no_record_can_be_signed_by_a_stranger(name: str) -> None:
    """The same bytes, vouched for by nobody."""
    refuses("signature.unknown_key", look, tell(signers={name: ("stranger",)}))


@pytest.mark.parametrize("name", NAMES)
def test_no_byte_of_a_record_can_be_changed(name: str) -> None:
    """Wherever it lies, under the old digest or under its own."""
    story = tell()
    sealed = story.sealed[name]
    for place in range(0, len(sealed.payload), 97):
        payload = bytearray(sealed.payload)
        payload[place] ^= 1
        altered = Sealed(Envelope(bytes(payload), sealed.payload_type, sealed.signatures))
        refuses("record.digest", look_at_lies, story, {sealed.sha256: altered})
        replaced = tell()
        replaced.sealed[name] = altered
        found = examine(HeldRecords(replaced.held), TRUST, story.sha256("serve"), at=AT)
        lost = {each.rule for each in found.findings if not each.verdict.holds}
        assert lost & {"record.verified", "reference.dangling", "run.manifest"}
