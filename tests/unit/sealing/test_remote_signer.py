"""A signer that lives in another process is plugged in by its two members alone."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlspec
from mlspec import records, v1
from mlspec.errors import SigningError
from mlspec.sealing import (
    PrivateKey,
    PublicKey,
    Signer,
    TrustPolicy,
    accept_successor,
    make_successor,
    trust_edit,
)
from tests.unit import samples

SERVICE = Path(__file__).with_name("key_service.py")
REFUSED = "forbidden"


class PipeSigner:
    """What a user writes for a key service: an id, and a way to have bytes signed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(SERVICE), REFUSED],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.der = self._read()
        self.keyid = hashlib.sha256(self.der).hexdigest()

    def sign(self, data: bytes) -> bytes:
        """Let the service sign."""
        assert self._process.stdin is not None
        self._process.stdin.write(len(data).to_bytes(4, "big") + data)
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the service."""
        self._process.communicate(timeout=30)

    def _read(self) -> bytes:
        assert self._process.stdout is not None
        head = self._process.stdout.read(4)
        if not head:
            raise ConnectionError("the service hung up")
        return self._process.stdout.read(int.from_bytes(head, "big"))


@pytest.fixture
def remote() -> Iterator[PipeSigner]:
    """A running key service."""
    signer = PipeSigner()
    yield signer
    signer.close()


def public(signer: PipeSigner) -> PublicKey:
    """The service's public key, as it would be handed over in a file."""
    body = base64.encodebytes(signer.der).decode()
    text = f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n"
    return PublicKey.from_pem(text.encode())


def believing(signer: PipeSigner) -> v1.TrustPolicy:
    """A policy in which the service's key may say everything, and is the root."""
    draft = trust_edit.new_policy(samples.in_days(30))
    draft = trust_edit.add_key(draft, public(signer), "kms@bank.example")
    draft = trust_edit.add_role(draft, "all", [signer.keyid], stages=records.all_stages())
    return trust_edit.add_root_key(draft, signer.keyid)


def test_a_key_in_another_process_seals(remote: PipeSigner) -> None:
    """The library sees an id and signatures, and never a private key."""
    assert isinstance(remote, Signer)
    assert not isinstance(remote, PrivateKey)
    sealed = mlspec.seal(samples.record(), remote)
    verified = mlspec.unseal(sealed, TrustPolicy(believing(remote)))
    assert [signer.identity for signer in verified.signers] == ["kms@bank.example"]


def test_a_run_signs_with_a_key_in_another_process(remote: PipeSigner, tmp_path: Path) -> None:
    """Every record of a run, and its manifest."""
    place = tmp_path / "store.db"
    with (
        mlspec.Run("loan-approval", store=place, signer=remote, namespace="loans") as run,
        run.step(v1.ModelTraining(algorithm="ridge"), name="train") as step,
    ):
        step.skip("for the test")
    with mlspec.open_store(place, create=False) as store:
        report = store.verify(TrustPolicy(believing(remote)))
        assert report.exit_code == 0
        assert len(list(store.records())) == 2


def test_a_key_in_another_process_is_a_root(remote: PipeSigner) -> None:
    """Trust files are signed through the same two members."""
    old = TrustPolicy(believing(remote))
    made = make_successor(old, old.message, [remote])
    assert accept_successor(old, made).version == old.version + 1


def test_a_service_that_hangs_up_is_an_error_of_ours(remote: PipeSigner) -> None:
    """With what its client said; the record is not sealed."""
    mlspec.seal(samples.record(), remote)
    record = samples.record()
    record.object_event.reason = REFUSED
    with pytest.raises(SigningError, match="the service hung up"):
        mlspec.seal(record, remote)
