"""Envelopes, verified by the program openssl, and records that it signed, verified by us."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mlspec.errors import UntrustedError
from mlspec.exporters import sign_statement
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing import (
    Envelope,
    PrivateKey,
    Sealed,
    Signature,
    load_private_key,
    load_public_key,
    pae,
    unseal,
)
from tests.unit import samples
from tests.unit.exporters.cases import output, sealed, verified

pytestmark = pytest.mark.interop

KEYS = [samples.ED25519, samples.ECDSA]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where openssl runs."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def openssl(*arguments: str) -> int:
    """Run the program and return its exit code."""
    return subprocess.run(["openssl", *arguments], capture_output=True, check=False).returncode


def accepted(key: PrivateKey, signed: bytes, sig: bytes) -> bool:
    """Whether openssl takes a signature over these bytes."""
    Path("key.pub").write_text(key.public.to_pem())
    Path("signed").write_bytes(signed)
    Path("sig").write_bytes(sig)
    if key.algorithm == "ed25519":
        command = "pkeyutl -verify -pubin -inkey key.pub -rawin -in signed -sigfile sig"
    else:
        command = "dgst -sha256 -verify key.pub -signature sig signed"
    return openssl(*command.split()) == 0


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_openssl_verifies_what_we_seal(key: PrivateKey) -> None:
    """A record and a statement: the signature is over the PAE, and over nothing else."""
    for envelope in (sealed(output(), key=key).envelope, sign_statement(verified(output()), key)):
        (signature,) = envelope.signatures
        signed = pae(envelope.payload_type, envelope.payload)
        assert accepted(key, signed, signature.sig)
        assert not accepted(key, signed + b" ", signature.sig)
        assert not accepted(key, envelope.payload, signature.sig)


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256"])
def test_we_verify_what_openssl_seals(algorithm: str) -> None:
    """Keys, files and signatures are all openssl's; only the envelope is put together by us."""
    kinds = {
        "ed25519": ["-algorithm", "ed25519"],
        "ecdsa-p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    }
    signs = {
        "ed25519": "pkeyutl -sign -inkey key.pem -rawin -in signed -out sig",
        "ecdsa-p256": "dgst -sha256 -sign key.pem -out sig signed",
    }
    assert openssl("genpkey", *kinds[algorithm], "-out", "key.pem") == 0
    assert openssl("pkey", "-in", "key.pem", "-pubout", "-out", "key.pub") == 0
    private, public = load_private_key("key.pem"), load_public_key("key.pub")
    assert (public.algorithm, private.keyid) == (algorithm, public.keyid)
    payload = sealed(output()).payload
    Path("signed").write_bytes(pae(RECORD_PAYLOAD_TYPE, payload))
    assert openssl(*signs[algorithm].split()) == 0
    signature = Signature(Path("sig").read_bytes())
    taken = Sealed(Envelope(payload, RECORD_PAYLOAD_TYPE, (signature,)))
    assert [who.keyid for who in unseal(taken, samples.trust(private)).signers] == [public.keyid]
    with pytest.raises(UntrustedError):
        unseal(taken, samples.trust(samples.OTHER_ED25519))


def test_a_key_that_openssl_encrypts_is_opened() -> None:
    """And one that we encrypt is opened by openssl; the key's id is that of its DER."""
    key = samples.ECDSA
    Path("ours.pem").write_bytes(key.to_pem(b"pass"))
    assert openssl("pkey", "-in", "ours.pem", "-passin", "pass:pass", "-out", "plain.pem") == 0
    assert load_private_key("plain.pem").keyid == key.keyid
    command = "pkcs8 -topk8 -in plain.pem -passout pass:other -out theirs.pem"
    assert openssl(*command.split()) == 0
    assert load_private_key("theirs.pem", "other").keyid == key.keyid
    assert openssl("pkey", "-in", "plain.pem", "-pubout", "-outform", "DER", "-out", "der") == 0
    command_line = ["openssl", "dgst", "-sha256", "-r", "der"]
    done = subprocess.run(command_line, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == key.keyid
