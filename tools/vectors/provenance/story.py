"""A model's way from its data to its roll-out, as sealed records, and how to tell it otherwise."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TypeAlias

from mlspec import v1
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.records import is_newer, reference, stage_name
from mlspec.sealing import Sealed, seal
from mlspec.sealing.dsse import Envelope
from mlspec.sealing.signers import sign_envelope
from tools.places import ROOT
from tools.vectors import derive
from tools.vectors.provenance import people

RUN = "019382aa-0000-7000-8000-0000000000aa"
OTHER_RUN = "019382aa-0000-7000-8000-0000000000bb"
VERSION_ID = "019382aa-0000-7000-8000-0000000000cc"
START = 1_733_130_000

Make: TypeAlias = Callable[["Story"], v1.Record]
Edit: TypeAlias = Callable[[v1.Record, "Story"], object]


def digest(name: str) -> v1.Digest:
    """Return the digest of the thing that is called so."""
    return v1.Digest(sha256=hashlib.sha256(name.encode()).digest())


@cache
def _minimal(stage: str) -> v1.Record:
    return derive.read(ROOT / "vectors" / "v1" / stage / "minimal.txtpb")  # type: ignore[no-any-return]


class Story:
    """Sealed records by name, in the order of their sealing.

    Attributes:
        sealed: The records.
        dropped: Names of records that nobody holds.
    """

    def __init__(self) -> None:
        self.sealed: dict[str, Sealed] = {}
        self.dropped: set[str] = set()

    def draft(self, stage: v1.Stage.ValueType, *parents: str, run: str = RUN) -> v1.Record:
        """Return a record of a stage with the least that is complete, and these parents."""
        record = v1.Record()
        record.CopyFrom(_minimal(stage_name(stage)))
        count = len(self.sealed) + 1
        header = record.header
        header.record_id = f"019382aa-0000-7000-8000-{count:012x}"
        header.run_id = run
        header.ClearField("step_name")
        header.ClearField("step_attempt")
        header.create_time.seconds = START + 60 * count
        del header.parents[:]
        header.parents.extend(self.ref(name) for name in parents)
        return record

    def ref(self, name: str) -> v1.RecordReference:
        """Return a reference to a record of the story."""
        sealed = self.sealed[name]
        return reference(sealed.sha256, sealed.peek().header.stage)

    def seal(self, name: str, record: v1.Record, signers: Iterable[str]) -> Sealed:
        """Seal a record, with the signatures of these people, and keep it."""
        first, *others = signers
        if is_newer(record.header.spec_version):
            payload = record.SerializeToString(deterministic=True)
            signed = sign_envelope(people.key(first), RECORD_PAYLOAD_TYPE, payload)
            sealed = Sealed(Envelope(payload, RECORD_PAYLOAD_TYPE, (signed,)))
        else:
            sealed = seal(record, people.key(first))
        for other in others:
            sealed = sealed.countersign(people.key(other))
        self.sealed[name] = sealed
        return sealed

    @property
    def held(self) -> list[Sealed]:
        """The records that somebody holds."""
        return [sealed for name, sealed in self.sealed.items() if name not in self.dropped]

    def sha256(self, name: str) -> bytes:
        """Return the digest of a record."""
        return self.sealed[name].sha256


def tell(
    edits: Mapping[str, Edit] | None = None,
    *,
    signers: Mapping[str, tuple[str, ...]] | None = None,
    beside: Mapping[str, Mapping[str, Make]] | None = None,
    without: Iterable[str] = (),
    dropped: Iterable[str] = (),
) -> Story:
    """Tell the story.

    Args:
        edits: What to change of a record before it is sealed, by its name.
        signers: Who signs a record instead of who should.
        beside: More records: those to seal right before one, by its name.
        without: Records that are never made.
        dropped: Records that are made, named and then deleted.
    """
    from tools.vectors.provenance.steps import SIGNERS, STEPS

    story = Story()
    who = {**SIGNERS, **(signers or {})}
    left_out = set(without)
    for step, make in STEPS.items():
        more = (beside or {}).get(step, {})
        for name, maker in {**more, step: make}.items():
            if name in left_out:
                continue
            record = maker(story)
            if edits and name in edits:
                edits[name](record, story)
            story.seal(name, record, who.get(name) or _of_stage(record))
    story.dropped = set(dropped)
    return story


def _of_stage(record: v1.Record) -> tuple[str, ...]:
    """Return who signs records of this stage."""
    for names, stages in people.ROLES.values():
        if record.header.stage in stages:
            return names[:1]
    raise ValueError(record.header.stage)
