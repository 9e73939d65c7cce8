"""Bundles, verified by the code of sigstore, which nobody here wrote, and the reverse."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlspec.exporters import read_bundle, read_statement, sign_statement, to_bundle
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing import PrivateKey, Sealed, unseal
from tests.unit import samples
from tests.unit.exporters.cases import output, sealed, verified

PROGRAM = Path(__file__).with_name("sigstore")
KEYS = [samples.ED25519, samples.ECDSA]

pytestmark = pytest.mark.interop

Run = Callable[[str, dict[str, Any]], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The node program, with the packages that its lock file names."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    place = tmp_path_factory.mktemp("sigstore")
    for name in ("package.json", "package-lock.json", ".npmrc", "main.mjs"):
        shutil.copy(PROGRAM / name, place)
    subprocess.run(["npm", "ci", "--silent"], cwd=place, check=True, capture_output=True)

    def call(command: str, given: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["node", "main.mjs", command],
            cwd=place,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def trusting(*keys: PrivateKey) -> dict[str, str]:
    """Keys as the program takes them: by hint."""
    return {key.keyid: key.public.to_pem() for key in keys}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_sigstore_verifies_our_bundles(run: Run, key: PrivateKey) -> None:
    """Of a record and of a statement; what it saw is what we signed."""
    for envelope in (sealed(output(), key=key).envelope, sign_statement(verified(output()), key)):
        bundle = json.loads(to_bundle(envelope))
        done = run("check", {"bundle": bundle, "keys": trusting(key)})
        assert (done.returncode, done.stderr) == (0, "")
        seen = json.loads(done.stdout)
        assert base64.b64decode(seen["payload"]) == envelope.payload
        assert seen["payloadType"] == envelope.payload_type


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_sigstore_refuses_our_bundles_when_they_are_altered(run: Run, key: PrivateKey) -> None:
    """The check above can fail: payload, type, signature and key are all looked at."""
    text = to_bundle(sealed(output(), key=key).envelope)
    assert run("check", {"bundle": json.loads(text), "keys": trusting(key)}).returncode == 0
    other = {key.keyid: samples.OTHER_ED25519.public.to_pem()}
    assert run("check", {"bundle": json.loads(text), "keys": other}).returncode == 1
    for part, value in (
        ("payload", base64.b64encode(b"other").decode()),
        ("payloadType", "application/vnd.in-toto+json"),
        ("signatures", [{"sig": base64.b64encode(bytes(64)).decode(), "keyid": key.keyid}]),
        ("signatures", []),
    ):
        altered = json.loads(text)
        altered["dsseEnvelope"][part] = value
        done = run("check", {"bundle": altered, "keys": trusting(key)})
        assert done.returncode == 1, part
        assert done.stderr, part


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_we_verify_the_bundles_of_sigstore(run: Run, key: PrivateKey) -> None:
    """A record that node signed, in a bundle that sigstore built."""
    record = sealed(output(), key=samples.OTHER_ED25519)
    given = {
        "payload": base64.b64encode(record.payload).decode(),
        "payloadType": RECORD_PAYLOAD_TYPE,
        "privateKey": key.to_pem(None).decode(),
        "hint": key.keyid,
    }
    done = run("make", given)
    assert (done.returncode, done.stderr) == (0, "")
    taken = Sealed(read_bundle(done.stdout.encode()))
    assert taken.payload == record.payload
    assert [who.keyid for who in unseal(taken, samples.trust(key)).signers] == [key.keyid]


def test_a_statement_comes_through_a_bundle_of_sigstore(run: Run) -> None:
    """What it signs as in-toto is read as strictly as ours."""
    payload = sign_statement(verified(output()), samples.ECDSA).payload
    given = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": "application/vnd.in-toto+json",
        "privateKey": samples.ECDSA.to_pem(None).decode(),
        "hint": "anything",
    }
    envelope = read_bundle(run("make", given).stdout.encode())
    assert read_statement(envelope.payload).record is not None
    assert envelope.signatures[0].keyid == "anything"
