"""Run by a reader's own Python, with only its wheel: what it makes of each sealed record.

Arguments: a folder of `<case>.sealed.json`, a trust file, and, if the records are to go through
stores too, an empty folder. Prints, as JSON, a `Reading` for each case.
"""

import json
import sys
from pathlib import Path
from typing import TypedDict

import mlspec
from mlspec.errors import NotUnderstoodError, VerificationError

STORES = ("records.db", "records/", "records.mlspecs")
"""A store of each kind: SQLite, a folder, a stream."""


class Reading(TypedDict):
    """What a reader made of one record.

    `error` is the id of the refusal, "" for none, and `words` says what was refused or doubted.
    `understood` is whether `require_understood` let it pass. `sha256` are the digests of the
    payload as received, as verified, and as each store gave it back; `reencoded` is that of the
    message when the reader's runtime encodes it once more, which nothing may ever do.
    """

    error: str
    exit_code: int
    words: str
    understood: bool
    signers: list[str]
    sha256: list[str]
    reencoded: str


def kept(sealed: mlspec.Sealed, folder: Path) -> list[str]:
    """Put an envelope into a store of each kind, and get it out of a freshly opened one."""
    folder.mkdir()
    found = []
    for name in STORES:
        url = f"{folder}/{name}"
        with mlspec.open_store(url) as store:
            store.put(sealed)
        with mlspec.open_store(url, create=False, read_only=True) as store:
            again = store.get(sealed.digest)
        assert again == sealed, name
        found.append(mlspec.digest_bytes(again.payload).sha256.hex())
    return found


def understood(record: mlspec.VerifiedRecord) -> bool:
    """Tell whether a record passes where a gate asks for one that is understood."""
    try:
        record.require_understood()
    except NotUnderstoodError:
        return False
    return True


def read(path: Path, trust: mlspec.TrustPolicy, folder: Path | None) -> Reading:
    """Store, verify and judge one envelope."""
    sealed = mlspec.Sealed.from_any(path.read_bytes())
    reading = Reading(
        error="",
        exit_code=0,
        words="",
        understood=False,
        signers=[],
        sha256=[sealed.hex, *(kept(sealed, folder) if folder else [])],
        reencoded=mlspec.digest_bytes(sealed.peek().SerializeToString()).sha256.hex(),
    )
    try:
        verified = mlspec.unseal(sealed, trust)
    except VerificationError as error:
        reading["error"], reading["exit_code"] = error.id, error.exit_code
        reading["words"] = f"{error} {error.remedy}"
        return reading
    reading["words"] = "; ".join(verified.doubts)
    reading["understood"] = understood(verified)
    reading["signers"] = [signer.identity for signer in verified.signers]
    reading["sha256"].append(mlspec.digest_bytes(verified.payload).sha256.hex())
    return reading


def main(folder: Path, trust: Path, scratch: Path | None = None) -> None:
    """Read every case."""
    assert "site-packages" in mlspec.__file__, mlspec.__file__
    policy = mlspec.TrustPolicy.load(trust)
    readings = {}
    for path in sorted(folder.glob("*.sealed.json")):
        case = path.name.removesuffix(".sealed.json")
        readings[case] = read(path, policy, scratch and scratch / case)
    print(json.dumps(readings))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
