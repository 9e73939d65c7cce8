"""The rules of the specification, through one door."""

import math

import pytest

from mlspec import v1
from mlspec.errors import ValidationError, Violation
from mlspec.validation import validate, violations
from tests.unit import samples


def test_a_valid_record_has_no_violations() -> None:
    """Validation of a valid message says nothing."""
    assert violations(samples.record()) == []
    validate(samples.record())


def test_every_broken_rule_is_named_by_path_and_id() -> None:
    """Indices are in the path, the words say what must hold and what came."""
    record = samples.record(namespace_name="#")
    record.header.inputs[0].size_bytes = -1
    record.header.inputs.add(name="b").digest.SetInParent()
    found = {violation.path: violation for violation in violations(record)}
    assert found["header.inputs[0].size_bytes"] == Violation(
        "header.inputs[0].size_bytes",
        "int64.gte",
        "must be greater than or equal to 0 (got -1)",
    )
    assert found["header.namespace_name"].message.endswith("(got '#')")
    assert found["header.inputs[1].digest.value"].rule_id == "required"
    with pytest.raises(ValidationError) as caught:
        validate(record)
    assert set(caught.value.violations) == set(found.values())
    assert caught.value.id == "invalid"


def test_p7_numbers_that_decide_nothing() -> None:
    """NaN is refused in words that people know."""
    found = violations(v1.Parameter(name="x", number_value=math.nan))
    assert [violation.path for violation in found] == ["number_value"]
    assert "number" in found[0].message or "Infinity" in found[0].message


def test_private_text_is_not_shown() -> None:
    """What came is shown only where a form was asked for: a credential is not repeated."""
    artifact = v1.Artifact(name="a", uri="https://user:secret@host/x")
    found = violations(artifact)
    assert [violation.rule_id for violation in found] == ["artifact.uri.no_credentials"]
    assert "secret" not in str(found)


def test_what_is_no_message_is_the_callers_mistake() -> None:
    """A TypeError, as for any wrong argument."""
    with pytest.raises((TypeError, AttributeError)):
        validate("record")  # type: ignore[arg-type]
