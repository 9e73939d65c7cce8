"""What the place is tried for before requests come: integrity, samples, resources, and the log."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from datetime import UTC, datetime
from pathlib import Path

from examples.loan_approval.job import Job
from examples.loan_approval.package import PACKAGE, SIGNATURE
from examples.loan_approval.people import LOG, RELEASE_MANAGER
from examples.loan_approval.scoring import Scorer
from mlspec import digests, v1
from mlspec.requestlog import NoteKey, NoteKeyKind
from mlspec.requestlog.disk import LogWriter
from mlspec.sealing import load_public_key

MEBIBYTE = 1024 * 1024


def inspect_place(
    job: Job, packaging: v1.ModelPackaging, log: LogWriter
) -> v1.InfrastructureValidation:
    """Try everything; the verdict is the worst of the checks."""
    folder, needs = job.folder.at(PACKAGE), packaging.infrastructure
    checks = [
        *resources(needs, job.folder.root),
        integrity(job, folder, packaging),
        *samples(folder, packaging),
        log_written(job, log),
    ]
    host = job.run.environment
    made = v1.InfrastructureValidation(
        host=v1.Environment(
            operating_system=host.operating_system or None,
            architecture=platform.machine(),
            cpu_count=cpu_count(),
            memory_bytes=host.memory_bytes or None,
        ),
        granted=v1.ComputeResources(
            cpu_millicores=1000 * cpu_count(),
            memory_bytes=host.memory_bytes or None,
            disk_bytes=shutil.disk_usage(job.folder.root).free,
        ),
        checks=checks,
        verdict=v1.VERDICT_PASS,
    )
    if any(check.verdict != v1.VERDICT_PASS for check in checks):
        failed = any(check.verdict == v1.VERDICT_FAIL for check in checks)
        made.verdict = v1.VERDICT_FAIL if failed else v1.VERDICT_UNDECIDED
    made.check_time.FromDatetime(datetime.now(UTC))
    return made


def cpu_count() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def resources(needs: v1.InfrastructureNeeds, root: Path) -> list[v1.InfrastructureCheck]:
    """Processors, architecture and disk."""
    free = shutil.disk_usage(root).free
    return [
        _check(
            v1.INFRASTRUCTURE_CHECK_KIND_CPU,
            f"{needs.minimum.cpu_millicores / 1000:g} processors",
            f"{cpu_count()} processors",
            1000 * cpu_count() >= needs.minimum.cpu_millicores,
        ),
        _check(
            v1.INFRASTRUCTURE_CHECK_KIND_DISK,
            f"{needs.minimum.disk_bytes} bytes",
            f"{free // MEBIBYTE} MiB",
            free >= needs.minimum.disk_bytes,
        ),
        _check(
            v1.INFRASTRUCTURE_CHECK_KIND_ARCHITECTURE,
            ", ".join(needs.architectures),
            platform.machine(),
            platform.machine() in needs.architectures,
        ),
    ]


def integrity(job: Job, folder: Path, packaging: v1.ModelPackaging) -> v1.InfrastructureCheck:
    """The package is the one that was recorded, and its signature is the release manager's."""
    found = hashlib.sha256(digests.manifest(folder)).digest()
    public = load_public_key(str(job.folder.at(f"keys/{RELEASE_MANAGER.name}.pub")))
    signed = public.fits(job.folder.at(SIGNATURE).read_bytes(), found)
    return _check(
        v1.INFRASTRUCTURE_CHECK_KIND_INTEGRITY,
        packaging.manifest.sha256.hex(),
        found.hex(),
        found == packaging.manifest.sha256 and signed,
    )


def samples(folder: Path, packaging: v1.ModelPackaging) -> list[v1.InfrastructureCheck]:
    """The model loads, and its samples get the answers that they must get."""
    scorer = Scorer(folder)
    apart = 0.0
    for sample in packaging.sample_inputs:
        request = json.loads((folder.parent / sample.input.uri).read_text())
        expected = json.loads((folder.parent / sample.expected_output.uri).read_text())
        answer = scorer.answer(request["features"])
        apart = max(apart, abs(answer.probability - expected["approval_probability"]))
    tolerance = min(sample.absolute_tolerance for sample in packaging.sample_inputs)
    return [
        _check(v1.INFRASTRUCTURE_CHECK_KIND_MODEL_LOADS, None, None, True),
        _check(
            v1.INFRASTRUCTURE_CHECK_KIND_SAMPLE_ANSWERS,
            f"within {tolerance:g}",
            f"{apart:g} apart",
            apart <= tolerance,
        ),
    ]


def log_written(job: Job, log: LogWriter) -> v1.InfrastructureCheck:
    """What was written to the log can be read back, and is proven under its signed checkpoint."""
    public = load_public_key(str(job.folder.at(f"keys/{LOG.name}.pub")))
    key = NoteKey(log.origin, NoteKeyKind.LOG, public)
    for index, leaf in log.folder.leaves():
        log.folder.prove(index).verify(leaf, key)
    return _check(
        v1.INFRASTRUCTURE_CHECK_KIND_REQUEST_LOG,
        "every leaf reads back, with a proof",
        f"{log.checkpoint.size} leaves",
        log.checkpoint.size == log.size,
    )


def _check(
    kind: v1.InfrastructureCheckKind.ValueType, needed: str | None, found: str | None, holds: bool
) -> v1.InfrastructureCheck:
    return v1.InfrastructureCheck(
        kind=kind,
        needed=needed,
        found=found,
        verdict=v1.VERDICT_PASS if holds else v1.VERDICT_FAIL,
        reason=None if holds else "does not hold",
    )
