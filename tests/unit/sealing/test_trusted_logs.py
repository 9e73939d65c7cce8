"""Logs, witnesses, roots of time and requirements of a trust file: read, checked and merged."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mlspec import v1
from mlspec.errors import TrustFileError, UntrustedError, UsageError
from mlspec.sealing import Requirement, TrustPolicy, generate_key, make_successor, trust_edit
from mlspec.sealing.certificates import load_certificate, read_certificate
from tests.unit import samples
from tests.unit.sealing.certificates import certificate

LOG, SECOND_LOG, ANNA, BORIS, AUTHOR = (generate_key() for _ in range(5))
ELLIPTIC = generate_key("ecdsa-p256")
ORIGIN = "bank.example/loans/requests"
SECOND = 10**9


def draft() -> v1.TrustPolicy:
    """A policy with a log, two witnesses, a root and an authority for time."""
    made = samples.policy(AUTHOR, ELLIPTIC)
    for key, identity in (
        (LOG, "log@bank.example"),
        (SECOND_LOG, "log@bank.example"),
        (ANNA, "anna.example/w"),
        (BORIS, "boris.example/w"),
    ):
        made = trust_edit.add_key(made, key.public, identity)
    made = trust_edit.add_log(
        made, ORIGIN, LOG.keyid, kind=v1.LOG_KIND_REQUESTS, namespace_globs=["loans*"]
    )
    made = trust_edit.add_witness(made, ANNA.keyid)
    made = trust_edit.add_witness(made, BORIS.keyid, threshold=2)
    made = trust_edit.add_root_key(made, AUTHOR.keyid)
    made.timestamp_roots.append(certificate("time.example"))
    return made


def test_logs_witnesses_and_roots_of_time_are_read() -> None:
    """Each with what it is believed about."""
    policy = TrustPolicy(draft())
    log = policy.log(ORIGIN)
    assert (log.keyid, log.kind, log.key.identity) == (
        LOG.keyid,
        v1.LOG_KIND_REQUESTS,
        "log@bank.example",
    )
    assert (log.covers("loans/eu"), log.covers("cards")) == (True, False)
    assert policy.witnesses is not None
    assert [key.identity for key in policy.witnesses.keys] == ["anna.example/w", "boris.example/w"]
    assert policy.witnesses.threshold == 2
    (root,) = policy.timestamp_roots
    assert (root.subject, root.valid_until) == ("CN=time.example", datetime(2040, 1, 1, tzinfo=UTC))


def test_a_policy_without_them_believes_nobody_about_time() -> None:
    """No log, no witness, no authority, and nothing asked."""
    policy = samples.trust(AUTHOR)
    assert (policy.logs, policy.witnesses, policy.timestamp_roots) == ((), None, ())
    assert not policy.asks
    assert policy.requirements("loans") == Requirement()


def test_a_log_that_is_not_named_is_not_believed() -> None:
    """Of another origin, or with another key; with two keys, the caller says which."""
    made = draft()
    for arguments in (("bank.example/other",), (ORIGIN, SECOND_LOG.keyid)):
        with pytest.raises(UntrustedError) as caught:
            TrustPolicy(made).log(*arguments)
        assert caught.value.id == "trust.unknown_log"
    made = trust_edit.add_log(made, ORIGIN, SECOND_LOG.keyid, kind=v1.LOG_KIND_REQUESTS)
    with pytest.raises(UsageError) as several:
        TrustPolicy(made).log(ORIGIN)
    assert several.value.id == "trust.log_key"
    assert TrustPolicy(made).log(ORIGIN, SECOND_LOG.keyid).namespace_globs == ("*",)


def elliptic_log(policy: v1.TrustPolicy) -> None:
    """Notes are signed with Ed25519."""
    policy.logs[0].keyid = ELLIPTIC.keyid


def elliptic_witness(policy: v1.TrustPolicy) -> None:
    """So are cosignatures."""
    policy.witnesses.keyids[0] = ELLIPTIC.keyid


def own_witness(policy: v1.TrustPolicy) -> None:
    """A log that witnesses itself."""
    policy.witnesses.keyids.append(LOG.keyid)


def one_holder(policy: v1.TrustPolicy) -> None:
    """Two witness keys of one holder, spelled twice."""
    keys = {key.keyid: key for key in policy.keys}
    keys[BORIS.keyid].identity = "Anna.example/w"
    policy.witnesses.threshold = 1


def same_log(policy: v1.TrustPolicy) -> None:
    """One log and key twice, for different namespaces."""
    policy.logs.add().CopyFrom(policy.logs[0])
    policy.logs[1].namespace_globs[:] = ["*"]


def two_kinds(policy: v1.TrustPolicy) -> None:
    """One origin, two kinds."""
    policy.logs.add().CopyFrom(policy.logs[0])
    policy.logs[1].keyid = SECOND_LOG.keyid
    policy.logs[1].kind = v1.LOG_KIND_RECORDS


def root_of_one(policy: v1.TrustPolicy) -> None:
    """A root of two keys of one person, that asks for two."""
    policy.root.keyids[:] = [LOG.keyid, SECOND_LOG.keyid]
    policy.root.threshold = 2


def no_certificate(policy: v1.TrustPolicy) -> None:
    """A root of time that is none."""
    policy.timestamp_roots.append(b"\x30\x00")


def more_than_a_certificate(policy: v1.TrustPolicy) -> None:
    """Bytes behind the certificate."""
    policy.timestamp_roots[0] += b"\x00"


@pytest.mark.parametrize(
    ("change", "error_id", "path"),
    [
        (elliptic_log, "trust.note_key.algorithm", "logs[0]"),
        (elliptic_witness, "trust.note_key.algorithm", "witnesses.keyids[0]"),
        (own_witness, "trust.note_key.own", "witnesses.keyids[2]"),
        (one_holder, "trust.note_key.holder", "witnesses.keyids[0]"),
        (same_log, "trust.note_key.twice", "logs[1]"),
        (two_kinds, "trust.note_key.kind", "logs[1].kind"),
        (root_of_one, "trust.threshold", "root.threshold"),
        (no_certificate, "trust.certificate", "timestamp_roots[1]"),
        (more_than_a_certificate, "trust.certificate", "timestamp_roots[0]"),
    ],
)
def test_what_makes_no_outsider_is_refused(
    change: Callable[[v1.TrustPolicy], None], error_id: str, path: str
) -> None:
    """When the file is read, not when it is first needed; the unaltered file is read."""
    made = draft()
    TrustPolicy(made)
    change(made)
    with pytest.raises(TrustFileError) as caught:
        TrustPolicy(made)
    assert (caught.value.id, caught.value.path) == (error_id, path)


def test_requirements_that_fit_bind_together() -> None:
    """The strictest of each, whichever glob asks it; others do not bind."""
    made = draft()
    loans = made.requirements.add(namespace_glob="loans*", gate_required=True)
    loans.stages.extend([v1.STAGE_MODEL_TRAINING, v1.STAGE_MODEL_EVALUATION])
    loans.log_retention_duration.FromSeconds(90)
    loans.max_loss_window_duration.FromSeconds(5)
    every = made.requirements.add(namespace_glob="*", record_log_required=True)
    every.stages.extend([v1.STAGE_MODEL_EVALUATION, v1.STAGE_HOLDOUT_TEST])
    every.log_retention_duration.FromSeconds(60)
    every.max_loss_window_duration.FromSeconds(0)
    made.requirements.add(
        namespace_glob="cards",
        timestamp_required=True,
        witnesses_required=True,
        request_log_required=True,
    )
    policy = TrustPolicy(made)
    assert policy.asks
    assert policy.requirements("loans/eu") == Requirement(
        globs=("loans*", "*"),
        stages=frozenset(
            {v1.STAGE_MODEL_TRAINING, v1.STAGE_MODEL_EVALUATION, v1.STAGE_HOLDOUT_TEST}
        ),
        gate=True,
        record_log=True,
        log_retention_ns=90 * SECOND,
        max_loss_window_ns=0,
    )
    cards = policy.requirements("cards")
    assert (cards.timestamps, cards.witnesses, cards.request_log, cards.gate) == (
        True,
        True,
        True,
        False,
    )
    assert cards.names == (
        "stages",
        "timestamps",
        "witnesses",
        "log_retention",
        "request_log",
        "max_loss_window",
        "record_log",
    )


def test_c9_a_file_of_two_certificates_is_refused(tmp_path: Path) -> None:
    """The second would be believed by whoever gave it, and by nobody else."""
    pems = [
        x509.load_der_x509_certificate(certificate(name)).public_bytes(Encoding.PEM)
        for name in ("one.example", "two.example")
    ]
    (tmp_path / "one.pem").write_bytes(pems[0])
    assert read_certificate(load_certificate(tmp_path / "one.pem"), "").subject == "CN=one.example"
    (tmp_path / "both.pem").write_bytes(b"".join(pems))
    with pytest.raises(TrustFileError) as caught:
        load_certificate(tmp_path / "both.pem")
    assert caught.value.id == "trust.certificate"


def test_c9_a_certificate_of_no_version_is_refused(tmp_path: Path) -> None:
    """Whichever form it comes in."""
    der = certificate().replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020101"))
    pem = b"-----BEGIN CERTIFICATE-----\n%b-----END CERTIFICATE-----\n" % base64.encodebytes(der)
    for data in (der, pem):
        (tmp_path / "root").write_bytes(data)
        with pytest.raises(TrustFileError) as caught:
            load_certificate(tmp_path / "root")
        assert caught.value.id == "trust.certificate"


def test_the_last_version_has_no_successor() -> None:
    """Counting on is refused with words."""
    last = draft()
    last.version = 2**63 - 1
    for change in (
        lambda: trust_edit.add_key(last, ELLIPTIC.public, "new@bank.example"),
        lambda: make_successor(TrustPolicy(last), draft(), [AUTHOR]),
    ):
        with pytest.raises(UsageError):
            change()
    with pytest.raises(UsageError) as caught:
        make_successor(TrustPolicy(last), draft(), [AUTHOR])
    assert caught.value.id == "trust.version"


def test_a_time_that_is_none_is_refused() -> None:
    """Messages can hold what text cannot; and a clock must name its time zone."""
    odd = draft()
    odd.expire_time.nanos = -5
    with pytest.raises(TrustFileError) as caught:
        TrustPolicy(odd)
    assert caught.value.id == "trust.time"
    with pytest.raises(UsageError) as naive:
        TrustPolicy(draft()).require_current(datetime(2030, 1, 1))
    assert naive.value.id == "time.naive"
