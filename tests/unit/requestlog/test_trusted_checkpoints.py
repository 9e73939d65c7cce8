"""Which time witnesses and authorities prove for a checkpoint, and when they prove none.

Names carry the id of the attack. Each has its unaltered twin, which passes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import v1
from mlspec.errors import (
    LimitError,
    TamperedError,
    TrustFileError,
    UntrustedError,
    VerificationError,
)
from mlspec.requestlog import NoteKey, NoteKeyKind, sign_text
from mlspec.requestlog.notes import Note
from mlspec.requestlog.proven_time import TimeMeans
from mlspec.requestlog.timestamp_requests import MAX_TOKEN
from mlspec.requestlog.trusted_checkpoints import MAX_TOKENS, TrustedCheckpoint, verify_trusted
from mlspec.sealing import TrustPolicy, generate_key, trust_edit
from tests.unit.requestlog import record_logs
from tests.unit.requestlog.authority import Authority, make_authority
from tests.unit.requestlog.logs import ANNA, BORIS, cosigned, witness

CLARA = witness("clara.example/w")
FOUR = (ANNA, BORIS, CLARA, witness("dora.example/w"))
LOG = record_logs.record_log()
EARLY, LATE = 1_700_000_000, 1_700_000_900


def at(seconds: int) -> datetime:
    """A time."""
    return datetime.fromtimestamp(seconds, UTC)


def verified(note: bytes, trust: TrustPolicy, **parts: object) -> TrustedCheckpoint:
    """Verify a checkpoint of the log."""
    return verify_trusted(note, trust.log(record_logs.ORIGIN), trust, **parts)  # type: ignore[arg-type]


def two(first: int = EARLY, second: int = LATE) -> bytes:
    """The checkpoint with two cosignatures."""
    return cosigned(cosigned(LOG.checkpoint(6), ANNA, first), BORIS, second)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority for time."""
    return make_authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.mark.parametrize(
    ("threshold", "seconds", "count"), [(1, EARLY, 1), (2, LATE, 2), (3, LATE + 5, 3)]
)
def test_the_time_is_that_by_which_enough_had_seen_it(
    threshold: int, seconds: int, count: int
) -> None:
    """Of three witnesses, the latest of as many early times as it takes."""
    note = cosigned(two(), CLARA, LATE + 5)
    trust = record_logs.trust(witnesses=(ANNA, BORIS, CLARA), threshold=threshold)
    time = verified(note, trust).time
    assert time is not None
    assert (time.time, time.means, len(time.by)) == (at(seconds), TimeMeans.WITNESSES, count)


def test_one_early_witness_cannot_date_a_checkpoint_back() -> None:
    """Its word alone is not enough, so its time alone is not either."""
    trust = record_logs.trust(witnesses=(ANNA, BORIS, CLARA), threshold=2)
    honest = verified(cosigned(two(LATE, LATE), CLARA, LATE), trust).time
    lying = verified(cosigned(two(1, LATE), CLARA, LATE), trust).time
    assert honest is not None
    assert lying is not None
    assert honest.time == lying.time == at(LATE)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_fewer_liars_than_the_threshold_date_nothing_back(data: st.DataObject) -> None:
    """Whatever times they write, the time proven is not before the first honest witness saw it."""
    threshold = data.draw(st.integers(1, 4))
    liars = data.draw(st.integers(0, threshold - 1))
    times = data.draw(st.lists(st.integers(EARLY, LATE), min_size=4 - liars, max_size=4 - liars))
    lies = data.draw(st.lists(st.integers(1, LATE), min_size=liars, max_size=liars))
    note = LOG.checkpoint(6)
    for each, time in zip(FOUR, [*lies, *times], strict=True):
        note = cosigned(note, each, time)
    found = verified(note, record_logs.trust(witnesses=FOUR, threshold=threshold)).time
    assert found is not None
    assert found.time >= at(min(times))


def test_l11_one_witness_twice_is_one_witness() -> None:
    """Two cosignatures of one key, whatever times they name, are the earlier one."""
    once = cosigned(cosigned(LOG.checkpoint(6), ANNA, EARLY), ANNA, LATE)
    assert verified(once, record_logs.trust()).time is None
    both = verified(cosigned(once, BORIS, EARLY), record_logs.trust()).time
    assert both is not None
    assert both.time == at(EARLY)


