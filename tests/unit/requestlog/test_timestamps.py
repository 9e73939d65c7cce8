"""Time-stamp tokens prove a time only for the text they are over, by an authority that may.

The authority is `openssl ts`; what we take, `openssl ts -verify` takes, and the reverse.
Names carry the id of the attack. Each has its unaltered twin, which passes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.errors import (
    DecodeError,
    LimitError,
    MLSpecError,
    TamperedError,
    TrustFileError,
    UntrustedError,
    UsageError,
    VerificationError,
)
from mlspec.requestlog.proven_time import ProvenTime, TimeMeans
from mlspec.requestlog.timestamp_requests import MAX_TOKEN, request_for, token_of
from mlspec.requestlog.timestamps import verify_token
from mlspec.requestlog.tsa_der import elements, encode
from tests.unit import samples
from tests.unit.requestlog import logs
from tests.unit.requestlog.authority import Authority, make_authority, openssl

TEXT = b"bank.example/loans/requests\n7\nqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=\n"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Authority]:
    """An authority for each kind of key."""
    folder = tmp_path_factory.mktemp("tsa")
    return {kind: make_authority(folder / kind, kind=kind) for kind in ("p256", "rsa")}


@pytest.fixture(scope="module")
def authority(authorities: dict[str, Authority]) -> Authority:
    """The one that most tests use."""
    return authorities["p256"]


@pytest.fixture(scope="module")
def token(authority: Authority) -> bytes:
    """A good token."""
    return authority.token(TEXT)


@pytest.mark.parametrize("kind", ["p256", "rsa"])
def test_a_token_proves_a_time(authorities: dict[str, Authority], kind: str) -> None:
    """Of RSA and of ECDSA authorities; openssl agrees on which text it is over."""
    made = authorities[kind]
    before = datetime.now(UTC) - timedelta(seconds=1)
    token = made.token(TEXT)
    proven = verify_token(token, TEXT, [made.root])
    assert proven.means is TimeMeans.TIMESTAMP
    assert proven.by == ("CN=time.example",)
    assert before <= proven.time <= datetime.now(UTC) + timedelta(seconds=3)
    assert made.accepts(token, TEXT)
    assert not made.accepts(token, TEXT + b"x")


def test_the_time_is_the_latest_that_the_token_allows(tmp_path: Path) -> None:
    """Whoever says "within a minute" has said no more."""
    made = make_authority(tmp_path / "vague", accuracy=60)
    before = datetime.now(UTC)
    proven = verify_token(made.token(TEXT), TEXT, [made.root])
    assert before + timedelta(seconds=60) <= proven.time
    assert proven.time <= datetime.now(UTC) + timedelta(seconds=61)


def test_a_request_of_ours_is_answered(authority: Authority) -> None:
    """It is read by openssl, and the token in its answer is over the text."""
    response = authority.respond(request_for(TEXT))
    token = token_of(response)
    assert verify_token(token, TEXT, [authority.root]).time
    (authority.folder / "our.tsq").write_bytes(request_for(TEXT))
    shown = openssl("ts", "-query", "-in", authority.folder / "our.tsq", "-text").decode()
    assert "Hash Algorithm: sha256" in shown
    assert "Certificate required: yes" in shown


def test_an_answer_without_a_token_gives_none(authority: Authority) -> None:
    """A rejection has a status and nothing else."""
    refused = encode(0x30, encode(0x30, encode(0x02, b"\x02")))
    for data in (refused, b"", b"junk", b"\x30\x80\x00\x00"):
        with pytest.raises(DecodeError) as caught:
            token_of(data)
        assert caught.value.id == "timestamp.syntax"
    with pytest.raises(LimitError):
        token_of(b"\x00" * (MAX_TOKEN + 1))
    assert token_of(authority.respond(request_for(TEXT)))


def test_t1_token_over_other_bytes(authority: Authority, token: bytes) -> None:
    """Another text, the note with its signatures, and another digest of the right text."""
    assert verify_token(token, TEXT, [authority.root])
    for text in (TEXT[:-1], TEXT + b"\n", b"", logs.checkpoint(7)):
        with pytest.raises(VerificationError) as caught:
            verify_token(token, text, [authority.root])
        assert (caught.value.id, caught.value.exit_code) == ("timestamp.imprint", 1)
    for digest in ("sha1", "sha512"):
        with pytest.raises(VerificationError) as other:
            verify_token(authority.token(TEXT, digest), TEXT, [authority.root])
        assert other.value.id == "timestamp.hash"


@pytest.mark.parametrize(
    "usage",
    ["", "timeStamping", "critical, serverAuth", "critical, timeStamping, serverAuth"],
    ids=["none", "not critical", "another", "one more"],
)
def test_t2_wrong_extended_key_usage(authority: Authority, token: bytes, usage: str) -> None:
    """A certificate of the same authority and key, but not for time-stamping alone."""
    authority.certify("wrong.pem", usage)
    altered = authority.signed_over(token, "wrong.pem")
    with pytest.raises(VerificationError) as caught:
        verify_token(altered, TEXT, [authority.root])
    assert caught.value.id == "timestamp.usage"
    good = authority.signed_over(token, "tsa.pem")
    assert verify_token(good, TEXT, [authority.root])


def swapped(token: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """Return the token with other certificates."""
    (outer,) = elements(token)
    kind, content = elements(outer.content)
    (signed,) = elements(content.content)
    parts = [
        encode(part.tag, b"".join(change([each.whole for each in elements(part.content)])))
        if part.tag == 0xA0
        else part.whole
        for part in elements(signed.content)
    ]
    return encode(0x30, kind.whole + encode(0xA0, encode(0x30, b"".join(parts))))


def _and(*more: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda certificates: [*certificates, *more]


def test_t2_a_twin_certificate_does_not_stand_in(authority: Authority, token: bytes) -> None:
    """A certificate for servers signs; a forged one of its name and number has the right usage."""
    assert verify_token(swapped(token, lambda certificates: certificates), TEXT, [authority.root])
    for server in ("critical, serverAuth", "critical, timeStamping"):
        authority.certify("server.pem", server, serial=77)
        signed = authority.signed_over(token, "server.pem")
        twin = authority.certify("twin.pem", "critical, timeStamping", serial=77)
        both = swapped(signed, _and(twin))
        with pytest.raises(VerificationError) as caught:
            verify_token(both, TEXT, [authority.root])
        assert caught.value.id == "timestamp.usage"


def test_further_certificates_stand_in_any_order(authority: Authority, token: bytes) -> None:
    """OpenSSL writes a chain as it comes; no signature is over its order. Too many are refused."""
    root = authority.root
    for pair in ([root, authority.certificate], [authority.certificate, root]):
        altered = swapped(token, lambda _: pair)  # noqa: B023 - called at once
        assert authority.accepts(altered, TEXT)
        assert verify_token(altered, TEXT, [root])
    many = [
        authority.certify(f"more{number}.pem", "critical, timeStamping") for number in range(17)
    ]
    with pytest.raises(DecodeError):
        verify_token(swapped(token, _and(*many)), TEXT, [root])


def test_an_authority_that_is_not_named_proves_nothing(
    authorities: dict[str, Authority], token: bytes
) -> None:
    """Nor does a file without authorities; the token itself may be good."""
    for roots in ([authorities["rsa"].root], []):
        with pytest.raises(UntrustedError) as caught:
            verify_token(token, TEXT, roots)
        assert (caught.value.id, caught.value.exit_code) == ("timestamp.untrusted", 3)
    assert verify_token(token, TEXT, [authorities["rsa"].root, authorities["p256"].root])


def test_a_token_without_its_certificate_is_refused(authority: Authority, token: bytes) -> None:
    """Nobody can tell offline who signed it."""
    with pytest.raises(VerificationError) as caught:
        verify_token(authority.token(TEXT, certificates=False), TEXT, [authority.root])
    assert caught.value.id == "timestamp.usage"
    assert verify_token(token, TEXT, [authority.root])


def test_an_altered_time_is_noticed(authority: Authority, token: bytes) -> None:
    """By the signature, or already by the certificate, which was not valid for ever."""
    (found,) = re.finditer(rb"\x18\x0f([0-9]{4})[0-9]{10}Z", token)
    for years, error_id in ((-4, "timestamp.untrusted"), (4, "timestamp.signature")):
        year = str(int(found[1]) + years).encode()
        altered = token[: found.start(1)] + year + token[found.end(1) :]
        with pytest.raises(VerificationError) as caught:
            verify_token(altered, TEXT, [authority.root], now=samples.in_days(3000))
        assert caught.value.id == error_id
    assert isinstance(caught.value, TamperedError)
    assert verify_token(token, TEXT, [authority.root])


def test_a_time_that_lies_ahead_is_not_believed(authority: Authority, token: bytes) -> None:
    """By this machine's clock."""
    with pytest.raises(UntrustedError) as caught:
        verify_token(token, TEXT, [authority.root], now=samples.in_days(-1))
    assert caught.value.id == "timestamp.future"
    assert verify_token(token, TEXT, [authority.root], now=samples.in_days(1))


