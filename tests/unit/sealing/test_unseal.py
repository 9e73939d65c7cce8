"""Verification raises, or returns a value that nothing else can make.

The names carry the ids of the attack list in docs/spec/verification.md.
"""

import copy
import pickle
from dataclasses import replace
from datetime import datetime

import pytest

from mlspec import v1
from mlspec.errors import TamperedError, UnacceptableError, UntrustedError, UsageError
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing import (
    Envelope,
    PrivateKey,
    Sealed,
    Signature,
    TrustPolicy,
    VerifiedRecord,
    generate_key,
    pae,
    seal,
    trust_edit,
    unseal,
)
from mlspec.sealing.signers import sign_envelope
from tests.unit import samples
from tools.places import PACKAGE

ONE, TWO, THREE = samples.ED25519, samples.ECDSA, samples.OTHER_ED25519
RECORD = samples.record()
SEALED = seal(RECORD, ONE)
TRUST = samples.trust(ONE)
ENVELOPE = SEALED.envelope


def signed(payload: bytes, *keys: PrivateKey, kind: str = RECORD_PAYLOAD_TYPE) -> Sealed:
    """Sign bytes that `seal` would refuse."""
    made = tuple(sign_envelope(key, kind, payload) for key in keys)
    return Sealed(Envelope(payload, kind, made))


def with_signatures(*signatures: Signature) -> Sealed:
    """The sealed record with other signatures."""
    return Sealed(replace(ENVELOPE, signatures=signatures))


def test_a_good_record_is_verified() -> None:
    """What comes back says who signed, in which role, judged when."""
    verified = unseal(SEALED, TRUST)
    assert verified.record == RECORD
    assert verified.header == RECORD.header
    assert verified.body == RECORD.object_event
    assert verified.sha256 == SEALED.sha256
    assert verified.reference == SEALED.reference
    assert [(each.keyid, each.identity) for each in verified.signers] == [
        (ONE.keyid, "holder-0@bank.example")
    ]
    assert verified.roles == ("author",)
    assert verified.fully_understood
    assert verified.require_understood() is verified
    assert verified.notes == ()
    assert verified.trust_version == TRUST.version


def test_nothing_else_makes_a_verified_record() -> None:
    """It cannot be constructed, copied, pickled, changed or subclassed."""
    verified = unseal(SEALED, TRUST)
    with pytest.raises(TypeError):
        VerifiedRecord(sealed=SEALED)
    with pytest.raises(TypeError):
        copy.copy(verified)
    with pytest.raises(TypeError):
        copy.deepcopy(verified)
    with pytest.raises(TypeError):
        pickle.dumps(verified)
    with pytest.raises(AttributeError):
        verified.sealed = SEALED
    with pytest.raises(TypeError):
        type("Forged", (VerifiedRecord,), {})


def test_only_the_verifier_issues_verified_records() -> None:
    """No other module of the package names the function that makes them."""
    users = [path.name for path in PACKAGE.rglob("*.py") if "_issue(" in path.read_text()]
    assert sorted(users) == ["verified.py", "verifiers.py"]


def test_what_is_handed_out_leads_not_inside() -> None:
    """A caller that changes the record it got changes it for nobody else."""
    verified = unseal(SEALED, TRUST)
    verified.record.header.namespace_name = "other"
    verified.header.namespace_name = "other"
    assert verified.record == RECORD


@pytest.mark.parametrize(
    "kind",
    [
        RECORD_PAYLOAD_TYPE.upper(),
        RECORD_PAYLOAD_TYPE + "; charset=utf-8",
        RECORD_PAYLOAD_TYPE + " ",
        "application/vnd.in-toto+json",
    ],
)
def test_d1_payload_type_swapped(kind: str) -> None:
    """Another type, other case, parameters break the signature; signed so, they are no record."""
    unseal(SEALED, TRUST)
    with pytest.raises(TamperedError) as caught:
        unseal(Sealed(replace(ENVELOPE, payload_type=kind)), TRUST)
    assert caught.value.exit_code == 1
    with pytest.raises(UnacceptableError) as refused:
        unseal(signed(ENVELOPE.payload, ONE, kind=kind), TRUST)
    assert refused.value.id == "envelope.payload_type"
    assert refused.value.exit_code == 1


@pytest.mark.parametrize("keyid", ["", "junk", TWO.keyid, THREE.keyid, ONE.keyid])
def test_d2_keyid_spoofed_missing_unknown(keyid: str) -> None:
    """A keyid changes nothing: the signer reported is the key that verified."""
    trust = samples.trust(ONE, TWO)
    verified = unseal(with_signatures(Signature(ENVELOPE.signatures[0].sig, keyid)), trust)
    assert [signer.keyid for signer in verified.signers] == [ONE.keyid]


