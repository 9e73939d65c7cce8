"""Cases about the chain: who vouches, how records name one another, whether runs are whole."""

from datetime import UTC, datetime

from mlspec import v1
from mlspec.records import reference
from mlspec.sealing import Sealed, seal
from mlspec.sealing.dsse import Envelope
from tools.vectors.provenance import people, steps
from tools.vectors.provenance.case import Case, Seen
from tools.vectors.provenance.story import OTHER_RUN, Edit, Story, digest, tell

AFTER = datetime(2025, 3, 1, tzinfo=UTC)
BEFORE = datetime(2024, 12, 3, tzinfo=UTC)


def verified() -> list[Case]:
    """Cases of record.verified."""
    rule = "record.verified"
    left = tell(signers={"ingest": ("leaver",)})
    return [
        Case(rule, "whole", "Each record is signed by a key of a role for it.", tell()),
        Case(
            rule,
            "lapsed_but_seen_in_time",
            "A key lapsed since, and an outsider saw the record in the log before that (C8).",
            left,
            at=AFTER,
            log=("ingest",),
            seen=(Seen(1, BEFORE),),
        ),
        Case(
            rule,
            "lapsed_fail",
            "A key lapsed since, and nobody saw the record before that (C8).",
            left,
            ("signature.lapsed",),
            at=AFTER,
        ),
        Case(
            rule,
            "wrong_role_fail",
            "Data engineers sign a training (C5).",
            tell(signers={"train": ("data",)}),
            ("role.missing",),
        ),
        Case(
            rule,
            "other_namespace_fail",
            "An evaluation says that it is of a namespace where its signer has no role (C1).",
            tell({"evaluate": namespace("cards")}),
            ("role.missing",),
        ),
        Case(
            rule,
            "unknown_key_fail",
            "Somebody unknown signs the training.",
            tell(signers={"train": ("stranger",)}),
            ("signature.unknown_key",),
        ),
        Case(
            rule,
            "altered_fail",
            "One byte of the objectives was changed where they are held.",
            (story := tell()),
            ("record.digest",),
            held_under={story.sha256("objectives"): _altered(story.sealed["objectives"])},
        ),
        Case(
            rule,
            "newer_not_proven",
            "The training needs a newer reader: it verifies, and is not understood in full.",
            tell({"train": _newer}),
            ("record.not_understood",),
        ),
    ]


def namespace(name: str) -> Edit:
    """Let a record say that it is of this namespace."""

    def edit(record: v1.Record, _story: Story) -> None:
        record.header.namespace_name = name

    return edit


def _newer(record: v1.Record, _story: Story) -> None:
    record.header.spec_version = record.header.least_reader_version = "999.0.0"


def _altered(sealed: Sealed) -> Sealed:
    payload = sealed.payload.replace(b"Rank", b"Sank")
    return Sealed(Envelope(payload, sealed.payload_type, sealed.signatures))


def references() -> list[Case]:
    """Cases of reference.dangling, reference.stage and reference.parents."""
    return [
        Case("reference.dangling", "whole", "Whatever is named is there.", tell()),
        Case(
            "reference.dangling",
            "deleted_fail",
            "The ingestion that the splitting rests on was deleted (C4).",
            tell(dropped=["ingest"]),
            ("reference.missing",),
        ),
        Case("reference.stage", "whole", "References say the stage that there is.", tell()),
        Case(
            "reference.stage",
            "other_stage_fail",
            "A packaging calls its gate decision an ingestion.",
            tell({"package": _misname}),
            ("reference.stage",),
        ),
        Case("reference.parents", "whole", "What bodies name are parents too.", tell()),
        Case(
            "reference.parents",
            "not_a_parent_not_proven",
            "A training names a splitting in its body and not among its parents.",
            tell({"train": lambda record, _: record.header.parents.pop(0)}),
            ("reference.not_a_parent",),
        ),
    ]


def _misname(record: v1.Record, _story: Story) -> None:
    record.header.parents[1].stage = v1.STAGE_DATA_INGESTION


def chains() -> list[Case]:
    """Cases of chain.acyclic and chain.namespace."""
    cyclic, under = cycle()
    return [
        Case("chain.acyclic", "whole", "Every record rests on earlier ones.", tell()),
        Case(
            "chain.acyclic",
            "cycle_fail",
            "Under the digest that the packaging names lies a record that names the roll-out (C3).",
            cyclic,
            ("chain.cycle",),
            held_under=under,
        ),
        Case("chain.namespace", "whole", "All records are of one namespace.", tell()),
        Case(
            "chain.namespace",
            "role_in_both",
            "A roll-out rests on a policy of another namespace, where its signer has a role too.",
            foreign_parent("serve"),
        ),
        Case(
            "chain.namespace",
            "foreign_parent_fail",
            "A packaging rests on a policy of another namespace, where its signer has none (C1).",
            foreign_parent("package"),
            ("chain.namespace",),
        ),
        Case(
            "chain.namespace",
            "other_pipeline_not_proven",
            "An evaluation of one pipeline rests on a training of another (C1).",
            tell({"train": pipeline("cards"), "evaluate": pipeline("loans")}),
            ("chain.pipeline",),
        ),
    ]


