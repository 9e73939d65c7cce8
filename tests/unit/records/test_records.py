"""Ids, versions, headers, references, and which body belongs to which stage."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec import records, v1
from mlspec.errors import InputError, UsageError
from mlspec.records import Version
from mlspec.validation import violations
from tests.unit import samples


def test_ids_are_uuids_of_version_7_and_sort_by_time() -> None:
    """Python's own reader agrees, and later ids are greater, however fast they are made."""
    made = [records.new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(records.is_id(each) for each in made)
    parsed = uuid.UUID(made[0])
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert abs(records.id_time(made[0]) - datetime.now(UTC)) < timedelta(seconds=30)


def test_ids_are_distinct_across_threads() -> None:
    """Several writers in one process never make the same id."""
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: [records.new_id() for _ in range(2000)], range(4)))
    assert len({each for batch in batches for each in batch}) == 8000


def test_an_id_carries_its_time() -> None:
    """The example of RFC 9562, appendix A.6."""
    moment = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)
    assert records.id_time("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == moment
    for wrong in (
        "",
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
    ):
        assert not records.is_id(wrong)
        with pytest.raises(InputError):
            records.id_time(wrong)
    with pytest.raises(InputError):
        records.id_time("ffffffff-ffff-7fff-bfff-ffffffffffff")


def test_versions_sort_as_semver_says() -> None:
    """The order of Semantic Versioning 2.0.0, section 11; build metadata does not count."""
    order = [
        "0.1.0",
        "0.9.0",
        "0.10.0",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
    ]
    assert sorted(sorted(order), key=Version.parse) == order
    assert Version.parse("1.0.0+a") == Version.parse("1.0.0+b")
    own = records.SPEC_VERSION
    assert records.is_newer("99.0.0")
    assert not records.is_newer(own)
    assert not records.is_newer(f"{own}-rc.1")


@given(st.text(max_size=20))
def test_any_text_is_a_version_or_one_of_our_errors(text: str) -> None:
    """No foreign exception leaves the reader."""
    assert isinstance(samples.attempt(lambda: Version.parse(text)), Version | InputError)


def test_what_this_package_writes_it_reads() -> None:
    """Neither version is newer than the reader."""
    assert not records.is_newer(records.SPEC_VERSION)
    assert Version.parse(records.LEAST_READER_VERSION) <= Version.parse(records.SPEC_VERSION)


def test_every_stage_has_its_body() -> None:
    """The body's field is named after the stage, and its number is 10 more."""
    stages = records.all_stages()
    assert [int(stage) for stage in stages] == sorted(int(stage) for stage in stages)
    assert len(stages) == len(v1.Record.DESCRIPTOR.oneofs_by_name["body"].fields)
    for stage in stages:
        name = records.body_field(stage)
        assert v1.Stage.Name(stage) == f"STAGE_{name.upper()}"
        assert v1.Record.DESCRIPTOR.fields_by_name[name].number == int(stage) + 10
        assert records.stage_of(records.body_type(stage)()) == stage
        assert records.stage_name(stage) == name


def test_the_thirteen_stages_are_all_there() -> None:
    """The lifecycle, and the four other facts that are sealed."""
    assert [records.stage_name(stage) for stage in records.all_stages()] == [
        "objectives",
        "data_ingestion",
        "data_analysis",
        "data_transformation",
        "data_validation",
        "data_splitting",
        "model_training",
        "model_evaluation",
        "holdout_test",
        "model_packaging",
        "model_serving",
        "monitoring",
        "logging",
        "object_event",
        "gate_decision",
        "holdout_opened",
        "run_manifest",
    ]


@pytest.mark.parametrize(
    "name", ["object_event", "STAGE_OBJECT_EVENT", "ObjectEvent", "object-event", " Object_Event "]
)
def test_a_stage_is_found_by_any_of_its_names(name: str) -> None:
    """People type what they remember."""
    assert records.stage_by_name(name) == v1.STAGE_OBJECT_EVENT


def test_unknown_stages_are_refused_or_named_by_number() -> None:
    """The remedy lists what there is."""
    with pytest.raises(UsageError) as caught:
        records.stage_by_name("modeltrainning")
    assert "object_event" in caught.value.remedy
    for stage in (0, 99):
        with pytest.raises(UsageError):
            records.body_field(stage)
    assert records.stage_name(99) == "stage 99"
    with pytest.raises(UsageError):
        records.stage_of(v1.Digest())


def test_a_new_record_is_valid_and_of_one_piece() -> None:
    """Header and body are copies; the stage is the body's."""
    record = samples.record()
    assert violations(record) == []
    assert records.body_name(record) == "object_event"
    assert records.body_of(record) == record.object_event
    assert record.header.producer.name == records.PRODUCER_NAME
    header = records.new_header(v1.STAGE_UNSPECIFIED, namespace="n", run_id=samples.RUN_ID)
    made = records.new_record(v1.ObjectEvent(), header)
    assert made.HasField("object_event")
    assert made.header.stage == v1.STAGE_OBJECT_EVENT
    assert header.stage == v1.STAGE_UNSPECIFIED
    assert records.body_of(v1.Record()) is None


def test_a_header_of_another_stage_is_refused() -> None:
    """The mistake is found where it is made."""
    header = records.new_header(v1.STAGE_RUN_MANIFEST, namespace="n", run_id=samples.RUN_ID)
    with pytest.raises(UsageError) as caught:
        records.new_record(v1.ObjectEvent(), header)
    assert caught.value.path == "header.stage"


def test_a_reference_needs_a_whole_digest() -> None:
    """32 bytes, no hex."""
    assert violations(records.reference(bytes(32), v1.STAGE_OBJECT_EVENT)) == []
    with pytest.raises(InputError):
        records.reference(b"ab", v1.STAGE_OBJECT_EVENT)
