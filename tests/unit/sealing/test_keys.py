"""Keys are made, written for their owner only, and read back; nothing else passes for one."""

import os
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from mlspec.errors import InputError, KeyFileError, SigningError, UnreadableError, UsageError
from mlspec.sealing import (
    ALGORITHMS,
    PrivateKey,
    PublicKey,
    Signer,
    generate_key,
    load_private_key,
    load_public_key,
    load_signer,
    write_private_key,
    write_public_key,
)
from mlspec.sealing.signers import sign_envelope
from tests.unit import samples


def pem(key: object) -> bytes:
    """A private key of cryptography's as unencrypted PKCS#8."""
    return key.private_bytes(  # type: ignore[attr-defined, no-any-return]
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_pair_survives_its_files(algorithm: str, tmp_path: Path) -> None:
    """What the written private key signs, the written public key verifies."""
    key = generate_key(algorithm)
    write_private_key(key, tmp_path / "key.pem", "secret")
    write_public_key(key.public, tmp_path / "key.pub")
    private = load_private_key(tmp_path / "key.pem", "secret")
    public = load_public_key(tmp_path / "key.pub")
    assert private.keyid == public.keyid == key.keyid
    assert public.algorithm == algorithm
    assert public.fits(private.sign(b"data"), b"data")
    assert not public.fits(private.sign(b"data"), b"date")


def test_the_keyid_is_that_of_openssl(tmp_path: Path) -> None:
    """Anybody can compute it: SHA-256 of the key's DER SubjectPublicKeyInfo."""
    write_public_key(samples.ECDSA.public, tmp_path / "key.pub")
    command = ["openssl", "pkey", "-pubin", "-in", "key.pub", "-outform", "DER"]
    der = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    hashed = subprocess.run(["sha256sum"], input=der, capture_output=True, check=True).stdout
    assert hashed.split()[0].decode() == samples.ECDSA.keyid


def test_a_private_key_is_its_owners_alone(tmp_path: Path) -> None:
    """Mode 0600 whatever the umask, encrypted, nothing beside it."""
    path = tmp_path / "key.pem"
    old = os.umask(0)
    try:
        write_private_key(samples.ED25519, path, "secret")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"ENCRYPTED" in path.read_bytes()
    assert os.listdir(tmp_path) == ["key.pem"]


def test_no_key_is_overwritten(tmp_path: Path) -> None:
    """Losing a key to a slip of the hand is not possible."""
    path = tmp_path / "key.pem"
    write_private_key(samples.ED25519, path, None)
    with pytest.raises(InputError) as caught:
        write_private_key(samples.ECDSA, path, None)
    assert caught.value.id == "file.exists"
    assert load_private_key(path).keyid == samples.ED25519.keyid
    assert os.listdir(tmp_path) == ["key.pem"]


def test_no_key_is_written_through_a_symlink(tmp_path: Path) -> None:
    """A link in the key's place is a file that exists, even if it leads nowhere."""
    (tmp_path / "key.pem").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError):
        write_private_key(samples.ED25519, tmp_path / "key.pem", None)
    assert not (tmp_path / "elsewhere").exists()


def test_an_unwritable_place_is_one_clear_error(tmp_path: Path) -> None:
    """A missing folder ends in one of our errors."""
    with pytest.raises(UnreadableError) as caught:
        write_private_key(samples.ED25519, tmp_path / "missing" / "key.pem", None)
    assert caught.value.id == "file.unwritable"


