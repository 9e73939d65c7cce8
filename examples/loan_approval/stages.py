"""The thirteen stages, in their order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mlspec
from examples.loan_approval import gate
from examples.loan_approval.analyse import analyse
from examples.loan_approval.authority import make_authority
from examples.loan_approval.deploy import Window, deploy, run_process
from examples.loan_approval.evaluate import evaluate
from examples.loan_approval.folder import Folder
from examples.loan_approval.ingest import ingest
from examples.loan_approval.job import Job, start
from examples.loan_approval.monitor import monitor
from examples.loan_approval.objectives import seal_objectives
from examples.loan_approval.package import make_package
from examples.loan_approval.people import (
    RECORD_LOG,
    RECORDS_ORIGIN,
    RELEASE_MANAGER,
    make_keys,
    write_trust,
)
from examples.loan_approval.registry import pipeline, pipeline_reference, publish
from examples.loan_approval.review import review
from examples.loan_approval.split import split
from examples.loan_approval.statement import state_log
from examples.loan_approval.train import train
from examples.loan_approval.transform import transform
from examples.loan_approval.validate import validate_data
from mlspec.requestlog.record_log import RecordLog
from mlspec.sealing import load_private_key

Progress = Callable[[str, Callable[[], object]], None]


def run_all(folder: Folder, source: Path, progress: Progress) -> Job:
    """Run every stage; the manifest is sealed at the end. Returns a job that can only read."""
    make_keys(folder)
    authority = make_authority(folder)
    write_trust(folder, [authority.root] if authority else [])
    graph, version = pipeline()
    key = load_private_key(RECORD_LOG.key_path(folder))
    with RecordLog.open(folder.records, origin=RECORDS_ORIGIN, signer=key) as records:
        job = start(folder, RELEASE_MANAGER, pipeline_reference(version), records, authority)
        with job.run:
            progress("keys, trust file, published pipeline", lambda: publish(job, graph, version))
            make_model(job, source, progress)
            use_model(job, progress)
        # The run has ended and let go of its store; whoever looks at it now opens the store anew.
        job.opened = mlspec.open_store(folder.store)
        progress("   an outsider sees all records, the manifest too", job.stamp_records)
    return job


def make_model(job: Job, source: Path, progress: Progress) -> None:
    """From the objectives to the gate before launch."""
    progress(" 1 objectives, sealed before anything else", lambda: seal_objectives(job))
    progress("   an outsider sees the record log: they are fixed now", job.stamp_records)
    progress(" 2 ingestion: signed data in, hold-back locked away", lambda: ingest(job, source))
    progress(" 3 analysis of the training rows, by race and sex", lambda: analyse(job))
    progress(" 4 transformation: sentinels, leaks, outliers", lambda: transform(job))
    progress(" 5 validation: schema guessed, edited, used", lambda: validate_data(job))
    progress(" 6 splitting: leaks searched, custody recorded", lambda: split(job))
    progress(" 7 training: search, fit, conversion to ONNX", lambda: train(job))
    progress(" 8 evaluation by another team", lambda: evaluate(job))
    progress("   gate before the hold-back set", lambda: gate.decide(job, gate.BEFORE_HOLDOUT))
    progress(
        " 9 hold-back opened and tested (another process)", lambda: run_process(job, "holdout")
    )
    progress("   signs of overfitting, added to the splitting", lambda: review(job))
    progress("   gate before launch", lambda: gate.decide(job, gate.LAUNCH))


def use_model(job: Job, progress: Progress) -> None:
    """From the package to the statement about the requests."""
    windows: list[Window] = []
    progress("10 packaging, scanned and tried out", lambda: make_package(job))
    progress("11 serving real requests (another process)", lambda: windows.append(deploy(job)))
    progress("   an outsider sees the request log", job.stamp_requests)
    progress("12 monitoring of that window", lambda: monitor(job, windows[0]))
    progress("13 statement about the request log", lambda: state_log(job))
