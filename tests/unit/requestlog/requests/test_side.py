"""A side record is bound to its leaf, and is verified before it is parsed."""

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec import v1
from mlspec.codec import read
from mlspec.errors import DecodeError, LimitError, UsageError, ValidationError, VerificationError
from mlspec.requestlog.requests import make_side, open_detail
from mlspec.validation import validate
from tests.unit.requestlog.requests.people import ANNA, detail, inference

VECTORS = Path(__file__).parents[4] / "vectors/v1"


def bound() -> tuple[v1.LogEntry, v1.SideRecord]:
    """An entry and its side record."""
    entry = inference(7)
    return entry, make_side(entry, detail(ANNA))


def test_what_was_bound_comes_back() -> None:
    """Salted anew each time; entry and side record keep the rules."""
    (entry, side), (other, other_side) = bound(), bound()
    validate(entry)
    validate(side)
    assert open_detail(entry, side) == detail(ANNA)
    assert side.salt != other_side.salt
    assert entry.inference.side_hmac_sha256 != other.inference.side_hmac_sha256


def test_feedback_has_side_records_too() -> None:
    """A comment in words is bound like a request."""
    entry = inference(7)
    entry.feedback.request_id = "r-1"
    entry.feedback.feedback_time.seconds = 1
    side = make_side(entry, v1.RequestDetail(comment="he called again"))
    validate(entry)
    assert open_detail(entry, side).comment == "he called again"


def test_the_specifications_side_record_fits_its_leaf() -> None:
    """The vectors of the page about logging."""
    entry = read(v1.LogEntry, VECTORS / "log_entry/full.txtpb")
    side = read(v1.SideRecord, VECTORS / "side_record/full.txtpb")
    assert open_detail(entry, side).HasField("request_line")


@pytest.mark.parametrize("field", ["salt", "content"])
@given(at=st.integers(0, 10_000), change=st.integers(1, 255))
def test_any_changed_byte_is_noticed(field: str, at: int, change: int) -> None:
    """In the salt as in the content; unaltered, the same side record opens."""
    entry, side = bound()
    open_detail(entry, side)
    data = bytearray(getattr(side, field))
    data[at % len(data)] ^= change
    setattr(side, field, bytes(data))
    with pytest.raises(VerificationError) as caught:
        open_detail(entry, side)
    assert caught.value.id == "log.side.hmac"


def test_a_longer_salt_of_the_same_key_is_refused() -> None:
    """HMAC fills keys up with zeros, so that two salts would give one hash."""
    entry, side = bound()
    side.salt += b"\0"
    with pytest.raises(VerificationError) as caught:
        open_detail(entry, side)
    assert caught.value.id == "log.side.hmac"


def test_another_entrys_side_record_is_refused() -> None:
    """By place, and by origin."""
    entry, side = bound()
    for change in ({"sequence_number": 8}, {"origin": "elsewhere.example/log"}):
        moved = v1.SideRecord()
        moved.CopyFrom(side)
        moved.MergeFrom(v1.SideRecord(**change))
        with pytest.raises(VerificationError) as caught:
            open_detail(entry, moved)
        assert caught.value.id == "log.side.place"


def test_an_entry_that_binds_none_has_none() -> None:
    """Whatever lies beside it."""
    entry, side = bound()
    entry.inference.ClearField("side_hmac_sha256")
    with pytest.raises(VerificationError) as caught:
        open_detail(entry, side)
    assert caught.value.id == "log.side.unbound"


def test_content_that_is_no_detail_is_refused_after_it_was_verified() -> None:
    """What was bound can still be rubbish, and then says so."""
    entry, side = bound()
    side.content = b"\xff" * 8
    entry.inference.side_hmac_sha256 = hmac.digest(side.salt, side.content, hashlib.sha256)
    with pytest.raises(DecodeError):
        open_detail(entry, side)


def test_only_what_the_rules_allow_is_bound() -> None:
    """Too long a name, too much content, nothing at all, another kind of entry."""
    entry = inference(7)
    with pytest.raises(ValidationError):
        make_side(entry, v1.RequestDetail(host="h" * 256))
    parts = [v1.RequestContent(content=b"x" * 524_288) for _ in range(3)]
    with pytest.raises(LimitError):
        make_side(entry, v1.RequestDetail(inputs=parts))
    with pytest.raises(UsageError):
        make_side(entry, v1.RequestDetail())
    with pytest.raises(UsageError):
        make_side(v1.LogEntry(origin="o", opened=v1.LogOpened()), detail(ANNA))
    assert not entry.inference.HasField("side_hmac_sha256")
