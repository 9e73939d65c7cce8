"""How the log was opened: whoever builds a bundle does not choose what the writer declared."""

from __future__ import annotations

from mlspec import v1
from mlspec.evidence import Bundle, verify
from mlspec.sealing import TrustPolicy
from tests.unit.evidence.making import Case, another_log, answer, failing, open_log, remade, serving
from tests.unit.evidence.making import start as start_deployment
from tests.unit.evidence.people import policy

SECOND = ("opened/3.bin", "opened/3.tlog")


def reopened(case: Case, name: str, *, restart: bool) -> Bundle:
    """A log that is opened again, buffered this time, and a request after that."""
    made = another_log(case, name)
    model = serving(case).to_model
    with open_log(made) as log:
        start_deployment(made, log, model)
        answer(made, log, model, 0)
    buffered = v1.LogDurability(buffered=v1.BufferedDurability(loss_window_entry_count=100))
    buffered.buffered.loss_window_duration.seconds = 2
    with open_log(made, durability=buffered) as log:
        if restart:
            start_deployment(made, log, model)
        answer(made, log, model, 1)
    return Bundle.open(made.build(f"{name}-bundle", request=1))


def test_an_opening_among_the_leaves_between_cannot_be_left_out(case: Case) -> None:
    """The first one declares that no answer goes out before its entry is on disk."""
    built = reopened(case, "hidden", restart=False)
    draft = policy()
    draft.requirements.add(namespace_glob="*").max_loss_window_duration.seconds = 1
    strict = TrustPolicy(draft)
    assert [link for link, _ in failing(verify(built, strict))] == ["requirement.max_loss_window"]
    hidden = remade(built, dict.fromkeys(SECOND))
    for trust in (strict, case.trust):
        assert failing(verify(hidden, trust)) == [("log.in_force", "log.opened_superseded")]
    assert verify(built, case.trust).exit_code == 0


def test_an_opening_before_the_change_is_told_as_far_as_it_is_shown(case: Case) -> None:
    """Nothing shows the leaves before the change: a later opening may be among them."""
    built = reopened(case, "unseen", restart=True)
    (link,) = verify(built, case.trust).of("log.opened")
    assert ("leaf 3" in link.words, "not shown" in link.words) == (True, False)
    hidden = remade(built, dict.fromkeys(SECOND))
    (link,) = verify(hidden, case.trust).of("log.opened")
    assert "leaf 0" in link.words
    assert "not shown: whether one of the 3 leaves" in link.words
