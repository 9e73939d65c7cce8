"""Nothing that was altered verifies, and no foreign exception comes out."""

from __future__ import annotations

import zipfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlspec import v1
from mlspec.errors import MLSpecError
from mlspec.evidence import Bundle, EvidenceReport, verify
from mlspec.evidence.folder import read_folder
from mlspec.evidence.writing import zip_of
from mlspec.requestlog import Checkpoint, LogProof, Note
from mlspec.sealing import Sealed, TrustPolicy
from tests.unit import samples
from tests.unit.evidence.making import Case, remade
from tests.unit.evidence.people import witnessed_policy

RELAXED = settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# What is only read by people: an altered one is noticed, and proves nothing either way.
GUIDES = ("README.md", "schema/mlspec.binpb")


def altered(data: bytes, how: st.DataObject) -> bytes:
    """The bytes with one thing done to them, perhaps nothing."""
    kind = how.draw(st.sampled_from(["flip", "cut", "splice", "reorder", "insert", "double"]))
    if not data:
        return b"x"
    at = how.draw(st.integers(0, len(data) - 1))
    end = how.draw(st.integers(at, min(len(data), at + 200)))
    if kind == "flip":
        return data[:at] + bytes([data[at] ^ 1 << how.draw(st.integers(0, 7))]) + data[at + 1 :]
    if kind == "cut":
        return data[:at] + data[end:]
    if kind == "splice":
        return data[:at] + data[end:] + data[at:end]
    if kind == "reorder":
        return data[at:] + data[:at]
    if kind == "insert":
        return data[:at] + how.draw(st.binary(min_size=1, max_size=8)) + data[at:]
    return data[:end] + data[at:]


def outcome(bundle: Bundle, trust: TrustPolicy) -> EvidenceReport | MLSpecError:
    """What verifying came to: an error of ours at most."""
    return samples.attempt(lambda: verify(bundle, trust))


def holding(report: EvidenceReport) -> set[str]:
    """The links that hold."""
    return {link.id for link in report.links if link.holds}


@RELAXED
@given(how=st.data())
def test_an_altered_file_never_verifies(case: Case, witnessed: Bundle, how: st.DataObject) -> None:
    """Even under a manifest that was written anew.

    What signatures cover is the same, or it fails. But for one thing: a proof in a log that the
    trust file does not know is passed over, as a signature of an unknown key is.
    """
    name = how.draw(st.sampled_from(sorted(set(witnessed.files) - {"MANIFEST"})))
    data = altered(witnessed.files[name], how)
    made = samples.attempt(lambda: remade(witnessed, {name: data}))
    if isinstance(made, MLSpecError) or data == witnessed.files[name]:
        return
    trust = TrustPolicy(witnessed_policy())
    found = outcome(made, trust)
    if isinstance(found, MLSpecError) or found.exit_code != 0:
        return
    if name in GUIDES:
        assert not found.of("bundle.guide")[0].holds
        return
    assert holding(found) <= holding(verify(witnessed, trust))
    same = signed_part(name, data) == signed_part(name, witnessed.files[name])
    assert same or passed_over(name, data, trust)


def passed_over(name: str, data: bytes, trust: TrustPolicy) -> bool:
    """Whether it is a proof in a record log that the trust file does not know."""
    if not name.startswith("record-log/"):
        return False
    text = Note.from_bytes(LogProof.from_bytes(data).checkpoint).text
    return Checkpoint.from_text(text).origin not in {log.origin for log in trust.logs}


def signed_part(name: str, data: bytes) -> object:
    """What of a file is covered by signatures: the rest has many spellings, or can be left out."""
    if name.startswith("records/"):
        sealed = Sealed.from_json(data)
        return sealed.payload, sealed.payload_type
    if name.endswith(".tlog"):
        proof = LogProof.from_bytes(data)
        return proof.index, proof.hashes, Note.from_bytes(proof.checkpoint).text
    if name == "side.bin":
        side = v1.SideRecord.FromString(data)
        return side.origin, side.sequence_number, side.salt, side.content
    return data


@RELAXED
@given(how=st.data())
def test_two_files_swapped_never_verify(case: Case, bundle: Bundle, how: st.DataObject) -> None:
    """Each name stands for what is in it."""
    names = sorted(set(bundle.files) - {"MANIFEST", *GUIDES})
    one, other = how.draw(st.sampled_from(names)), how.draw(st.sampled_from(names))
    swapped = {one: bundle.files[other], other: bundle.files[one]}
    made = samples.attempt(lambda: remade(bundle, swapped))
    if isinstance(made, MLSpecError) or bundle.files[one] == bundle.files[other]:
        return
    found = outcome(made, case.trust)
    assert isinstance(found, MLSpecError) or found.exit_code != 0


@RELAXED
@given(how=st.data())
def test_an_altered_manifest_never_fits(bundle: Bundle, how: st.DataObject) -> None:
    """It has one spelling, so that nothing can hide in it."""
    data = altered(bundle.files["MANIFEST"], how)
    if data != bundle.files["MANIFEST"]:
        made = samples.attempt(lambda: Bundle.of(dict(bundle.files) | {"MANIFEST": data}))
        assert isinstance(made, MLSpecError)


@RELAXED
@given(how=st.data())
def test_an_altered_zip_is_refused_or_the_same_files(
    bundle: Bundle, tmp_path: Path, how: st.DataObject
) -> None:
    """Whatever its headers say: what is read is what the manifest names."""
    path = tmp_path / "altered.zip"
    path.write_bytes(altered(ZIPS.setdefault(id(bundle), zip_of(bundle)), how))
    found = samples.attempt(lambda: Bundle.open(path))
    assert isinstance(found, MLSpecError) or found == bundle


ZIPS: dict[int, bytes] = {}


@RELAXED
@given(names=st.lists(st.text(max_size=40), max_size=4), data=st.binary(max_size=40))
def test_any_zip_of_a_stranger_ends_in_an_error_of_ours(
    tmp_path: Path, names: list[str], data: bytes
) -> None:
    """Whatever it calls its entries."""
    path = tmp_path / "any.zip"
    path.unlink(missing_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in dict.fromkeys(each.replace("\x00", "") for each in names):
            archive.writestr(zipfile.ZipInfo(name or "x"), data)
    assert isinstance(samples.attempt(lambda: Bundle.open(path)), MLSpecError)


def test_a_folder_is_read_as_it_was_written(folder: Path, bundle: Bundle) -> None:
    """The twin that nobody altered."""
    assert read_folder(folder) == dict(bundle.files)
