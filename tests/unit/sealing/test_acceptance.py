"""Unknown fields, newer versions and annotations: what a reader may make of a record."""

import pytest

from mlspec import codec, v1
from mlspec.codec import Format
from mlspec.errors import (
    DecodeError,
    InputError,
    NotUnderstoodError,
    UnacceptableError,
    UnknownFieldsError,
    ValidationError,
)
from mlspec.sealing import accept, unseal
from tests.unit import samples
from tests.unit.sealing.test_unseal import TRUST, signed

UNKNOWN = b"\xa0\x3f\x01"
NEWER = "99.1.0"


def payload(**header: object) -> bytes:
    """An encoded record with other header fields."""
    return samples.record(**header).SerializeToString()


def test_a_record_of_this_version_is_understood() -> None:
    """No doubts, and all rules were applied."""
    accepted = accept(payload())
    assert accepted.doubts == ()
    with pytest.raises(ValidationError):
        accept(payload(namespace_name=""))


def test_unknown_fields_in_a_record_that_is_not_newer_are_smuggled() -> None:
    """Its version has no such field."""
    with pytest.raises(UnknownFieldsError) as caught:
        accept(payload() + UNKNOWN)
    assert caught.value.path == "#1012"


def test_a_newer_record_with_unknown_fields_is_kept_and_doubted() -> None:
    """It is verified and handed on whole, but not called understood."""
    data = payload(spec_version=NEWER) + UNKNOWN
    accepted = accept(data)
    assert accepted.record.SerializeToString() == data
    assert accepted.doubts == ("#1012: is a field of a newer version",)
    verified = unseal(signed(data, samples.ED25519), TRUST)
    assert not verified.fully_understood
    assert verified.payload == data
    with pytest.raises(NotUnderstoodError):
        verified.require_understood()


def test_a_newer_record_that_this_reader_understands_is_not_doubted() -> None:
    """Its writer says that older readers lose nothing, and nothing is unknown."""
    assert accept(payload(spec_version=NEWER)).doubts == ()


def test_a_record_that_asks_for_a_newer_reader_is_doubted() -> None:
    """Its writer says so, even if every field is known."""
    doubts = accept(payload(spec_version=NEWER, least_reader_version=NEWER)).doubts
    assert len(doubts) == 1
    assert NEWER in doubts[0]


def test_rules_of_this_version_do_not_refuse_a_newer_record() -> None:
    """A value that only a newer version defines is a doubt, not a violation."""
    accepted = accept(payload(spec_version=NEWER, state=99))
    assert "header.state" in accepted.doubts[0]
    with pytest.raises(ValidationError):
        accept(payload(state=99))


def test_a_reader_version_newer_than_the_record_is_refused() -> None:
    """Nobody needs a newer reader than the writer was."""
    with pytest.raises(InputError) as caught:
        accept(payload(least_reader_version=NEWER))
    assert caught.value.id == "version.order"


def test_a_version_that_is_none_is_refused() -> None:
    """The header's versions parse in every version of the specification."""
    for text in ("", "1", "1.0", "1.0.0.0", "01.0.0", "v1.0.0", "1.0.0-", "9" * 80 + ".0.0"):
        with pytest.raises(InputError):
            accept(payload(spec_version=text))


def test_an_annotation_that_must_be_understood() -> None:
    """Who does not know it must not rely on the record; who does says so."""
    record = samples.record()
    record.header.annotations.add(name="bank.example/tier", duty=v1.ANNOTATION_DUTY_MUST_UNDERSTAND)
    data = record.SerializeToString()
    with pytest.raises(NotUnderstoodError) as caught:
        accept(data)
    assert caught.value.path == "header.annotations[0]"
    assert accept(data, understands={"bank.example/tier"}).record == record
    sealed = signed(data, samples.ED25519)
    with pytest.raises(UnacceptableError) as refused:
        unseal(sealed, TRUST)
    assert refused.value.exit_code == 2
    assert unseal(sealed, TRUST, understands=["bank.example/tier"])


def test_an_ignorable_annotation_is_ignored() -> None:
    """It changes nothing."""
    record = samples.record()
    record.header.annotations.add(name="bank.example/tier", duty=v1.ANNOTATION_DUTY_IGNORABLE)
    assert accept(record.SerializeToString()).doubts == ()


def test_a_newer_record_of_an_unknown_stage_can_be_named() -> None:
    """The header alone says what it is, and that this reader cannot read it."""
    data = v1.Record(header=samples.record(spec_version=NEWER, stage=0).header)
    data.header.stage = 99  # type: ignore[assignment]
    accepted = accept(data.SerializeToString() + b"\x8a\x07\x00")
    assert not accepted.record.WhichOneof("body")
    assert accepted.doubts


def test_p3_holds_for_newer_records_too() -> None:
    """A known body under another stage is refused whatever the version."""
    record = samples.record(spec_version=NEWER)
    record.header.stage = v1.STAGE_RUN_MANIFEST
    with pytest.raises(InputError) as caught:
        accept(record.SerializeToString())
    assert caught.value.id == "record.stage"


@pytest.mark.parametrize("form", [Format.JSON, Format.YAML, Format.TEXT])
def test_a_newer_record_in_a_text_form_says_that_it_is_newer(form: Format) -> None:
    """What cannot be read for its age is not called broken; what is broken is."""
    text = codec.encode(samples.record(spec_version=NEWER), form)
    assert accept(text, form).record.header.spec_version == NEWER
    added = text.replace(b"OBJECT_ACTION_DEPRECATE", b"OBJECT_ACTION_SPLIT")
    with pytest.raises(NotUnderstoodError) as caught:
        accept(added, form)
    assert NEWER in caught.value.message
    with pytest.raises(DecodeError):
        accept(added.replace(NEWER.encode(), b"0.1.0"), form)
    with pytest.raises(DecodeError):
        accept(added.replace(NEWER.encode(), b"1.x"), form)