def test_l11_a_cosignature_is_not_the_logs_signature() -> None:
    """Witnesses without the log make no checkpoint; nor does a witness that signs as the log."""
    assert verified(two(), record_logs.trust()).time
    signatures = Note.from_bytes(two()).signatures
    text = Note.from_bytes(two()).text
    with pytest.raises(UntrustedError) as caught:
        verified(Note(text, signatures[1:]).to_bytes(), record_logs.trust())
    assert caught.value.id == "note.untrusted"
    posing = NoteKey(record_logs.ORIGIN, NoteKeyKind.LOG, ANNA.signer.public)
    forged = Note(text, (sign_text(text, posing, ANNA.signer), *signatures[1:])).to_bytes()
    with pytest.raises(UntrustedError):
        verified(forged, record_logs.trust())


def test_l11_the_log_is_no_witness_of_itself() -> None:
    """Not by its own key, nor by another one of its holder."""
    own = witness("log@bank.example")
    draft = record_logs.draft(witnesses=(ANNA,), threshold=1)
    draft = trust_edit.add_key(draft, own.signer.public, own.key.name)
    draft = trust_edit.add_witness(draft, own.signer.keyid)
    trust = TrustPolicy(draft)
    assert verified(cosigned(LOG.checkpoint(6), own, EARLY), trust).time is None
    assert verified(cosigned(LOG.checkpoint(6), ANNA, EARLY), trust).time
    draft = record_logs.draft(witnesses=(ANNA,), threshold=1)
    draft.witnesses.keyids.append(record_logs.SIGNER.keyid)
    with pytest.raises(TrustFileError) as caught:
        TrustPolicy(draft)
    assert caught.value.id == "trust.note_key.own"


def revoked(draft: v1.TrustPolicy) -> v1.TrustPolicy:
    """After the cosignature: but whoever has the key can write any date."""
    return trust_edit.revoke_key(draft, ANNA.signer.keyid, at(LATE))


def too_young(draft: v1.TrustPolicy) -> v1.TrustPolicy:
    """The key counts only from a later time on."""
    (key,) = (key for key in draft.keys if key.keyid == ANNA.signer.keyid)
    key.valid_from_time.FromDatetime(at(LATE))
    return draft


def too_old(draft: v1.TrustPolicy) -> v1.TrustPolicy:
    """The key had run out."""
    (key,) = (key for key in draft.keys if key.keyid == ANNA.signer.keyid)
    key.valid_until_time.FromDatetime(at(EARLY))
    return draft


@pytest.mark.parametrize("change", [revoked, too_young, too_old])
def test_c8_a_lapsed_witness_proves_nothing(
    change: Callable[[v1.TrustPolicy], v1.TrustPolicy],
) -> None:
    """Judged at the time that it names, but revocation at any time."""
    assert verified(two(), record_logs.trust()).time is not None
    assert verified(two(), TrustPolicy(change(record_logs.draft()))).time is None


def test_a_revocation_that_is_to_come_takes_nothing_away_yet() -> None:
    """By this machine's clock; from then on no cosignature of the key counts."""
    trust = TrustPolicy(revoked(record_logs.draft()))
    assert verified(two(EARLY, EARLY), trust, now=at(LATE - 1)).time is not None
    assert verified(two(EARLY, EARLY), trust, now=at(LATE)).time is None


def test_a_cosignature_that_lies_ahead_proves_nothing() -> None:
    """By this machine's clock; and times that no calendar has."""
    assert verified(two(), record_logs.trust(), now=at(LATE)).time is not None
    assert verified(two(), record_logs.trust(), now=at(LATE - 1)).time is None
    assert verified(two(EARLY, 2**62), record_logs.trust()).time is None


def test_a_cosignature_that_does_not_fit_condemns_the_note() -> None:
    """Somebody altered it."""
    assert verified(two(), record_logs.trust()).time
    note = Note.from_bytes(two())
    shifted = note.signatures[1].signature[:7] + b"\x01" + note.signatures[1].signature[8:]
    signature = type(note.signatures[1])(
        note.signatures[1].name, note.signatures[1].key_id, shifted
    )
    with pytest.raises(TamperedError):
        verified(Note(note.text, (note.signatures[0], signature)).to_bytes(), record_logs.trust())


def test_the_earliest_outsider_decides(authority: Authority) -> None:
    """A token of now and cosignatures of long ago; a token alone."""
    trust = record_logs.trust(roots=[authority.root])
    token = authority.token(Note.from_bytes(two()).text)
    both = verified(two(), trust, tokens=[token]).time
    assert both is not None
    assert (both.means, both.time) == (TimeMeans.WITNESSES, at(LATE))
    alone = verified(LOG.checkpoint(6), trust, tokens=[token]).time
    assert alone is not None
    assert (alone.means, alone.by) == (TimeMeans.TIMESTAMP, ("CN=time.example",))
    assert verified(LOG.checkpoint(6), trust).time is None