def test_a_proven_time_has_no_other_maker(authority: Authority, token: bytes) -> None:
    """It cannot be made, changed or copied."""
    proven = verify_token(token, TEXT, [authority.root])
    with pytest.raises(TypeError):
        ProvenTime(time=datetime.now(UTC))
    with pytest.raises(AttributeError):
        proven.time = datetime.now(UTC)


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not a module that the user has never heard of."""
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(UsageError) as caught:
        verify_token(b"", TEXT, [])
    assert caught.value.id == "extra.missing"
    assert "mlspec-protobuf[timestamps]" in caught.value.remedy


@settings(max_examples=300)
@given(data=st.data())
def test_nothing_altered_proves_another_time(
    authority: Authority, token: bytes, data: st.DataObject
) -> None:
    """Flipped, cut or spliced, it is refused by an error of ours, or says what it said."""
    text = bytearray(token)
    start = data.draw(st.integers(0, len(text)))
    text[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    result = samples.attempt(lambda: verify_token(bytes(text), TEXT, [authority.root]))
    if not isinstance(result, MLSpecError):
        assert result.time == verify_token(token, TEXT, [authority.root]).time


def _certificate(authority: Authority, *extensions: x509.ExtensionType) -> bytes:
    """A certificate of the authority for the key that signs its tokens, with such extensions."""
    keys = [
        serialization.load_pem_private_key((authority.folder / name).read_bytes(), None)
        for name in ("root.key", "tsa.key")
    ]
    root, signer = (key for key in keys if isinstance(key, ec.EllipticCurvePrivateKey))
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "time.example")]))
        .issuer_name(x509.load_der_x509_certificate(authority.root).subject)
        .public_key(signer.public_key())
        .serial_number(77)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    )
    for extension in extensions:
        made = made.add_extension(extension, critical=True)
    return made.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_t2_a_usage_that_stands_twice(authority: Authority, token: bytes) -> None:
    """Readers differ about which of two decides; names that cannot be read are no better."""
    usage = bytes.fromhex("300a06082b06010505070308")
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.99"), usage)
    twice = _certificate(authority, unknown).replace(
        b"\x06\x03\x55\x1d\x63", b"\x06\x03\x55\x1d\x25"
    )
    address = bytes.fromhex("3004a3023000")
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), address)
    for certificate in (twice, _certificate(authority, odd)):
        path = authority.folder / "altered.pem"
        path.write_bytes(openssl("x509", "-inform", "DER", data=certificate))
        with pytest.raises(DecodeError) as caught:
            verify_token(authority.signed_over(token, "altered.pem"), TEXT, [authority.root])
        assert caught.value.id == "timestamp.syntax"
    assert verify_token(token, TEXT, [authority.root])


def test_t2_certificates_of_no_version(authority: Authority, token: bytes) -> None:
    """X.509 has no version 2 any more: in a token, and as a root, it is refused with words."""
    other = authority.certificate.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020101"))
    with pytest.raises(DecodeError):
        verify_token(swapped(token, _and(other)), TEXT, [authority.root])
    for root in (other, b"junk"):
        with pytest.raises(TrustFileError) as caught:
            verify_token(token, TEXT, [root])
        assert caught.value.id == "trust.certificate"
    assert verify_token(token, TEXT, [authority.root])


def test_a_name_of_an_unknown_kind_of_text(authority: Authority, token: bytes) -> None:
    """The signer's issuer, spelled with a tag that no reader knows."""
    name = b"\x0c\x0croot.example"
    assert name in token
    altered = token.replace(name, b"\xeb" + name[1:])
    with pytest.raises(DecodeError) as caught:
        verify_token(altered, TEXT, [authority.root])
    assert caught.value.id == "timestamp.syntax"


def test_a_clock_names_its_time_zone(authority: Authority, token: bytes) -> None:
    """A time without one is nobody's time."""
    with pytest.raises(UsageError) as caught:
        verify_token(token, TEXT, [authority.root], now=datetime(2050, 1, 1))
    assert caught.value.id == "time.naive"
    assert verify_token(token, TEXT, [authority.root], now=datetime(2050, 1, 1, tzinfo=UTC))
