"""The next trust file takes the place of the old one only if both their roots signed it.

Names carry the id of the attack. Each test has its unaltered twin, which passes.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec import v1
from mlspec.errors import (
    MLSpecError,
    TamperedError,
    TrustFileError,
    UntrustedError,
    UsageError,
)
from mlspec.media import RECORD_PAYLOAD_TYPE, TRUST_POLICY_JSON
from mlspec.sealing import (
    Envelope,
    PrivateKey,
    Signature,
    TrustPolicy,
    accept_successor,
    add_signatures,
    generate_key,
    make_successor,
    trust_edit,
)
from mlspec.sealing.signers import sign_envelope
from mlspec.sealing.trust_health import shortfalls
from tests.unit import samples
from tests.unit.sealing.certificates import certificate

ANN, BOB, CID, DAN = (generate_key(kind) for kind in ("ed25519", "ecdsa-p256") * 2)
PEOPLE = {"ann": ANN, "bob": BOB, "cid": CID, "dan": DAN}


def policy(
    *root: PrivateKey, threshold: int = 2, version: int = 7, **identities: str
) -> v1.TrustPolicy:
    """A policy that knows everybody, with a root of some of them."""
    names = tuple(identities.get(name, f"{name}@bank.example") for name in PEOPLE)
    draft = samples.policy(*PEOPLE.values(), identities=names)
    for key in root:
        draft = trust_edit.add_root_key(draft, key.keyid, threshold=threshold)
    draft.version = version
    return draft


OLD = TrustPolicy(policy(ANN, BOB, CID))


def signed(draft: v1.TrustPolicy, *signers: PrivateKey, kind: str = TRUST_POLICY_JSON) -> bytes:
    """Sign a policy as it is, whether or not that is lawful."""
    payload = TrustPolicy(draft).to_json()
    made = tuple(sign_envelope(signer, kind, payload) for signer in signers)
    return Envelope(payload, kind, made).to_json()


def next_policy(*root: PrivateKey, threshold: int = 2, version: int = 8) -> v1.TrustPolicy:
    """A draft that may follow `OLD`."""
    return policy(*(root or (ANN, BOB, CID)), threshold=threshold, version=version)


def refusal(data: bytes, old: TrustPolicy = OLD) -> MLSpecError:
    """The error that a successor is refused with."""
    with pytest.raises(MLSpecError) as caught:
        accept_successor(old, data)
    return caught.value


def test_a_successor_that_both_roots_signed_is_accepted() -> None:
    """Old and new root may be the same or share nobody; versions may be left out."""
    draft = next_policy(version=20)
    assert accept_successor(OLD, signed(draft, ANN, CID)).message == draft
    other = next_policy(CID, DAN)
    assert accept_successor(OLD, signed(other, ANN, CID, DAN)).root is not None
    made = make_successor(OLD, OLD.message, [ANN, BOB])
    assert accept_successor(OLD, made).version == 8
    assert TrustPolicy.from_any(made).version == 8


@pytest.mark.parametrize(("version", "error_id"), [(6, "rolled_back"), (7, "version_same")])
def test_c9_rolled_back_or_same_version(version: int, error_id: str) -> None:
    """An older file and another one of the same version are refused, however well signed."""
    accept_successor(OLD, signed(next_policy(), ANN, BOB))
    error = refusal(signed(next_policy(version=version), ANN, BOB))
    assert (type(error), error.id, error.exit_code) == (UntrustedError, f"trust.{error_id}", 3)


def test_c9_rolled_back_below_a_version_that_is_known() -> None:
    """The user remembers the highest version seen."""
    OLD.require_version(7)
    with pytest.raises(UntrustedError) as caught:
        OLD.require_version(8)
    assert caught.value.id == "trust.rolled_back"


def test_c9_expired_successor() -> None:
    """A new file past its date is refused; that the old one is past its own does not matter."""
    draft = next_policy(version=9)
    expired = trust_edit.set_expiry(OLD.message, samples.in_days(-1))
    accept_successor(TrustPolicy(expired), signed(draft, ANN, BOB))
    draft.expire_time.FromDatetime(samples.in_days(-1))
    error = refusal(signed(draft, ANN, BOB))
    assert (type(error), error.id) == (UntrustedError, "trust.expired")


def test_c9_root_not_signed_by_the_old_root() -> None:
    """Somebody's own root vouches for nothing."""
    draft = next_policy(DAN, CID)
    accept_successor(OLD, signed(draft, DAN, CID, ANN))
    error = refusal(signed(draft, DAN, CID))
    assert (type(error), error.id) == (UntrustedError, "trust.old_root_threshold")
    assert "got 1" in error.message


