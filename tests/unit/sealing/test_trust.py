"""The trust file is read strictly, and counts people rather than keys."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from mlspec import v1
from mlspec.errors import (
    DecodeError,
    MLSpecError,
    TrustFileError,
    UnknownFieldsError,
    UntrustedError,
    UsageError,
)
from mlspec.sealing import TrustPolicy, seal, trust_edit, unseal
from mlspec.sealing.trusted import matches
from tests.unit import samples

GOOD = samples.trust(samples.ED25519).to_json()


def test_a_trust_file_survives(tmp_path: Path) -> None:
    """What the builders make is written, read back and equal."""
    saved = trust_edit.save(samples.policy(samples.ED25519, samples.ECDSA), tmp_path / "trust.json")
    loaded = TrustPolicy.load(tmp_path / "trust.json")
    assert loaded.message == saved.message
    assert set(loaded.keys) == {samples.ED25519.keyid, samples.ECDSA.keyid}
    assert loaded.version == 3
    assert loaded.keys[samples.ECDSA.keyid].identity == "holder-1@bank.example"


def test_a_policy_does_not_change_with_its_message() -> None:
    """Neither the message it was made of nor the one it hands out leads inside."""
    message = samples.policy(samples.ED25519)
    trust = TrustPolicy(message)
    message.keys[0].identity = "mallory"
    trust.message.keys[0].identity = "mallory"
    assert trust.message.keys[0].identity == "holder-0@bank.example"


def other_keyid(policy: v1.TrustPolicy) -> None:
    """The keyid of another key."""
    policy.keys[0].keyid = policy.roles[0].keyids[0] = "00" * 32


def other_algorithm(policy: v1.TrustPolicy) -> None:
    """An Ed25519 key said to be ECDSA."""
    policy.keys[0].algorithm = v1.KEY_ALGORITHM_ECDSA_P256


def other_curve(policy: v1.TrustPolicy) -> None:
    """A key on P-384."""
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    policy.keys[0].public_key = key.public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    ).decode()


def no_key(policy: v1.TrustPolicy) -> None:
    """Text that is no key."""
    policy.keys[0].public_key = "junk"


def unknown_key(policy: v1.TrustPolicy) -> None:
    """A role of a key that is not there."""
    policy.roles[0].keyids.append("11" * 32)


def twice(policy: v1.TrustPolicy) -> None:
    """The same key once more."""
    policy.keys.append(policy.keys[0])


def same_role(policy: v1.TrustPolicy) -> None:
    """Two roles of one name."""
    policy.roles.append(policy.roles[0])


def too_high(policy: v1.TrustPolicy) -> None:
    """A threshold beyond the number of keys."""
    policy.roles[0].threshold = 3


def one_holder(policy: v1.TrustPolicy) -> None:
    """A threshold of two over two keys of one person, spelled twice."""
    policy.keys[0].identity, policy.keys[1].identity = "ann@bank.example", "Ann@Bank.example"
    policy.roles[0].threshold = 2


def no_version(policy: v1.TrustPolicy) -> None:
    """Version 0."""
    policy.version = 0


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (other_keyid, "keys[0].keyid"),
        (other_algorithm, "keys[0].algorithm"),
        (other_curve, "keys[0].public_key"),
        (no_key, "keys[0].public_key"),
        (unknown_key, ""),
        (twice, ""),
        (same_role, ""),
        (too_high, "roles[0]"),
        (one_holder, "roles[0].threshold"),
        (no_version, "version"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(
    change: Callable[[v1.TrustPolicy], None], path: str
) -> None:
    """Each mistake is named by its place; the unaltered policy passes."""
    policy = samples.policy(samples.ED25519, samples.ECDSA)
    TrustPolicy(policy)
    change(policy)
    with pytest.raises(TrustFileError) as caught:
        TrustPolicy(policy)
    assert caught.value.path == path
    assert caught.value.exit_code == 2


def test_a_trust_file_is_strict_json(tmp_path: Path) -> None:
    """Unknown members and duplicate keys are refused, and the file is named."""
    good = samples.trust(samples.ED25519).to_json()
    path = tmp_path / "trust.json"
    path.write_bytes(good.replace(b'"version"', b'"note": 1, "version"'))
    with pytest.raises(UnknownFieldsError) as caught:
        TrustPolicy.load(path)
    assert caught.value.source == str(path)
    with pytest.raises(DecodeError):
        TrustPolicy.from_json(good.replace(b'"version"', b'"version": "9", "version"'))


def test_c9_an_expired_trust_file_says_so() -> None:
    """It can still be looked at, but vouches for nothing."""
    policy = samples.policy(samples.ED25519)
    policy.expire_time.FromDatetime(samples.in_days(-1))
    expired = TrustPolicy(policy)
    with pytest.raises(UntrustedError) as caught:
        expired.require_current()
    assert caught.value.id == "trust.expired"
    assert caught.value.exit_code == 3
    expired.require_current(samples.in_days(-2))
    samples.trust(samples.ED25519).require_current()


def test_requirements_do_not_keep_a_record_from_being_verified() -> None:
    """They ask for more than one record can show, and are judged of a deployment."""
    policy = samples.policy(samples.ED25519)
    policy.requirements.add(namespace_glob="loans*", gate_required=True)
    asking = TrustPolicy(policy)
    assert asking.asks
    assert unseal(seal(samples.record(), samples.ED25519), asking).trust_version == policy.version


@pytest.mark.parametrize(
    ("glob", "name", "holds"),
    [
        ("loans", "loans", True),
        ("loans", "loans2", False),
        ("loans*", "loans/eu", True),
        ("*", "", True),
        ("*eu", "loans/eu", True),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "abc", True),
        ("ab*ba", "aba", False),
        ("a*a", "a", False),
        ("loan?", "loans", False),
        ("[l]oans", "loans", False),
        ("**", "x", True),
        ("Loans", "loans", False),
    ],
)
def test_globs_know_only_the_star(glob: str, name: str, holds: bool) -> None:
    """`*` stands for any characters, slashes too; nothing else is special."""
    assert matches(glob, name) is holds


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_globs_agree_with_regular_expressions(glob: str, name: str) -> None:
    """The linear matcher gives the answers of a backtracking one."""
    import re

    pattern = ".*".join(re.escape(part) for part in glob.split("*"))
    assert matches(glob, name) == (re.fullmatch(pattern, name) is not None)


def test_a_glob_of_many_stars_costs_no_time() -> None:
    """What would keep a backtracking matcher busy for ever is decided at once."""
    assert not matches("a*" * 120 + "b", "a" * 255)


def test_drafts_count_their_versions_up() -> None:
    """Each change is a new edition, and the earlier draft is left as it was."""
    first = samples.policy(samples.ED25519)
    second = trust_edit.add_key(first, samples.ECDSA.public, "second@bank.example")
    third = trust_edit.grant(second, "author", samples.ECDSA.keyid)
    revoked = trust_edit.revoke_key(third, samples.ED25519.keyid, samples.in_days(-1))
    assert [p.version for p in (first, second, third, revoked)] == [2, 3, 4, 5]
    assert len(first.keys) == 1
    assert list(third.roles[0].keyids) == [samples.ED25519.keyid, samples.ECDSA.keyid]
    assert TrustPolicy(revoked).keys[samples.ED25519.keyid].revoked is not None


def test_drafts_refuse_what_makes_no_sense() -> None:
    """The same key or role twice, unknown ones, times without a zone."""
    policy = samples.policy(samples.ED25519)
    mistakes: list[Callable[[], v1.TrustPolicy]] = [
        lambda: trust_edit.add_key(policy, samples.ED25519.public, "x"),
        lambda: trust_edit.add_role(policy, "author", [], stages=[]),
        lambda: trust_edit.grant(policy, "nobody", samples.ED25519.keyid),
        lambda: trust_edit.revoke_key(policy, "00", datetime.now(UTC)),
        lambda: trust_edit.new_policy(datetime(2030, 1, 1)),
    ]
    for mistake in mistakes:
        with pytest.raises(UsageError):
            mistake()


def test_a_bad_draft_is_not_written(tmp_path: Path) -> None:
    """Nothing half right reaches the disk."""
    with pytest.raises(TrustFileError):
        trust_edit.save(v1.TrustPolicy(version=1, expire_time=Timestamp()), tmp_path / "t.json")
    assert list(tmp_path.iterdir()) == []


@given(st.data())
def test_a_damaged_trust_file_gives_a_policy_or_one_of_our_errors(data: st.DataObject) -> None:
    """No foreign exception leaves the reader."""
    text = bytearray(GOOD)
    start = data.draw(st.integers(0, len(text)))
    text[start : start + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    result = samples.attempt(lambda: TrustPolicy.from_json(bytes(text)))
    assert isinstance(result, TrustPolicy | MLSpecError)
