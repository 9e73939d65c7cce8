"""Ways to forge the evidence, and the link at which each is caught.

The forger is no fool: after each change the bundle's manifest is written anew, so that what fails
is the link that was forged and not the list of files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlspec import v1
from mlspec.evidence import Bundle
from mlspec.evidence.bundle import manifest_of
from mlspec.evidence.writing import write_bundle
from mlspec.requestlog import Checkpoint, LogProof, Note, NoteKey, NoteKeyKind
from mlspec.sealing import Envelope, Sealed, generate_key

Files = dict[str, bytes]


@dataclass(frozen=True)
class Forgery:
    """One way.

    Attributes:
        name: In one word.
        words: What was done.
        link: The id of the link that fails.
        change: What does it to the files.
    """

    name: str
    words: str
    link: str
    change: Callable[[Files], None]


def forge(bundle: Path, copy: Path, forgery: Forgery) -> None:
    """Write a forged copy of a bundle, its manifest as it should be."""
    files = dict(Bundle.open(bundle).files)
    forgery.change(files)
    del files["MANIFEST"]
    files["MANIFEST"] = manifest_of(files)
    write_bundle(Bundle.of(files), copy)


def other_answer(files: Files) -> None:
    """The applicant was not referred at all."""
    files["leaf.bin"] = files["leaf.bin"].replace(b"refer", b"grant", 1)


def other_log(files: Files) -> None:
    """A checkpoint of the same tree, signed by a key of the forger's own."""
    proof = LogProof.from_bytes(files["proof.tlog"])
    checkpoint = Checkpoint.from_text(Note.from_bytes(proof.checkpoint).text)
    key = generate_key()
    note = checkpoint.sign(NoteKey(checkpoint.origin, NoteKeyKind.LOG, key.public), key)
    files["proof.tlog"] = LogProof(proof.index, proof.hashes, note).to_bytes()


def hidden_change(files: Files) -> None:
    """One leaf less between the deployment and the request: was it another deployment?"""
    size = int.from_bytes(files["between.bin"][:2], "big") + 2
    files["between.bin"] = files["between.bin"][size:]


def other_verdict(files: Files) -> None:
    """A criterion that failed passes after all."""
    name, sealed = records(files, v1.STAGE_MODEL_EVALUATION)[0]
    evaluation = sealed.peek().model_evaluation.outcome
    failed = next(r for r in evaluation.required_results if r.verdict == v1.VERDICT_FAIL)
    said = failed.SerializeToString()
    failed.verdict = v1.VERDICT_PASS
    payload = sealed.payload.replace(said, failed.SerializeToString(), 1)
    files[name] = Envelope(payload, sealed.payload_type, sealed.signatures).to_json()


def no_countersignature(files: Files) -> None:
    """The person who waived did not sign."""
    for name, sealed in records(files, v1.STAGE_GATE_DECISION):
        one = Envelope(sealed.payload, sealed.payload_type, sealed.signatures[:1])
        files[name] = one.to_json()


def no_holdout_test(files: Files) -> None:
    """The record of the hold-back test is gone."""
    for name, _ in records(files, v1.STAGE_HOLDOUT_TEST):
        del files[name]


def no_times(files: Files) -> None:
    """No outsider has seen anything."""
    for name in [name for name in files if name.startswith("tokens/")]:
        del files[name]


def records(files: Files, stage: int) -> list[tuple[str, Sealed]]:
    """The records of a stage, by file name."""
    found = ((name, data) for name, data in files.items() if name.startswith("records/"))
    sealed = ((name, Sealed.from_json(data)) for name, data in found)
    return [(name, each) for name, each in sealed if each.peek().header.stage == stage]


FORGERIES = (
    Forgery("answer", "the answer in the leaf reads 'grant'", "log.inclusion", other_answer),
    Forgery("log", "the log's checkpoint is signed by somebody else", "log.checkpoint", other_log),
    Forgery("between", "a leaf before the request is left out", "log.in_force", hidden_change),
    Forgery("verdict", "a criterion that failed passes", "record.verified", other_verdict),
    Forgery("waiver", "who waived did not sign", "record.verified", no_countersignature),
    Forgery("test", "the hold-back test is gone", "reference.dangling", no_holdout_test),
    Forgery("times", "no outsider vouches for a date", "requirement.timestamps", no_times),
)