def test_c9_root_not_signed_by_itself() -> None:
    """Nor does the old root let in keys that nobody has shown to hold."""
    draft = next_policy(DAN, CID)
    accept_successor(OLD, signed(draft, ANN, BOB, CID, DAN))
    error = refusal(signed(draft, ANN, BOB, CID))
    assert (type(error), error.id) == (UntrustedError, "trust.own_root_threshold")


def test_c9_keys_that_the_old_policy_knows_are_no_root_keys() -> None:
    """A key of a role alone must not count, although it stands among the keys."""
    draft = next_policy(ANN, DAN)
    accept_successor(OLD, signed(draft, ANN, DAN, BOB))
    assert refusal(signed(draft, ANN, DAN)).id == "trust.old_root_threshold"


def test_c9_one_key_twice() -> None:
    """Signatures of one key count once, under whatever ids; so do two keys of one person."""
    accept_successor(OLD, signed(next_policy(), ANN, BOB))
    once = Envelope.from_json(signed(next_policy(), ANN, ANN))
    renamed = Signature(once.signatures[1].sig, BOB.keyid)
    for signatures in (
        once.signatures,
        (once.signatures[0], renamed),
        (once.signatures[0], Signature(once.signatures[0].sig, "other")),
    ):
        data = Envelope(once.payload, once.payload_type, signatures).to_json()
        assert refusal(data).id == "trust.old_root_threshold"
    same = TrustPolicy(policy(ANN, BOB, CID, bob="Ann@Bank.example"))
    accept_successor(same, signed(next_policy(), ANN, CID))
    assert refusal(signed(next_policy(), ANN, BOB), same).id == "trust.old_root_threshold"


def test_c9_wrong_threshold() -> None:
    """The old threshold is that of the old file, whatever the new one says of itself."""
    draft = next_policy(threshold=1)
    accept_successor(OLD, signed(draft, ANN, BOB))
    assert refusal(signed(draft, ANN)).id == "trust.old_root_threshold"
    draft = next_policy(threshold=3)
    accept_successor(OLD, signed(draft, ANN, BOB, CID))
    assert refusal(signed(draft, ANN, BOB)).id == "trust.own_root_threshold"


def test_c9_revoked_and_lapsed_root_keys() -> None:
    """A root key that does not count now signs no successor."""
    draft = next_policy()
    data = signed(draft, ANN, BOB)
    accept_successor(OLD, data)
    revoked = trust_edit.revoke_key(OLD.message, BOB.keyid, samples.in_days(-1))
    error = refusal(data, TrustPolicy(revoked))
    assert error.id == "trust.old_root_threshold"
    assert "was revoked" in error.message
    draft = trust_edit.revoke_key(draft, BOB.keyid, samples.in_days(-1))
    assert refusal(signed(draft, ANN, BOB)).id == "trust.own_root_threshold"
    accept_successor(OLD, signed(draft, ANN, CID))


def test_c9_altered_successor() -> None:
    """A byte changed after signing is tampering, before anything of it is parsed."""
    data = signed(next_policy(), ANN, BOB)
    accept_successor(OLD, data)
    envelope = Envelope.from_json(data)
    for payload in (envelope.payload.replace(b'"8"', b'"9"'), b"not JSON"):
        altered = Envelope(payload, envelope.payload_type, envelope.signatures).to_json()
        error = refusal(altered)
        assert (type(error), error.id, error.exit_code) == (TamperedError, "signature.tampered", 1)


def test_c9_other_payload_type() -> None:
    """What was signed as something else is no trust file."""
    accept_successor(OLD, signed(next_policy(), ANN, BOB))
    for kind in (RECORD_PAYLOAD_TYPE, TRUST_POLICY_JSON.upper(), f"{TRUST_POLICY_JSON} "):
        error = refusal(signed(next_policy(), ANN, BOB, kind=kind))
        assert (type(error), error.id) == (TrustFileError, "envelope.payload_type")


