"""Secrets and personal data: planted, and never found in what is sealed."""

import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec import open_store
from mlspec.emitting import scrub
from mlspec.emitting.command_line import capture_command
from mlspec.emitting.failing import failure_of
from mlspec.emitting.scrubbing import REDACTED, cut_credentials, is_secret_name

CANARIES = (
    "hunter2",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def",
    "sk-proj-abcdefghijklmnop1234",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "jane.roe@example.com",
    "123-45-6789",
    "4111 1111 1111 1111",
    "Jane Roe",
    "10.20.30.40",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
)

MESSAGES = (
    "could not connect: password=hunter2",
    "could not connect: password: 'hunter2'",
    '{"api_key": "hunter2", "user": "x"}',
    "DB_PASSWORD=hunter2 is wrong",
    "https://user:hunter2@db.example/loans?token=hunter2#hunter2 refused",
    "postgresql+psycopg://loans:hunter2@db.example/loans refused",
    "Authorization: Bearer hunter2hunter2",
    "denied for AKIAIOSFODNN7EXAMPLE",
    "denied for ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def expired",
    "sk-proj-abcdefghijklmnop1234 is invalid",
    "key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY rejected: secret_key=hunter2",
    "no such applicant jane.roe@example.com",
    "ssn 123-45-6789 not found",
    "card 4111 1111 1111 1111 declined",
    "could not convert string to float: 'Jane Roe'",
    'could not convert string to float: "Jane Roe"',
    "no row for `Jane Roe` in table",
    "10.20.30.40 did not answer",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    "session=hunter2; path=/",
    "pin: hunter2",
)


@pytest.mark.parametrize("message", MESSAGES)
def test_no_canary_gets_through(message: str) -> None:
    """In any of the dresses that errors put them in."""
    cleaned = scrub(message)
    assert not [canary for canary in CANARIES if canary in cleaned]


@pytest.mark.parametrize(
    "message",
    [
        "division by zero",
        "the disk said no",
        "model_training.hyperparameters[3].name: must be set",
        "Found array with 0 sample(s) (shape=(0, 5)) while a minimum of 1 is required",
        "HistGradientBoostingClassifier must be fitted before it predicts",
        "No module named sklearn.ensemble.gradient_boosting",
        "index 12 is out of bounds for axis 0 with size 10",
        "can't pickle it, and that's that",
        "no file data/loans/train2024/part-0001",
    ],
)
def test_what_an_engineer_needs_stays(message: str) -> None:
    """Words, paths into messages, shapes and class names are no secrets."""
    assert scrub(message) == message


def test_home_folders_lose_their_owner() -> None:
    """The rest of the path stays."""
    assert scrub("no file /home/jane/loans/in.csv") == "no file ~/loans/in.csv"


@given(st.text(max_size=400))
def test_scrubbing_is_bounded_and_settles(text: str) -> None:
    """Never longer than asked, never a control character, and nothing is left to do."""
    once = scrub(text, limit=100)
    assert len(once) <= 100
    assert not [each for each in once if unicodedata.category(each) == "Cc" and each not in "\n\t"]
    assert len(scrub(once)) <= len(once) + len(REDACTED) * once.count("'")


@given(user=st.text("abcXYZ09%", min_size=1, max_size=8), secret=st.text("abcXYZ09", min_size=6))
def test_credentials_are_cut_from_urls(user: str, secret: str) -> None:
    """User, password, query and fragment; scheme, host and path stay."""
    url = f"https://{user}:{secret}@db.example:5432/loans?sig={secret}#{secret}"
    assert cut_credentials(url) == "https://db.example:5432/loans"


