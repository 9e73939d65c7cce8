"""Every release goes on being read: its vectors, and the records that it sealed."""

from itertools import chain
from pathlib import Path

import pytest

import mlspec
from mlspec import codec, v1
from mlspec.cli import main
from tests.compat import changes, vectors
from tests.compat.conftest import RELEASES
from tools import release_kit
from tools.places import ROOT

RELEASE = pytest.mark.parametrize("version", RELEASES)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders `vectors` and `sealed` of each release."""
    folder = tmp_path_factory.mktemp("released")
    for version, release in RELEASES.items():
        release_kit.unpack(release.vectors, folder / version / "vectors")
        release_kit.unpack(release.sealed, folder / version / "sealed")
    return {version: folder / version for version in RELEASES}


@RELEASE
def test_written_vectors_mean_what_they_did(version: str, unpacked: dict[str, Path]) -> None:
    """Each gives the paths and rule ids that it declares, unless a declared break changed it."""
    count, differences = vectors.read(vectors.texts(unpacked[version] / "vectors"))
    assert count
    assert "\n".join(changes.undeclared(version, differences, changes.read())) == ""


def unsealed(folder: Path) -> tuple[dict[str, mlspec.VerifiedRecord], dict[str, str]]:
    """Return the records of a release that verify, and what is wrong with the others."""
    trust = mlspec.TrustPolicy.load(folder / "sealed" / "trust.json")
    verified, refused = {}, {}
    for path in sorted((folder / "sealed").glob("*.sealed.json")):
        sealed = mlspec.Sealed.from_any(path.read_bytes())
        try:
            verified[path.name] = mlspec.unseal(sealed, trust).require_understood()
        except mlspec.MLSpecError as error:
            refused[f"sealed/{path.name}"] = str(error)
    return verified, refused


@pytest.mark.interop
@RELEASE
def test_all_of_a_release_means_what_it_did(version: str, unpacked: dict[str, Path]) -> None:
    """What trips each standard rule too; and breaks are declared for none but what changed."""
    folder = unpacked[version]
    found = [vectors.read(cases(folder / "vectors")) for cases in (vectors.texts, vectors.derived)]
    assert all(count for count, _ in found)
    differences = dict(chain.from_iterable(each.items() for _, each in found))
    differences |= unsealed(folder)[1]
    lines = changes.undeclared(version, differences, changes.read())
    lines += changes.idle(version, differences, changes.read())
    assert "\n".join(lines) == ""


@RELEASE
def test_sealed_records_verify_for_ever(version: str, unpacked: dict[str, Path]) -> None:
    """They are understood in full and say what their vectors say, unless a declared break is why.

    Both kinds of key signed some of them alone, and one together.
    """
    verified, refused = unsealed(unpacked[version])
    assert "\n".join(changes.undeclared(version, refused, changes.read())) == ""
    for name, record in verified.items():
        text = unpacked[version] / "vectors" / "v1" / name.split(".")[0] / "full.txtpb"
        assert record.record == codec.read(v1.Record, text)
    signers = {tuple(s.identity.split("@")[0] for s in r.signers) for r in verified.values()}
    assert signers == {("ed25519",), ("ecdsa-p256",), ("ed25519", "ecdsa-p256")}


@RELEASE
def test_the_command_verifies_them(
    version: str, unpacked: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """`mlspec verify` passes each as it is, and refuses it with a byte changed."""
    folder = unpacked[version] / "sealed"
    trust = str(folder / "trust.json")
    for name in unsealed(unpacked[version])[0]:
        assert main(["verify", str(folder / name), "--trust", trust]) == 0
        assert capsys.readouterr().out.startswith("PASS  ")
        data = mlspec.Sealed.from_any((folder / name).read_bytes()).to_bytes()
        changed = folder / f"{name}.changed"
        changed.write_bytes(data.replace(b"loans", b"loanz"))
        assert changed.read_bytes() != data
        assert main(["verify", str(changed), "--trust", trust]) == 1
        assert "must fit the payload" in capsys.readouterr().err


def test_declared_changes_are_of_a_release_and_say_what_users_do() -> None:
    """Each names a version that was released, and a page that is there."""
    for change in changes.read():
        assert change.until in RELEASES
        assert change.files
        assert (ROOT / change.migration).is_file()


def test_only_what_is_declared_may_change(tmp_path: Path) -> None:
    """In releases up to the one that is named; and a pattern that fits nothing is named too."""
    path = tmp_path / "changed.toml"
    entry = 'until = "0.2.0"\nfiles = ["v1/metric/*", "v1/tensor/*"]\nmigration = "page.md"\n'
    path.write_text(f"[[changed]]\n{entry}")
    declared = changes.read(path)
    differences = {"v1/metric/a_fail.txtpb": "must give", "v1/waiver/b_fail.txtpb": "must give"}
    for version in ("0.1.0", "0.2.0"):
        (line,) = changes.undeclared(version, differences, declared)
        assert line == "v1/waiver/b_fail.txtpb: must give"
    assert len(changes.undeclared("0.10.0", differences, declared)) == 2
    assert changes.idle("0.1.0", differences, declared) == []
    (line,) = changes.idle("0.2.0", differences, declared)
    assert line.startswith("changed.toml: v1/tensor/*: must fit a file")


def test_a_changed_meaning_is_seen(tmp_path: Path) -> None:
    """A vector that declares something else, or that nothing can read, comes out otherwise."""
    head = "# proto-message: mlspec.v1.Annotation\n"
    (tmp_path / "quiet_fail.txtpb").write_text(head + "# violates: duty enum.not_in\n")
    (tmp_path / "gone.txtpb").write_text(
        "# proto-message: mlspec.v1.Annotation\nno_such_field: 1\n"
    )
    (tmp_path / "moved.txtpb").write_text("# proto-message: mlspec.v1.NoSuchMessage\n")
    count, differences = vectors.read(vectors.texts(tmp_path))
    assert count == len(differences) == 3
    assert "string.pattern" in differences["quiet_fail.txtpb"]