def test_c9_bare_successor_and_rootless_predecessor() -> None:
    """Without signatures, or without anybody who may give them, there is no succession."""
    accept_successor(OLD, signed(next_policy(), ANN, BOB))
    assert refusal(TrustPolicy(next_policy()).to_json()).id == "trust.unsigned"
    draft = OLD.message
    draft.ClearField("root")
    assert refusal(signed(next_policy(), ANN, BOB), TrustPolicy(draft)).id == "trust.no_root"
    draft.version = 8
    assert refusal(signed(draft, ANN, BOB)).id == "trust.no_root"


def test_both_forms_are_loaded(tmp_path: Path) -> None:
    """The signed form holds the exact bytes of the bare one, however they are laid out."""
    bare = json.dumps(json.loads(OLD.to_json()), indent=7).encode()
    whole = add_signatures(bare, [ANN, BOB])
    assert Envelope.from_json(whole).payload == bare
    for name, data in (("trust.json", bare), ("trust.dsse.json", whole), ("any", whole)):
        (tmp_path / name).write_bytes(data)
        assert TrustPolicy.load(tmp_path / name).message == OLD.message


def test_c9_signed_form_that_its_root_did_not_sign(tmp_path: Path) -> None:
    """It is refused on loading, and the file is named."""
    path = tmp_path / "trust.dsse.json"
    path.write_bytes(signed(OLD.message, ANN, BOB))
    TrustPolicy.load(path)
    path.write_bytes(signed(OLD.message, ANN, DAN))
    with pytest.raises(UntrustedError) as caught:
        TrustPolicy.load(path)
    assert (caught.value.id, caught.value.source) == ("trust.own_root_threshold", str(path))


def test_an_identity_may_look_like_the_mark_of_the_signed_form() -> None:
    """Only a member of the object itself tells the forms apart."""
    draft = policy(ANN, BOB, ann='"payloadType"')
    assert TrustPolicy.from_any(TrustPolicy(draft).to_json()).message == draft


def test_signatures_are_gathered_one_by_one() -> None:
    """Holders in different places sign the same bytes; signing again changes no count."""
    draft = next_policy(DAN, CID)
    begun = make_successor(OLD, draft, [ANN], partial=True)
    assert refusal(begun).id == "trust.old_root_threshold"
    with pytest.raises(UntrustedError):
        make_successor(OLD, draft, [ANN])
    done = add_signatures(begun, [CID, DAN, CID])
    done = add_signatures(done, [ANN], roots=[OLD])
    assert accept_successor(OLD, done).version == 8
    assert len(Envelope.from_json(done).signatures) == 3
    with pytest.raises(UsageError) as caught:
        add_signatures(begun, [samples.ED25519])
    assert caught.value.id == "trust.not_root"


def test_a_first_root_signs_alone() -> None:
    """The file that it follows names nobody, so this one is still handed over."""
    draft = OLD.message
    draft.ClearField("root")
    rootless = TrustPolicy(draft)
    made = make_successor(rootless, OLD.message, [ANN, BOB])
    assert TrustPolicy.from_any(made).version == 8
    with pytest.raises(TrustFileError):
        accept_successor(rootless, made)


def test_what_can_no_longer_be_met_is_told() -> None:
    """By role and group, once keys are revoked or run out."""
    assert shortfalls(OLD) == ()
    draft = trust_edit.add_witness(OLD.message, ANN.keyid)
    for key in (ANN, BOB, DAN):
        draft = trust_edit.revoke_key(draft, key.keyid, samples.in_days(1))
    assert shortfalls(TrustPolicy(draft)) == ()
    assert shortfalls(TrustPolicy(draft), samples.in_days(1) + timedelta(hours=1)) == (
        "root asks for 2 identities, and keys of 1 count",
        "witnesses asks for 1 identities, and keys of 0 count",
    )


def forgotten(draft: v1.TrustPolicy) -> None:
    """The key is revoked no more."""
    draft.keys[3].ClearField("revoke_time")


def postponed(draft: v1.TrustPolicy) -> None:
    """The key is revoked from a second later on."""
    draft.keys[3].revoke_time.seconds += 1