def test_d3_junk_beside_a_good_signature() -> None:
    """Junk and duplicates neither help nor crash, wherever they stand."""
    good = ENVELOPE.signatures[0]
    junk = [Signature(b"\0"), Signature(b"x" * 1024, "?"), Signature(good.sig[:-1], "junk")]
    for signatures in ([good, *junk], [*junk, good], [good, good, *junk, good]):
        verified = unseal(with_signatures(*signatures), TRUST)
        assert len(verified.signers) == 1
    with pytest.raises(UntrustedError):
        unseal(with_signatures(*junk), TRUST)


def test_d3_a_misfit_beside_a_good_signature_is_noted() -> None:
    """What was not needed does not refuse the record, but is said."""
    trust = samples.trust(ONE, TWO)
    verified = unseal(with_signatures(ENVELOPE.signatures[0], Signature(b"junk", TWO.keyid)), trust)
    assert len(verified.notes) == 1
    assert "holder-1@bank.example" in verified.notes[0]


def test_d4_one_key_under_two_keyids() -> None:
    """One key signs once, however many signatures and keyids it is given."""
    trust = samples.trust(ONE, TWO, threshold=2)
    assert unseal(SEALED.countersign(TWO), trust).roles == ("author",)
    good = ENVELOPE.signatures[0]
    for forged in (
        [good, Signature(good.sig, "other")],
        [good, good],
        [good, Signature(ONE.sign(pae(ENVELOPE.payload_type, ENVELOPE.payload)), "other")],
    ):
        with pytest.raises(UntrustedError) as caught:
            unseal(with_signatures(*forged), trust)
        assert caught.value.id == "role.threshold"


def test_d4_two_signatures_of_one_ecdsa_key() -> None:
    """ECDSA gives another signature each time, and the negated one fits too: still one key."""
    from cryptography.hazmat.primitives.asymmetric.utils import (
        decode_dss_signature,
        encode_dss_signature,
    )

    trust = samples.trust(ONE, TWO, threshold=2)
    first = seal(RECORD, TWO)
    r, s = decode_dss_signature(first.signatures[0].sig)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    mirrored = Signature(encode_dss_signature(r, order - s), "other")
    assert TWO.public.fits(mirrored.sig, pae(first.payload_type, first.payload))
    forged = Sealed(replace(first.envelope, signatures=(*first.signatures, mirrored)))
    for sealed in (forged, first.countersign(TWO)):
        with pytest.raises(UntrustedError):
            unseal(sealed, trust)
    unseal(forged.countersign(ONE), trust)


def test_d4_two_keys_of_one_person() -> None:
    """Thresholds count identities."""
    trust = samples.trust(
        ONE,
        TWO,
        THREE,
        identities=("ann@bank.example", "ANN@bank.example", "bob@bank.example"),
        threshold=2,
    )
    with pytest.raises(UntrustedError) as caught:
        unseal(SEALED.countersign(TWO), trust)
    assert "got 1" in caught.value.message
    unseal(SEALED.countersign(THREE), trust)


def test_d5_the_algorithm_is_the_trusted_keys() -> None:
    """A signature in another algorithm's form is no signature of that key."""
    trust = samples.trust(TWO)
    unseal(seal(RECORD, TWO), trust)
    with pytest.raises(TamperedError):
        unseal(with_signatures(Signature(ENVELOPE.signatures[0].sig, TWO.keyid)), trust)


def test_d6_a_key_in_the_envelope_is_not_used() -> None:
    """Keys and certificates in the envelope are ignored: only the trust file's count."""
    mallory = generate_key()
    text = seal(RECORD, mallory).to_json().decode()
    smuggled = text.replace('"keyid"', f'"publicKey": {mallory.public.to_pem()!r}, "keyid"')
    smuggled = smuggled.replace("'", '"')
    sealed = Sealed.from_json(smuggled.encode())
    assert unseal(sealed, samples.trust(mallory))
    with pytest.raises(UntrustedError) as caught:
        unseal(sealed, TRUST)
    assert caught.value.id == "signature.unknown_key"
    assert caught.value.exit_code == 3


def test_d8_the_old_pae_does_not_verify() -> None:
    """Neither DSSE 0's binary PAE, nor lengths in characters, nor the bare payload."""
    kind, payload = ENVELOPE.payload_type.encode(), ENVELOPE.payload
    old = b"".join(
        part for each in (kind, payload) for part in (len(each).to_bytes(8, "little"), each)
    )
    for data in ((2).to_bytes(8, "little") + old, payload, kind + payload):
        with pytest.raises(TamperedError):
            unseal(with_signatures(Signature(ONE.sign(data), ONE.keyid)), TRUST)
    unseal(with_signatures(Signature(ONE.sign(pae(kind.decode(), payload)))), TRUST)


