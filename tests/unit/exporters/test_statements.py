"""Statements: what they say, and what no reader may take."""

import copy
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import v1
from mlspec.codec import from_dict, to_dict
from mlspec.errors import (
    DecodeError,
    InputError,
    MLSpecError,
    NotUnderstoodError,
    SigningError,
    ValidationError,
)
from mlspec.exporters import (
    STATEMENT_JSON,
    Statement,
    Subject,
    predicate_type,
    read_statement,
    sign_statement,
    to_statement,
)
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.records import all_stages
from mlspec.sealing import Envelope, Sealed, pae, unseal
from mlspec.sealing.signers import sign_envelope
from tests.unit import samples
from tests.unit.exporters.cases import MODEL, PLOT, document, output, verified

Alter = Callable[[dict[str, Any]], object]
WHOLE = to_statement(verified(output()))


def read(made: object) -> Statement:
    """Read a statement that is given as data."""
    return read_statement(json.dumps(made).encode())


def refused(alter: Alter, error_id: str) -> InputError:
    """Assert that a statement passes as it is, and is refused once it is altered."""
    made = document()
    assert read(made).record is not None
    alter(made)
    with pytest.raises(InputError) as caught:
        read(made)
    assert caught.value.id == error_id
    return caught.value


def test_a_statement_is_the_record_for_others() -> None:
    """Outputs by SHA-256, a type for stage and version, the record in ProtoJSON, its digest."""
    record = verified(output(), output("plot.png", PLOT))
    made = json.loads(to_statement(record))
    assert made == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "model.json", "digest": {"sha256": MODEL.hex()}},
            {"name": "plot.png", "digest": {"sha256": PLOT.hex()}},
        ],
        "predicateType": "https://github.com/mlspec/mlspec/predicate/object_event/v1",
        "predicate": {
            "sealedRecord": {
                "mediaType": "application/vnd.mlspec.record.v1+protobuf",
                "digest": {"sha256": record.hex},
            },
            "record": to_dict(record.record),
        },
    }
    assert made["predicate"]["record"]["header"]["outputs"][0]["sizeBytes"] == str(2**60)
    statement = read(made)
    assert statement.subjects == (Subject("model.json", MODEL), Subject("plot.png", PLOT))
    assert (statement.record, statement.record_sha256) == (record.record, record.sha256)


def test_every_stage_has_a_type_of_its_own() -> None:
    """A policy can ask for one stage without reading the predicate."""
    types = {predicate_type(stage) for stage in all_stages()}
    assert len(types) == len(all_stages())


def test_a_statement_is_signed_as_dsse_says() -> None:
    """Over its own payload type, by the key that is given."""
    envelope = sign_statement(verified(output()), samples.ECDSA)
    assert envelope.payload_type == STATEMENT_JSON == "application/vnd.in-toto+json"
    (signature,) = envelope.signatures
    assert signature.keyid == samples.ECDSA.keyid
    assert samples.ECDSA.public.fits(signature.sig, pae(STATEMENT_JSON, envelope.payload))


def test_a_signer_that_fails_is_one_of_our_errors() -> None:
    """Whatever it raised."""

    class Broken:
        keyid = "x"

        def sign(self, data: bytes) -> bytes:
            raise ConnectionError("no key service")

    with pytest.raises(SigningError, match="no key service"):
        sign_statement(verified(output()), Broken())


def test_names_become_distinct() -> None:
    """What stands twice is one subject; another file of that name gets a number."""
    made = verified(output("m"), output("m"), output("m#2", MODEL), output("m", PLOT))
    subjects = read_statement(to_statement(made)).subjects
    assert subjects == (Subject("m", MODEL), Subject("m#2", MODEL), Subject("m#3", PLOT))


@pytest.mark.parametrize(
    ("outputs", "error_id"),
    [
        ([], "statement.no_subject"),
        ([v1.Artifact(name="m", digest=v1.Digest(sha512=bytes(64)))], "statement.digest"),
        ([v1.Artifact(name="stream")], "statement.digest"),
        ([output("../../etc/passwd")], "statement.name"),
    ],
)
def test_what_cannot_be_stated_is_refused(outputs: list[v1.Artifact], error_id: str) -> None:
    """Nothing is left out in silence."""
    to_statement(verified(output()))
    with pytest.raises(InputError) as caught:
        sign_statement(verified(*outputs), samples.ED25519)
    assert caught.value.id == error_id
    assert caught.value.path.startswith("header.outputs")
    assert caught.value.source.startswith("record ")