def test_names_of_secrets_are_known() -> None:
    """In snake case, kebab case, camel case and capitals."""
    for name in ("password", "DB_PASSWORD", "api-key", "apiKey", "x.token", "client_secret", "pin"):
        assert is_secret_name(name)
    for name in ("epochs", "pinned_memory", "monkey", "keyboard", "author", "compass", "salted"):
        assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], []),
        (["/usr/bin/python3", "/home/jane/train.py"], ["python3", "train.py"]),
        (["python", "-m", "loans.train"], ["python", "-m", "loans.train"]),
        (["python", "-c", "print('hunter2')"], ["python", "-c", REDACTED]),
        (["python", "-X", "dev", "-u", "t.py"], ["python", "-X", REDACTED, "-u", "t.py"]),
        (["mlspec", "verify", "x.db"], ["mlspec", REDACTED, REDACTED]),
        (["t.py", "--seed", "7", "--epochs=3"], ["t.py", "--seed", "7", "--epochs=3"]),
        (["t.py", "--seed", "hunter2"], ["t.py", "--seed", REDACTED]),
        (["t.py", "--password", "hunter2"], ["t.py", "--password", REDACTED]),
        (["t.py", "--api-key=hunter2"], ["t.py", f"--api-key={REDACTED}"]),
        (["t.py", "-phunter2"], ["t.py", REDACTED]),
        (["t.py", "-p", "hunter2"], ["t.py", "-p", REDACTED]),
        (["t.py", "--data", "x.csv"], ["t.py", "--data", "x.csv"]),
        (["t.py", "--data", "s3://u:hunter2@b/k"], ["t.py", "--data", REDACTED]),
        (["t.py", "--Hunter2"], ["t.py", REDACTED]),
    ],
)
def test_the_command_line_passes_an_allow_list(given: list[str], kept: list[str]) -> None:
    """What is not on it is replaced, argument by argument."""
    assert capture_command(given, allowed={"--data", "--password"}) == kept


def test_a_long_command_line_is_cut() -> None:
    """To what a record may hold."""
    kept = capture_command(["t.py", *["--verbose"] * 400])
    assert len(kept) == 256


def test_an_exception_that_cannot_speak_is_still_named() -> None:
    """A broken `__str__` hides nothing."""

    class MuteError(Exception):
        def __str__(self) -> str:
            raise ValueError("hunter2")

    failure = failure_of(MuteError())
    assert failure.kind.endswith("MuteError")
    assert failure.message == "(its message raised ValueError)"


def test_a_whole_run_with_canaries_leaves_none_in_the_store(tmp_path: Path) -> None:
    """In variables, arguments, messages and URLs of a real process, in a real repository."""
    program = tmp_path / "train.py"
    program.write_text(
        "import sys, mlspec\n"
        "from mlspec import v1\n"
        "key = mlspec.generate_key()\n"
        "try:\n"
        "    with mlspec.Run('loans', store=sys.argv[1], signer=key) as run:\n"
        "        with run.step(v1.ModelTraining()) as step:\n"
        "            raise ValueError('no row for \"CANARY-cell\" at https://a:CANARY-url@b/c')\n"
        "except ValueError:\n"
        "    pass\n"
    )
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=CANARY@x.y"]
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["remote", "add", "origin", "https://jane:CANARY-git@git.example/loans.git"],
        ["add", "train.py"],
        ["commit", "-q", "-m", "CANARY-message"],
    ):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    place = tmp_path / "store.db"
    environ = os.environ | {"SECRET": "CANARY-variable", "AWS_SECRET_ACCESS_KEY": "CANARY-aws"}
    command = [sys.executable, str(program), str(place), "--password", "CANARY-argument"]
    subprocess.run(command, check=True, env=environ, cwd=tmp_path)
    assert b"CANARY" not in place.read_bytes()
    with open_store(place) as store:
        (row,) = store.records(step="model_training")
        environment = store.get(row.digest).peek().header.environment
    assert environment.source_revision.repository_uri == "https://git.example/loans.git"
    assert environment.source_revision.ref_name == "main"
    assert environment.source_revision.dirty is False
    assert len(environment.source_revision.commit) == 40
    assert list(environment.command_line)[1:] == ["train.py", REDACTED, "--password", REDACTED]
    assert {"protobuf", "cryptography"} <= {each.name for each in environment.packages}
    assert json.dumps([each.version for each in environment.packages])
