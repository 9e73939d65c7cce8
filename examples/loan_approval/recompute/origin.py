"""Stages 1 and 2 again: from the text of the objectives, and from the file that came in."""

from __future__ import annotations

import bz2
import hashlib
import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from examples.loan_approval.recompute.book import KEY, Book
from mlspec import v1

DAY = 86_400


def objectives(book: Book) -> None:
    """The bounds and counts that stand in the text, read with a regular expression."""
    body = book.body(v1.Objectives)
    path = Path(__file__).parents[1] / "loan_approval.mlo"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    book.compare(
        "objectives", "digest of the text", body.criteria_source.digest.sha256.hex(), digest
    )
    lines = body.criteria_source.text.splitlines()
    clauses = [n for n, line in enumerate(lines, 1) if re.match(r"\s*(require|warn) ", line)]
    book.compare("objectives", "criteria", len(body.criteria), len(clauses))
    for criterion, number in zip(body.criteria, clauses, strict=True):
        line = lines[number - 1]
        bound = re.search(r"[<>]=?\s*(-?[\d.]+)", line)
        rows = re.search(r"with n >= (\d+)", line)
        book.compare("objectives", f"{criterion.id}: line", criterion.source_line, number)
        if bound:
            book.compare("objectives", f"{criterion.id}: bound", criterion.bound, float(bound[1]))
        if rows:
            least = criterion.min_sample_count
            book.compare("objectives", f"{criterion.id}: rows", least, int(rows[1]))
    kept = {rule.subject: rule.keep_duration.seconds // DAY for rule in body.retention_rules}
    book.compare("objectives", "log retention, days", kept[v1.RETENTION_SUBJECT_REQUEST_LOG], 762)


def raw_table(book: Book) -> tuple[bytes, str, list[str]]:
    """The file that came in, its header and its rows."""
    path = next(p for p in (book.folder / "raw").iterdir() if p.suffix in (".bz2", ".csv"))
    content = path.read_bytes()
    text = (bz2.decompress(content) if path.suffix == ".bz2" else content).decode()
    header, *rows = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    return content, header, rows


def parts_of(header: str, rows: list[str]) -> dict[str, list[str]]:
    """The rows of each part, by the hash of their key."""
    places = [header.split(",").index(name) for name in KEY]
    parts: dict[str, list[str]] = {"train": [], "validation": [], "holdout": [], "later": []}
    for row in rows:
        key = ",".join(row.split(",")[place] for place in places)
        digest = hashlib.sha256(f"loan-applications/1\n{key}".encode()).digest()
        bucket = int.from_bytes(digest[:8], "big") % 100
        name = next(n for n, end in zip(parts, (55, 75, 90, 100), strict=True) if bucket < end)
        parts[name].append(row)
    return parts


def as_csv(header: str, rows: list[str]) -> bytes:
    """Rows under their header."""
    return ("\n".join([header, *rows]) + "\n").encode()


def ingestion(book: Book) -> None:
    """Counts, digests and the owner's signature, from the file that came in."""
    body, stage = book.body(v1.DataIngestion), "ingest"
    content, header, rows = raw_table(book)
    parts, source = parts_of(header, rows), body.sources[0]
    kept = len(rows) - len(parts["later"])
    for what, recorded, computed in (
        ("rows read", source.row_count, len(rows)),
        ("bytes read", source.size_bytes, len(content)),
        ("rows set aside", source.rejected_row_count, len(parts["later"])),
        ("rows taken in", body.row_count, kept),
        ("labels", body.labellings[0].labelled_row_count, kept),
        ("digest", source.content.digest.sha256.hex(), hashlib.sha256(content).hexdigest()),
    ):
        book.compare(stage, what, recorded, computed)
    manifest, size = [], 0
    for shard in body.sharding.shards:
        name = Path(shard.name).stem
        csv = as_csv(header, parts[name])
        digest, size = hashlib.sha256(csv).hexdigest(), size + len(csv)
        manifest.append(f"{digest}  {shard.name}\n")
        book.compare(stage, f"{name}: rows", shard.row_count, len(parts[name]))
        book.compare(stage, f"{name}: digest", shard.digest.sha256.hex(), digest)
    manifest.sort(key=lambda line: line.split("  ")[1])
    bound = hashlib.sha256("".join(manifest).encode()).hexdigest()
    book.compare(stage, "manifest", body.sharding.manifest_digest.sha256.hex(), bound)
    book.compare(stage, "bytes taken in", body.size_bytes, size)
    signature = (book.folder / source.signatures[0].signature.uri).read_bytes()
    public_key(book, "loan-records").verify(signature, content)
    book.compare(stage, "signature", source.signatures[0].verdict, v1.VERDICT_PASS)


def public_key(book: Book, name: str) -> Ed25519PublicKey:
    """Somebody's public key, for checking a signature without mlspec.

    Raises:
        TypeError: It is of another algorithm.
    """
    key = load_pem_public_key((book.folder / f"keys/{name}.pub").read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError(f"{name}: must be an Ed25519 key")
    return key


ALL = (objectives, ingestion)