def test_a_record_that_is_not_understood_is_not_stated() -> None:
    """What this version does not know would be lost in JSON."""
    record = samples.record()
    record.header.outputs.append(output())
    unknown_field = b"\xa0\x1f\x01"
    for version, more, stated in (("9.0.0", b"", True), ("9.0.0", unknown_field, False)):
        record.header.spec_version = version
        payload = record.SerializeToString() + more
        signature = sign_envelope(samples.ED25519, RECORD_PAYLOAD_TYPE, payload)
        newer = Sealed(Envelope(payload, RECORD_PAYLOAD_TYPE, (signature,)))
        taken = unseal(newer, samples.trust(samples.ED25519))
        result = samples.attempt(partial(to_statement, taken))
        assert isinstance(result, bytes if stated else NotUnderstoodError)


@pytest.mark.parametrize(
    ("alter", "error_id"),
    [
        (lambda d: d["subject"].append(dict(d["subject"][0])), "statement.twice"),
        (
            lambda d: d["subject"].append({"name": "model.json", "digest": {"sha256": "0" * 64}}),
            "statement.twice",
        ),
        (lambda d: d["subject"][0].update(digest={"sha256": "abc"}), "statement.digest"),
        (lambda d: d["subject"][0].update(digest={"sha256": "a" * 63}), "statement.digest"),
        (lambda d: d["subject"][0].update(digest={"sha256": "a" * 64 + "\n"}), "statement.digest"),
        (
            lambda d: d["subject"][0]["digest"].update(sha256=bytes(MODEL).hex().upper()),
            "statement.digest",
        ),
        (lambda d: d["subject"][0]["digest"].update(sha512="0" * 128), "statement.digest"),
        (lambda d: d["subject"][0].update(digest={"md5": "0" * 32}), "statement.digest"),
        (lambda d: d["subject"][0].update(digest={}), "statement.digest"),
        (lambda d: d["subject"][0].pop("digest"), "statement.digest"),
        (lambda d: d["subject"][0]["digest"].update(sha256="0" * 64), "statement.subject"),
        (lambda d: d["predicate"]["sealedRecord"]["digest"].update(sha1="0"), "statement.digest"),
        (lambda d: d["predicate"]["sealedRecord"]["digest"].update(sha256="0"), "statement.digest"),
    ],
)
def test_s1_subjects_that_leave_a_doubt(alter: Alter, error_id: str) -> None:
    """A name twice, a digest that is short, in upper case, or beside another one."""
    refused(alter, error_id)


@pytest.mark.parametrize(
    ("alter", "error_id"),
    [
        (lambda d: d.update(predicate_type=d["predicateType"]), "statement.twins"),
        (lambda d: d["subject"][0].update(Name="evil"), "statement.twins"),
        (lambda d: d["predicate"].update(sealed_record={}), "statement.twins"),
        (
            lambda d: d["predicate"]["record"]["header"].update(record_id="x"),
            "statement.twins",
        ),
        (
            lambda d: d["predicate"]["record"]["header"]["outputs"][0].update(sizeBytes=2**60),
            "statement.number",
        ),
        (lambda d: d.update(other=-(2**53) - 1), "statement.number"),
    ],
)
def test_s2_two_spellings_and_numbers_that_readers_round(alter: Alter, error_id: str) -> None:
    """At any depth, also in what this reader does not know."""
    refused(alter, error_id)


def test_s2_numbers_that_every_reader_keeps() -> None:
    """2^53 itself is a number like others."""
    made = document()
    made["other"] = 2**53
    assert read(made).record is not None
    made["other"] = 2**53 + 1
    with pytest.raises(InputError) as caught:
        read(made)
    assert (caught.value.id, caught.value.path) == ("statement.number", "other")


