"""Names that stand in the store a second time."""

from mlspec import records, v1
from mlspec.store.facts import facts_of
from mlspec.store.labels import STAGES, STATES, label_of, stage_label, state_label
from tests.unit.store import making


def test_names_are_those_of_the_specification() -> None:
    """A stage or state that is added there is added here."""
    assert [f"STAGE_{name.upper()}" for name in STAGES] == v1.Stage.keys()
    assert [f"RECORD_STATE_{name.upper()}" for name in STATES] == v1.RecordState.keys()
    assert list(v1.Stage.values()) == list(range(len(STAGES)))
    assert list(v1.RecordState.values()) == list(range(len(STATES)))


def test_what_is_not_known_is_shown_as_its_number() -> None:
    """As the specification asks of readers."""
    for stage in (*records.all_stages(), 0, -1, 99):
        assert stage_label(stage) == records.stage_name(stage)
    assert (state_label(2), state_label(0), state_label(9)) == ("failed", "state 0", "state 9")


def test_a_record_is_called_by_stage_step_and_attempt() -> None:
    """As far as it has them."""
    record = making.sealed("019382aa-3c4e-7b21-9f1e-5d2c6a7b8c90", step="train", attempt=2)
    assert label_of(facts_of(record.peek().header)) == "model_training train#2"