def test_d8_lengths_in_characters_do_not_verify() -> None:
    """A type of two-byte letters, measured in characters, is another PAE."""
    kind = "\u00e9" * 4
    wrong = b"DSSEv1 4 %b %d %b" % (kind.encode(), len(ENVELOPE.payload), ENVELOPE.payload)
    sealed = Sealed(Envelope(ENVELOPE.payload, kind, (Signature(ONE.sign(wrong), ONE.keyid),)))
    with pytest.raises(TamperedError):
        unseal(sealed, TRUST)


def test_d9_many_signatures_are_judged_quickly() -> None:
    """The most signatures there may be, all junk, beside a good one."""
    junk = [Signature(bytes([n]) * 64, "") for n in range(63)]
    assert unseal(with_signatures(*junk, ENVELOPE.signatures[0]), TRUST)


def test_a_flipped_payload_is_tampering() -> None:
    """The record claims a trusted key, and does not fit."""
    for index in range(0, len(ENVELOPE.payload), 7):
        changed = bytearray(ENVELOPE.payload)
        changed[index] ^= 1
        with pytest.raises(TamperedError) as caught:
            unseal(Sealed(replace(ENVELOPE, payload=bytes(changed))), TRUST)
        assert caught.value.path == "signatures[0]"


def test_a_needed_signature_that_was_flipped_is_tampering() -> None:
    """One of two signatures that the threshold needs is broken: exit 1, not 3."""
    trust = samples.trust(ONE, TWO, threshold=2)
    first, second = SEALED.countersign(TWO).signatures
    broken = Signature(first.sig[:-1] + bytes([first.sig[-1] ^ 1]), first.keyid)
    with pytest.raises(TamperedError):
        unseal(with_signatures(broken, second), trust)


def test_a_signature_of_another_record_is_tampering() -> None:
    """Signatures do not travel from record to record."""
    other = seal(samples.record(), ONE)
    with pytest.raises(TamperedError):
        unseal(with_signatures(*other.signatures), TRUST)


def test_p1_unknown_field_signed() -> None:
    """A trusted key that signs smuggled fields is not believed; the record without them is."""
    unseal(signed(ENVELOPE.payload, ONE), TRUST)
    with pytest.raises(UnacceptableError) as caught:
        unseal(signed(ENVELOPE.payload + b"\xa0\x3f\x01", ONE), TRUST)
    assert caught.value.id == "fields.unknown"
    assert caught.value.path == "#1012"
    assert caught.value.exit_code == 1


def test_p2_duplicate_header_signed() -> None:
    """Two headers under a good signature are refused."""
    twice = v1.Record(header=RECORD.header).SerializeToString() + ENVELOPE.payload
    with pytest.raises(UnacceptableError) as caught:
        unseal(signed(twice, ONE), TRUST)
    assert caught.value.id == "decode.duplicate_field"


def test_p2_duplicate_body_signed() -> None:
    """Two bodies under a good signature are refused."""
    again = v1.Record(object_event=RECORD.object_event).SerializeToString()
    with pytest.raises(UnacceptableError) as caught:
        unseal(signed(ENVELOPE.payload + again, ONE), TRUST)
    assert caught.value.path == "object_event"


def test_p3_stage_in_header_and_body_differ() -> None:
    """A role for the header's stage does not get the body of another one in."""
    record = samples.record()
    record.header.stage = v1.STAGE_RUN_MANIFEST
    trust = samples.trust(ONE, stages=(v1.STAGE_RUN_MANIFEST, samples.STAGE))
    unseal(signed(ENVELOPE.payload, ONE), trust)
    with pytest.raises(UnacceptableError) as caught:
        unseal(signed(record.SerializeToString(), ONE), trust)
    assert caught.value.id == "record.stage"


def test_p4_cut_at_a_field_boundary() -> None:
    """A cut breaks the signature; signed so, the header alone is incomplete."""
    header = v1.Record(header=RECORD.header).SerializeToString()
    assert ENVELOPE.payload.startswith(header)
    with pytest.raises(TamperedError):
        unseal(Sealed(replace(ENVELOPE, payload=header)), TRUST)
    with pytest.raises(UnacceptableError):
        unseal(signed(header[:-1], ONE), TRUST)


def test_p5_another_message_of_the_same_wire_shape() -> None:
    """A message that happens to parse as a record is still judged as one."""
    other = v1.RecordReference(digest=v1.Digest(sha256=bytes(32)))
    with pytest.raises(UnacceptableError):
        unseal(signed(other.SerializeToString(), ONE), TRUST)