def gone(draft: v1.TrustPolicy) -> None:
    """The key is left out, so that it could be added anew."""
    del draft.keys[3]
    draft.roles[0].keyids.remove(DAN.keyid)


@pytest.mark.parametrize("change", [forgotten, postponed, gone])
def test_c8_a_successor_undoes_no_revocation(change: Callable[[v1.TrustPolicy], None]) -> None:
    """Lawfully signed or not; one that moves it to an earlier time is accepted."""
    old = TrustPolicy(trust_edit.revoke_key(OLD.message, DAN.keyid, samples.in_days(-5)))
    draft = old.message
    draft.version += 1
    draft.keys[3].revoke_time.seconds -= 60
    assert accept_successor(old, signed(draft, ANN, BOB)).version == old.version + 1
    draft.keys[3].revoke_time.seconds += 60
    change(draft)
    with pytest.raises(UntrustedError) as caught:
        accept_successor(old, signed(draft, ANN, BOB))
    assert (caught.value.id, caught.value.exit_code) == ("trust.revival", 3)


def test_revocation_moves_only_back() -> None:
    """A revoked key does not come back by a later date."""
    draft = trust_edit.revoke_key(OLD.message, BOB.keyid, samples.in_days(-2))
    with pytest.raises(UsageError) as caught:
        trust_edit.revoke_key(draft, BOB.keyid, samples.in_days(3))
    assert caught.value.id == "trust.revoked"
    trust_edit.revoke_key(draft, BOB.keyid, samples.in_days(-3))


@pytest.mark.parametrize(
    "change",
    [
        lambda draft: trust_edit.add_key(draft, samples.ED25519.public, "new"),
        lambda draft: trust_edit.grant(draft, "author", ANN.keyid, threshold=2),
        lambda draft: trust_edit.add_root_key(draft, DAN.keyid),
        lambda draft: trust_edit.drop_root_key(draft, CID.keyid),
        lambda draft: trust_edit.set_root_threshold(draft, 1),
        lambda draft: trust_edit.add_witness(draft, ANN.keyid),
        lambda draft: trust_edit.add_log(draft, "new", ANN.keyid, kind=v1.LOG_KIND_RECORDS),
        lambda draft: trust_edit.revoke_key(draft, DAN.keyid, samples.in_days(0)),
        lambda draft: trust_edit.set_expiry(draft, samples.in_days(9)),
    ],
)
def test_a_change_loses_nothing_else(change: Callable[[v1.TrustPolicy], v1.TrustPolicy]) -> None:
    """Stages and powers of newer versions, requirements, roots of time: all come through."""
    draft = policy(ANN, BOB, CID)
    draft.roles[0].stages.append(999)  # type: ignore[arg-type]
    draft.roles[0].powers.append(999)  # type: ignore[arg-type]
    draft.requirements.add(namespace_glob="loans*", gate_required=True)
    draft = trust_edit.add_key(draft, samples.OTHER_ED25519.public, "wit.example/1")
    draft.logs.add(origin="o", keyid=CID.keyid, kind=v1.LOG_KIND_REQUESTS, namespace_globs=["*"])
    draft.witnesses.keyids.append(samples.OTHER_ED25519.keyid)
    draft.witnesses.threshold = 1
    draft.timestamp_roots.append(certificate())
    changed = change(draft)
    read = TrustPolicy.from_json(TrustPolicy(changed).to_json()).message
    assert (read, read.version) == (changed, draft.version + 1)
    differing = [
        field.name
        for field in draft.DESCRIPTOR.fields
        if getattr(read, field.name) != getattr(draft, field.name)
    ]
    assert len(differing) == 2, differing
    assert "version" in differing


GOOD = signed(next_policy(), ANN, BOB)


@given(st.data())
def test_c9_nothing_altered_succeeds(data: st.DataObject) -> None:
    """Flipped, cut or spliced, it is refused by an error of ours, or says the same as before."""
    text = bytearray(GOOD)
    start = data.draw(st.integers(0, len(text)))
    text[start : start + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    result = samples.attempt(lambda: accept_successor(OLD, bytes(text)))
    if isinstance(result, TrustPolicy):
        assert result.message == accept_successor(OLD, GOOD).message
