"""What is generated is what the sources give."""

import subprocess

from tools.places import GENERATOR, ROOT


def regenerated(tool: str) -> str:
    """What `python -m tools.<tool> --check` complains of."""
    command = [str(GENERATOR / "python"), "-m", f"tools.{tool}", "--check"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stderr if run.returncode else ""


def test_generated_code_and_schema_are_fresh() -> None:
    """Regenerating python/mlspec/v1 and python/mlspec/schema changes nothing."""
    assert regenerated("generate") == ""


def test_reference_is_fresh() -> None:
    """Regenerating docs/reference changes nothing."""
    assert regenerated("docs") == ""
