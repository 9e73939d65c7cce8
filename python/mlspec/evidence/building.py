"""Building a bundle: the request's leaf, what it falls under, and what stands behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlspec import schema
from mlspec.digests import manifest
from mlspec.errors import StoreNotFoundError, UsageError
from mlspec.evidence import finding, heads, layout
from mlspec.evidence.bundle import Bundle, manifest_of
from mlspec.evidence.claim import Claim
from mlspec.evidence.collecting import collect
from mlspec.evidence.guide import write_guide
from mlspec.evidence.outsiders import write_hashes
from mlspec.evidence.ranges import MAX_BETWEEN, pack_leaves
from mlspec.evidence.writing import require_free, write_bundle
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.requests import SideRecords

if TYPE_CHECKING:
    from mlspec.files import StrPath
    from mlspec.sealing import Sealed, TrustPolicy
    from mlspec.store import Store

MOST_BETWEEN: Final = 1024
"""How many leaves between change and request a bundle shows, unless told otherwise."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def build(
    store: Store,
    log_folder: StrPath,
    request_id: str,
    out: StrPath,
    *,
    trust: TrustPolicy,
    record_log: StrPath | None = None,
    packages: Iterable[StrPath] = (),
    with_side: bool = False,
    leaves_between: int = MOST_BETWEEN,
    deployment_log: StrPath | None = None,
) -> Path:
    """Build the bundle for one request. What it proves, `mlspec.evidence.verify` says.

    Args:
        store: The records.
        log_folder: The log that the request is in.
        request_id: The request's id.
        out: The folder to make, or a file that ends in ".zip". It must not exist.
        trust: The trust file that the bundle is built for.
        record_log: The log of the records' digests.
        packages: Folders of packaged models, whose manifests are to be in the bundle.
        with_side: Whether the request's side record goes in: it names a person.
        leaves_between: The most leaves of others that go in, to show that no deployment change
            came between. Beyond that none of them does.
        deployment_log: Of a worker's log: the log that delegated it.

    Raises:
        InputError: `out` exists, or something cannot be used.
        StoreNotFoundError: The log has no such request, or the store no such deployment.
        UntrustedError: The trust file has expired.
        UnreadableError, LimitError: And their like.
    """
    target = require_free(out)
    log = LogFolder.open(log_folder)
    found = finding.find_request(log, request_id, log.size())
    head = heads.best(log, found.index, trust)
    deployment = bytes(found.request.deployment_sha256)
    files = _log_files(log, head, found, leaves_between)
    if with_side:
        files |= _side(log, found.index)
    if deployment_log is not None:
        files |= _delegation(LogFolder.open(deployment_log), head.checkpoint.origin, trust)
    sealed = collect(store, deployment, trust)
    files |= {f"records/{each.hex}.dsse.json": each.to_json() for each in sealed}
    if record_log is not None:
        files |= _record_log(LogFolder.open(record_log), sealed, trust)
    files |= _packages(packages)
    claim = Claim(request_id, head.checkpoint.origin, found.index, deployment.hex())
    files |= {layout.CLAIM: claim.to_json(), layout.SCHEMA: schema.descriptor_set()}
    files[layout.README] = write_guide(files, sealed)
    files[layout.MANIFEST] = manifest_of(files)
    write_bundle(Bundle.of(files), target)
    return target


def _log_files(
    log: LogFolder, head: heads.Head, found: finding.Found, most: int
) -> dict[str, bytes]:
    files = {
        layout.LEAF: log.leaf(found.index),
        layout.PROOF: head.prove(log, found.index),
        **head.token_files(),
    }
    shown = {"opened": found.opened, "deployment-changes": ()}
    if found.change is not None:
        shown["deployment-changes"] = (found.change,)
        count = found.index - found.change - 1
        if 0 < count <= min(most, MAX_BETWEEN):
            between = [leaf for _, leaf in log.leaves(found.change + 1, found.index)]
            files[layout.BETWEEN] = pack_leaves(between)
    for folder, indexes in shown.items():
        for index in indexes:
            files[f"{folder}/{index}.bin"] = log.leaf(index)
            files[f"{folder}/{index}.tlog"] = head.prove(log, index)
    for older in heads.kept(log, 1):
        if older.size < head.size:
            hashes = log.consistency(older.size, head.size)
            files[f"consistency/{older.size}.txt"] = write_hashes(hashes)
    return files


def _side(log: LogFolder, index: int) -> dict[str, bytes]:
    side = SideRecords(log.root).read(index)
    if side is None:
        raise StoreNotFoundError(
            "must have a side record (it has none, or it was erased)",
            error_id="evidence.no_side",
            source=log.root,
            path=f"leaf {index}",
            remedy="Build the bundle without it: the proof holds all the same.",
        )
    return {layout.SIDE: side.SerializeToString()}


def _delegation(log: LogFolder, origin: str, trust: TrustPolicy) -> dict[str, bytes]:
    index = finding.find_delegation(log, origin, log.size())
    head = heads.best(log, index, trust)
    return {
        layout.DELEGATION_LEAF: log.leaf(index),
        layout.DELEGATION_PROOF: head.prove(log, index),
        **head.token_files(),
    }


def _record_log(log: LogFolder, sealed: Iterable[Sealed], trust: TrustPolicy) -> dict[str, bytes]:
    """Prove each record under the newest checkpoint, for the order, and under an early one.

    The early one is the first that covers the record and that an outsider saw: for the time. A
    consistency proof joins the two, so that what came later is known to have come later.
    """
    last = heads.newest(log)
    seen = [head for head in heads.kept(log, 1) if heads.is_seen(head, trust)]
    places = finding.find_records(log, last.size)
    files = last.token_files()
    for head in seen:
        if head.size < last.size:
            hashes = log.consistency(head.size, last.size)
            files[f"record-log/{head.size}-{last.size}.txt"] = write_hashes(hashes)
    for each in sealed:
        index = places.get(each.sha256)
        if index is None:
            continue
        files[f"record-log/{each.hex}.bin"] = log.leaf(index)
        early = next((head for head in seen if head.size > index), last)
        for head in (last, early):
            files[f"record-log/{each.hex}.{head.size}.tlog"] = head.prove(log, index)
            if head.size < last.size:
                joined = write_hashes(log.consistency(head.size, last.size))
                files[f"record-log/{head.size}-{last.size}.txt"] = joined
            files |= head.token_files()
    return files


def _packages(folders: Iterable[StrPath]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for folder in folders:
        name = Path(folder).resolve().name
        path = f"packages/{name}/SHA256SUMS"
        if not _NAME.fullmatch(name) or path in files:
            raise UsageError(
                f"must be a folder with a plain name of its own (got {name[:100]!r})",
                error_id="evidence.package_name",
                path="packages",
            )
        files[path] = manifest(folder)
    return files