def test_t1_a_token_over_another_checkpoint_is_refused(authority: Authority) -> None:
    """Whatever stands beside it: somebody put it there."""
    trust = record_logs.trust(roots=[authority.root])
    good = authority.token(Note.from_bytes(two()).text)
    other = authority.token(Note.from_bytes(LOG.checkpoint(5)).text)
    assert verified(two(), trust, tokens=[good]).time
    for tokens in ([other], [good, other], [other, good]):
        with pytest.raises(VerificationError) as caught:
            verified(two(), trust, tokens=tokens)
        assert caught.value.id == "timestamp.imprint"


def test_tokens_of_unknown_authorities_are_ignored(authority: Authority, tmp_path: Path) -> None:
    """As signatures of unknown keys are; a trust file without authorities looks at none."""
    stranger = make_authority(tmp_path / "stranger")
    text = Note.from_bytes(LOG.checkpoint(6)).text
    trust = record_logs.trust(roots=[authority.root])
    assert verified(LOG.checkpoint(6), trust, tokens=[stranger.token(text)]).time is None
    both = [stranger.token(text), authority.token(text)]
    assert verified(LOG.checkpoint(6), trust, tokens=both).time
    assert verified(LOG.checkpoint(6), record_logs.trust(), tokens=both).time is None


def test_tokens_are_bounded(authority: Authority) -> None:
    """In number and in size."""
    trust = record_logs.trust(roots=[authority.root])
    token = authority.token(Note.from_bytes(LOG.checkpoint(6)).text)
    assert verified(LOG.checkpoint(6), trust, tokens=[token] * MAX_TOKENS).time
    for tokens in ([token] * (MAX_TOKENS + 1), [bytes(MAX_TOKEN + 1)]):
        with pytest.raises(LimitError):
            verified(LOG.checkpoint(6), trust, tokens=tokens)


def test_c8_the_logs_key_counts_at_the_proven_time() -> None:
    """Revoked later, it counts for what outsiders saw before; without them it does not."""
    draft = trust_edit.revoke_key(record_logs.draft(), record_logs.SIGNER.keyid, at(LATE + 1))
    trust = TrustPolicy(draft)
    assert verified(two(), trust).time
    for note in (LOG.checkpoint(6), two(EARLY, LATE + 1)):
        with pytest.raises(UntrustedError) as caught:
            verified(note, trust)
        assert (caught.value.id, caught.value.exit_code) == ("log.key_lapsed", 3)
    assert verified(LOG.checkpoint(6), trust, at=at(LATE)).time is None


def test_a_witness_that_no_note_can_name_is_refused() -> None:
    """Its identity is the name that it signs under."""
    draft = record_logs.draft(witnesses=(ANNA,), threshold=1)
    verified(two(), TrustPolicy(draft))
    (key,) = (key for key in draft.keys if key.keyid == ANNA.signer.keyid)
    key.identity = "Anna Bell"
    with pytest.raises(TrustFileError) as caught:
        verified(two(), TrustPolicy(draft))
    assert caught.value.id == "trust.note_key.name"


def test_witnesses_that_are_not_asked_for_prove_nothing() -> None:
    """A trust file without witnesses ignores their cosignatures."""
    trust = record_logs.trust(witnesses=())
    assert verified(two(), trust).time is None
    assert verified(two(), record_logs.trust()).time is not None


def test_l11_a_holder_of_another_key_of_the_log_is_no_outsider() -> None:
    """Whoever takes the log over, or has left it, does not witness what the other key signs."""
    outside = record_logs.trust()
    assert verified(two(), outside).time is not None
    draft = record_logs.draft()
    next_key = generate_key()
    draft = trust_edit.add_key(draft, next_key.public, ANNA.key.name)
    known = trust_edit.add_log(
        draft, "bank.example/other", next_key.keyid, kind=v1.LOG_KIND_RECORDS
    )
    assert verify_trusted(two(), TrustPolicy(known).logs[0], TrustPolicy(known)).time is not None
    own = trust_edit.add_log(draft, record_logs.ORIGIN, next_key.keyid, kind=v1.LOG_KIND_RECORDS)
    policy = TrustPolicy(own)
    assert (
        verify_trusted(two(), policy.log(record_logs.ORIGIN, record_logs.SIGNER.keyid), policy).time
        is None
    )


def test_a_clock_that_was_never_set_proves_nothing() -> None:
    """Whoever forgets the time signs for 1970, and would date the log's key back with it."""
    assert verified(two(1, 1), record_logs.trust()).time is not None
    for note in (two(0, LATE), two(0, 0)):
        assert verified(note, record_logs.trust()).time is None