def cycle() -> tuple[Story, dict[bytes, Sealed]]:
    """Tell a story in which what the packaging names lies under another digest, and rests on it."""
    key = digest("a digest that nothing has").sha256

    def edit(record: v1.Record, _story: Story) -> None:
        record.header.parents.append(reference(key, v1.STAGE_OBJECTIVES))

    story = tell({"package": edit})
    back = seal(story.draft(v1.STAGE_OBJECTIVES, "serve"), people.key("policy"))
    return story, {key: back}


def foreign_parent(child: str) -> Story:
    """Tell a story in which a record rests on one of another namespace."""

    def foreign(story: Story) -> v1.Record:
        record = story.draft(v1.STAGE_OBJECTIVES, run=OTHER_RUN)
        record.header.namespace_name = "cards"
        return record

    def edit(record: v1.Record, story: Story) -> None:
        record.header.parents.append(story.ref("foreign"))

    return tell({child: edit}, beside={"ingest": {"foreign": foreign}})


def pipeline(name: str) -> Edit:
    """Let a record say that it is of this pipeline."""

    def edit(record: v1.Record, _story: Story) -> None:
        record.header.pipeline.name = name

    return edit


def manifests() -> list[Case]:
    """Cases of run.manifest."""
    rule = "run.manifest"
    again = {"evaluate": {"again": steps.train}}
    noted = {"serve": {"note": note}}
    return [
        Case(rule, "whole", "The manifest names each record of the run.", tell()),
        Case(
            rule,
            "unfinished_not_proven",
            "The run has no manifest, so nobody knows what was left out.",
            tell(without=["manifest"]),
            ("run.unfinished",),
        ),
        Case(
            rule,
            "deleted_childless_fail",
            "A record that nothing rests on was deleted; the manifest names it (C7).",
            tell(beside=noted, dropped=["note"]),
            ("record.missing", "run.records"),
        ),
        Case(
            rule,
            "stripped_parent_fail",
            "A record was sealed anew without its parent; the manifest names the first (C7).",
            stripped(),
            ("record.added", "record.missing", "run.records"),
        ),
        Case(
            rule,
            "second_attempt_fail",
            "Two trainings say that they are the first attempt; the manifest names one (C2).",
            tell({"train": step, "again": step, "manifest": unlist}, beside=again),
            ("record.added", "run.records"),
        ),
        Case(
            rule,
            "other_run_fail",
            "The manifest names a record of another run as one of its own (C2).",
            tell({"note": of_other_run, "manifest": list_note}, beside=noted),
            ("record.missing", "run.records"),
        ),
        Case(
            rule,
            "inferred_fail",
            "The manifest was put together by an adapter, not recorded.",
            tell({"manifest": _inferred}),
            ("run.manifest_state",),
        ),
        Case(
            rule,
            "unsigned_manifest_fail",
            "Nobody who is trusted signed the manifest.",
            tell(signers={"manifest": ("stranger",)}),
            ("run.manifest",),
        ),
        Case(
            rule,
            "two_manifests_fail",
            "The run has a second manifest, signed by whoever may sign one.",
            tell(beside={"manifest": {"second": steps.manifest}}),
            ("run.manifests",),
        ),
    ]


def _inferred(record: v1.Record, _story: Story) -> None:
    record.header.capture = v1.CAPTURE_METHOD_INFERRED


def note(story: Story) -> v1.Record:
    """Make a record that nothing rests on."""
    return steps.change(story, v1.OBJECT_ACTION_DEPRECATE, "dataset")


def step(record: v1.Record, _story: Story) -> None:
    """Let a record say that it is the first attempt at the training."""
    record.header.step_name, record.header.step_attempt = "train", 1


def unlist(record: v1.Record, story: Story) -> None:
    """Let the manifest leave out the second training."""
    kept = [each for each in record.run_manifest.entries if each.record != story.ref("again")]
    del record.run_manifest.entries[:]
    record.run_manifest.entries.extend(kept)
    record.run_manifest.record_count = len(kept)


def of_other_run(record: v1.Record, _story: Story) -> None:
    """Let a record say that it is of another run."""
    record.header.run_id = OTHER_RUN


def list_note(record: v1.Record, story: Story) -> None:
    """Let the manifest name that record as one of its own."""
    header = story.sealed["note"].peek().header
    record.run_manifest.entries.add(
        record=story.ref("note"), record_id=header.record_id, state=header.state
    )
    record.run_manifest.record_count += 1


def stripped() -> Story:
    """Tell a story in which a record was sealed anew without its parent."""
    story = tell(beside={"serve": {"note": note}}, dropped=["note"])
    record = story.sealed["note"].peek()
    del record.header.parents[:]
    story.seal("stripped", record, ["data"])
    return story


def all_cases() -> list[Case]:
    """Return all of them."""
    return [*verified(), *references(), *chains(), *manifests()]