def test_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given, asked for, or in the variable; wrong or missing ones are refused with the remedy."""
    monkeypatch.delenv("MLSPEC_KEY_PASSWORD", raising=False)
    path = tmp_path / "key.pem"
    write_private_key(samples.ED25519, path, lambda: "secret")
    for good in ("secret", b"secret", lambda: "secret"):
        assert load_private_key(path, good).keyid == samples.ED25519.keyid
    for bad in ("wrong", None, b""):
        with pytest.raises(KeyFileError) as caught:
            load_private_key(path, bad)
        assert caught.value.id == "key.password"
        assert caught.value.source == str(path)
        assert "MLSPEC_KEY_PASSWORD" in caught.value.remedy
    monkeypatch.setenv("MLSPEC_KEY_PASSWORD", "secret")
    assert load_private_key(path).keyid == samples.ED25519.keyid
    with pytest.raises(KeyFileError):
        write_private_key(samples.ED25519, tmp_path / "other.pem", "")


def test_an_unencrypted_key_needs_no_password(tmp_path: Path) -> None:
    """A password that is not needed does no harm."""
    write_private_key(samples.ED25519, tmp_path / "key.pem", None)
    assert load_private_key(tmp_path / "key.pem", "whatever").keyid == samples.ED25519.keyid


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
    ids=["P-384", "RSA"],
)
def test_d5_other_curves_and_kinds(key: ec.EllipticCurvePrivateKey, tmp_path: Path) -> None:
    """Only Ed25519 and P-256 pass, as private keys and as public ones."""
    (tmp_path / "key.pem").write_bytes(pem(key))
    with pytest.raises(KeyFileError) as caught:
        load_private_key(tmp_path / "key.pem")
    assert caught.value.id == "key.kind"
    with pytest.raises(KeyFileError):
        PublicKey(key.public_key())


@pytest.mark.parametrize("data", [b"", b"junk", b"-----BEGIN PRIVATE KEY-----\nAA==\n", b"\0" * 99])
def test_junk_is_no_key(data: bytes, tmp_path: Path) -> None:
    """A file that is no key ends in one of our errors that names it."""
    (tmp_path / "key.pem").write_bytes(data)
    for load in (load_private_key, load_public_key):
        with pytest.raises(KeyFileError) as caught:
            load(tmp_path / "key.pem")
        assert caught.value.source.endswith("key.pem")


def test_d4_one_key_has_one_id() -> None:
    """Another DER spelling of a P-256 key (compressed point) does not give it a second id."""
    made = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = made.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )
    der = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point
    again = serialization.load_der_public_key(der)
    assert PublicKey(again).keyid == PublicKey(made).keyid


def test_d5_raw_signatures_are_not_der() -> None:
    """An ECDSA key takes DER only, an Ed25519 key 64 raw bytes only."""
    good = samples.ECDSA.sign(b"data")
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(good)
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert samples.ECDSA.public.fits(good, b"data")
    assert not samples.ECDSA.public.fits(raw, b"data")
    assert not samples.ED25519.public.fits(good, b"data")
    assert not samples.ECDSA.public.fits(samples.ED25519.sign(b"data"), b"data")
    for junk in (b"", b"\x30", b"\x30" * 70, bytes(64), bytes(1024)):
        assert not samples.ECDSA.public.fits(junk, b"data")
        assert not samples.ED25519.public.fits(junk, b"data")


def test_a_signer_is_a_path_a_text_or_itself(tmp_path: Path) -> None:
    """Whatever names a key can sign."""
    write_private_key(samples.ED25519, tmp_path / "key.pem", None)
    for source in (str(tmp_path / "key.pem"), tmp_path / "key.pem", samples.ED25519.to_pem(None)):
        assert load_signer(source).keyid == samples.ED25519.keyid
    assert load_signer(samples.ED25519) is samples.ED25519
    assert isinstance(samples.ED25519, Signer)
    with pytest.raises(UsageError):
        load_signer(7)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        generate_key("rsa")


class Plugged:
    """A signer as a key service's adapter would be."""

    def __init__(self, answer: object) -> None:
        self.keyid = samples.ED25519.keyid
        self.answer = answer

    def sign(self, data: bytes) -> bytes:
        """Give the answer, or fail with it."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]


@pytest.mark.parametrize("answer", [ConnectionError("gone"), None, b"", "text", bytes(1025)])
def test_a_plugged_signer_that_fails_ends_in_one_of_our_errors(answer: object) -> None:
    """A key service's own exceptions do not cross the front door."""
    assert sign_envelope(Plugged(b"sig"), "type", b"payload").sig == b"sig"
    with pytest.raises(SigningError):
        sign_envelope(Plugged(answer), "type", b"payload")


def test_a_private_key_does_not_show_itself() -> None:
    """Neither repr nor str give the key away."""
    key = PrivateKey(ed25519.Ed25519PrivateKey.generate())
    assert key.keyid[:16] in repr(key)
    assert "BEGIN" not in repr(key)