def test_p6_invalid_utf8_signed() -> None:
    """Text that is not UTF-8 is refused, with its path."""
    payload = ENVELOPE.payload.replace(b"loans.csv", b"loans\xff\xfesv", 1)
    with pytest.raises(UnacceptableError) as caught:
        unseal(signed(payload, ONE), TRUST)
    assert caught.value.path == "header.inputs[0].name"


def test_p8_unknown_enum_value_signed() -> None:
    """In a record that is not newer, an unknown value is invalid."""
    record = samples.record(state=99)
    with pytest.raises(UnacceptableError) as caught:
        unseal(signed(record.SerializeToString(), ONE), TRUST)
    assert caught.value.path == "header.state"


def test_c5_signer_of_the_wrong_role() -> None:
    """A key for other stages, other namespaces or no role at all vouches for nothing here."""
    for trust in (
        samples.trust(ONE, stages=(v1.STAGE_RUN_MANIFEST,)),
        samples.trust(ONE, namespace_globs=("cards", "loans/*")),
        TrustPolicy(trust_edit.add_key(samples.policy(TWO), ONE.public, "no role")),
    ):
        with pytest.raises(UntrustedError) as caught:
            unseal(SEALED, trust)
        assert caught.value.id == "role.missing"
        assert caught.value.exit_code == 3


def test_roles_do_not_add_up() -> None:
    """Two roles that each lack a signature do not make one that has them."""
    policy = samples.policy(ONE, TWO, threshold=2)
    policy = trust_edit.add_key(policy, THREE.public, "third@bank.example")
    policy = trust_edit.add_role(
        policy, "reviewer", [TWO.keyid, THREE.keyid], stages=[samples.STAGE], threshold=2
    )
    trust = TrustPolicy(policy)
    with pytest.raises(UntrustedError):
        unseal(SEALED.countersign(THREE), trust)
    verified = unseal(SEALED.countersign(THREE).countersign(TWO), trust)
    assert verified.roles == ("author", "reviewer")


def test_powers_are_those_of_the_roles_met() -> None:
    """A waiver's power comes only with the role that has it."""
    policy = trust_edit.add_role(
        samples.policy(ONE),
        "approver",
        [ONE.keyid],
        stages=[samples.STAGE],
        powers=[v1.TRUST_POWER_WAIVE],
    )
    assert unseal(SEALED, TrustPolicy(policy)).powers == {v1.TRUST_POWER_WAIVE}
    assert unseal(SEALED, TRUST).powers == frozenset()


def timed(field: str, days: float) -> TrustPolicy:
    """A trust file whose key has one of its times set, in days from now."""
    policy = samples.policy(ONE)
    getattr(policy.keys[0], field).FromDatetime(samples.in_days(days))
    return TrustPolicy(policy)


@pytest.mark.parametrize(
    ("field", "days", "at", "counts"),
    [
        ("revoke_time", -1, None, False),
        ("revoke_time", -1, -2, True),
        ("revoke_time", 1, None, True),
        ("valid_until_time", -1, None, False),
        ("valid_until_time", -1, -2, True),
        ("valid_until_time", 1, None, True),
        ("valid_from_time", 1, None, False),
        ("valid_from_time", 1, 2, True),
        ("valid_from_time", -1, None, True),
    ],
)
def test_c8_revoked_or_expired_key(field: str, days: float, at: float | None, counts: bool) -> None:
    """Keys are judged now, or at the time that the caller vouches for."""
    trust = timed(field, days)
    moment = None if at is None else samples.in_days(at)
    if counts:
        assert unseal(SEALED, trust, at=moment)
        return
    with pytest.raises(UntrustedError) as caught:
        unseal(SEALED, trust, at=moment)
    assert caught.value.id == "signature.lapsed"


def test_c8_a_time_needs_its_zone() -> None:
    """A naive time is a mistake of the caller's."""
    with pytest.raises(UsageError):
        unseal(SEALED, TRUST, at=datetime(2026, 1, 1))


def test_c9_an_expired_trust_file_vouches_for_nothing() -> None:
    """Whatever time is stated: the file itself is judged by the clock."""
    policy = samples.policy(ONE)
    policy.expire_time.FromDatetime(samples.in_days(-1))
    with pytest.raises(UntrustedError) as caught:
        unseal(SEALED, TrustPolicy(policy), at=samples.in_days(-2))
    assert caught.value.id == "trust.expired"


def test_errors_say_what_to_do() -> None:
    """Each refusal carries a remedy."""
    for sealed, trust in (
        (SEALED, samples.trust(TWO)),
        (SEALED, samples.trust(ONE, namespace_globs=("cards",))),
        (Sealed(replace(ENVELOPE, payload=b"x")), TRUST),
    ):
        with pytest.raises((TamperedError, UntrustedError)) as caught:
            unseal(sealed, trust)
        assert caught.value.remedy
        assert caught.value.path