def test_s2_a_member_that_stands_twice() -> None:
    """Readers differ about which one they take."""
    text = json.dumps(document())
    read_statement(text.encode())
    with pytest.raises(InputError) as caught:
        read_statement(text.replace('"_type"', '"_type": "x", "_type"', 1).encode())
    assert caught.value.id == "json.duplicate_key"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a/../../b",
        "a//b",
        "./a",
        "..\\..\\windows",
        "a\nb",
        "a\x00",
        "a\x85",
        "x" * 513,
    ],
)
def test_s3_a_name_that_leads_somewhere(name: str) -> None:
    """Programs write files to where names say: none is taken that could lead out."""
    error = refused(lambda d: d["subject"][0].update(name=name), "statement.name")
    assert error.path == "subject[0].name"


@pytest.mark.parametrize(
    ("alter", "error_id"),
    [
        (lambda d: d.update(_type="https://in-toto.io/Statement/v0.1"), "statement.type"),
        (lambda d: d.pop("_type"), "statement.type"),
        (lambda d: d.update(subject=[]), "statement.shape"),
        (lambda d: d.update(subject={}), "statement.shape"),
        (lambda d: d.update(subject=["x"]), "statement.shape"),
        (lambda d: d["subject"][0].update(name=1), "statement.shape"),
        (lambda d: d.update(predicateType=None), "statement.shape"),
        (lambda d: d.update(predicateType="x" * 600), "statement.shape"),
        (lambda d: d.update(predicate=[]), "statement.shape"),
        (lambda d: d["predicate"].pop("record"), "statement.shape"),
        (lambda d: d["predicate"].update(more=1), "statement.shape"),
        (lambda d: d["predicate"].update(sealedRecord=7), "statement.digest"),
        (
            lambda d: d["predicate"]["sealedRecord"].update(mediaType="text/plain"),
            "statement.shape",
        ),
        (lambda d: d.update(predicateType=predicate_type(7)), "statement.type"),
        (lambda d: d["predicate"]["record"].update(evil=1), "fields.unknown"),
        (lambda d: d["predicate"]["record"]["header"].pop("outputs"), "statement.no_subject"),
        (
            lambda d: d["predicate"]["record"]["header"]["outputs"].append(to_dict(output("more"))),
            "statement.subject",
        ),
    ],
)
def test_what_is_no_statement_of_ours(alter: Alter, error_id: str) -> None:
    """Another type, another shape, or a record that says something else than the subjects."""
    refused(alter, error_id)


def test_a_statement_of_somebody_else_is_returned_as_it_is() -> None:
    """With the same care about subjects, and without a record."""
    made = document()
    foreign = {**made, "predicateType": "https://slsa.dev/provenance/v1", "predicate": {"a": [1]}}
    statement = read(foreign)
    assert (statement.record, statement.record_sha256) == (None, b"")
    assert statement.predicate == {"a": [1]}
    assert statement.subjects == (Subject("model.json", MODEL),)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_foreign_exception_comes_out(data: st.DataObject) -> None:
    """Bytes changed, cut or put in anywhere: a statement, or one of our errors."""
    place = data.draw(st.integers(0, len(WHOLE)))
    more = data.draw(st.binary(max_size=4))
    cut = data.draw(st.integers(0, 4))
    changed = WHOLE[:place] + more + WHOLE[place + cut :]
    result = samples.attempt(lambda: read_statement(changed))
    assert isinstance(result, Statement | MLSpecError)


def test_copies_of_a_statement_are_equal() -> None:
    """Reading it again gives the same."""
    made = document()
    assert read(made) == read(copy.deepcopy(made))


@pytest.mark.parametrize(
    ("alter", "kind"),
    [
        (lambda header: header.update(stage="STAGE_MODEL_TRAINING"), DecodeError),
        (lambda header: header.update(specVersion="9.0.0", namespaceName=""), NotUnderstoodError),
        (lambda header: header.update(leastReaderVersion="9.0.0"), MLSpecError),
        (lambda header: header.update(namespaceName=""), ValidationError),
    ],
    ids=["another stage", "a newer version", "for newer readers", "no namespace"],
)
def test_p3_a_record_that_nobody_would_seal(alter: Alter, kind: type[MLSpecError]) -> None:
    """The copy inside keeps the rules of records, whoever signed the statement."""
    made = document()
    assert read(made).record is not None
    alter(made["predicate"]["record"]["header"])
    made["predicateType"] = predicate_type(
        from_dict(v1.Record, made["predicate"]["record"]).header.stage
    )
    with pytest.raises(kind):
        read(made)
