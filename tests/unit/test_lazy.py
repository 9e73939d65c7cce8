"""The front door opens rooms only when they are entered."""

import subprocess
import sys

import pytest

import mlspec
from mlspec import records, sealing
from tools.places import ROOT


def test_names_are_those_of_the_rooms() -> None:
    """The front door hands on; it defines nothing of its own."""
    assert mlspec.seal is sealing.seal
    assert mlspec.TrustPolicy is sealing.TrustPolicy
    assert set(mlspec.__all__) <= set(dir(mlspec))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mlspec.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_the_version_is_that_of_the_distribution() -> None:
    """pyproject.toml, the package and what records say about their producer agree."""
    text = (ROOT / "pyproject.toml").read_text()
    assert f'\nversion = "{mlspec.__version__}"\n' in text
    header = records.new_header(records.all_stages()[0], namespace="n", run_id=records.new_id())
    assert header.producer.version == mlspec.__version__


def test_sealing_loads_no_validator_before_it_validates() -> None:
    """Commands that only show or convert do not pay for the validator, YAML or JSON's reader."""
    code = (
        "import sys, mlspec; mlspec.seal, mlspec.unseal, mlspec.artifact\n"
        "heavy = {'protovalidate', 'yaml', 'sqlalchemy', 'google.protobuf.json_format'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "[]"
