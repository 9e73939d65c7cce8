"""The end of the job: a stranger asks about one loan, and gets an answer that needs no trust in us.

First that the logs hold, then the evidence for one application that was not approved, then forged
copies of it, and last the applicant's wish to be forgotten.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

from examples.loan_approval.commands import ends, mlspec, problems
from examples.loan_approval.folder import LOGS, Folder
from examples.loan_approval.forgeries import FORGERIES, forge
from examples.loan_approval.job import Job
from examples.loan_approval.logged import Request

EVIDENCE, FORGED = "evidence.zip", "forged"
TRUST = ("--trust", "trust.json")
LATER_ON = "after-25-months"
NOT_COPIED = shutil.ignore_patterns(LATER_ON, "keys", f"{FORGED}-*", "tampered.db*")
SHOWN = ("answer", "waiver")
FAILS = 1


def convince(job: Job, request: Request) -> bool:
    """Show all of it. Return whether everything came out as it must."""
    return all(
        (
            logs_hold(job),
            evidence_holds(job, request),
            forgeries_fail(job),
            forgotten(job, request),
        )
    )


def logs_hold(job: Job) -> bool:
    """Verify both logs from their first leaf to their last."""
    requests = mlspec(job, "log", "verify", LOGS, *TRUST)
    return requests == mlspec(job, "log", "verify", job.folder.records.name, *TRUST, show=ends) == 0


def evidence_holds(job: Job, request: Request) -> bool:
    """Build the evidence for one request, and verify it as a stranger would."""
    print(f"\nThe evidence for one refused loan, {request.record.request_id}")
    build = ("evidence", "build", job.folder.store.name, "--log", LOGS)
    logs = ("--record-log", job.folder.records.name, "--package", "package")
    asked = ("--request", request.record.request_id, "--output", EVIDENCE)
    built = mlspec(job, *build, *logs, *asked, *TRUST, show=ends)
    return built == mlspec(job, "evidence", "verify", EVIDENCE, *TRUST) == 0


def forgeries_fail(job: Job) -> bool:
    """Forge copies, each at another link, and see that link fail."""
    found = []
    for forgery in FORGERIES:
        if forgery.name in SHOWN:
            copy = f"{FORGED}-{forgery.name}"
            forge(job.folder.at(EVIDENCE), job.folder.root / copy, forgery)
            print(f"\nIn a copy, {forgery.words}; its list of files was made to fit.")
            found.append(mlspec(job, "evidence", "verify", copy, *TRUST, show=problems))
    return found == [FAILS] * len(SHOWN)


def forgotten(job: Job, request: Request) -> bool:
    """Erase what describes the applicant; every proof holds, and no file knows them any more.

    The law asks to keep it for 25 months, so this is done in a copy: all of it, as it will be then.
    """
    assert request.detail is not None
    person, request_id = request.detail.subject_id, request.record.request_id
    shutil.copytree(job.folder.root, job.folder.root / LATER_ON, ignore=NOT_COPIED)
    then = replace(job, folder=Folder(job.folder.root / LATER_ON))
    print(f"\n25 months later, in a copy of all this, applicant {person} is to be forgotten.")
    print(f"Files that name {person}: {listed(then.folder, person)}")
    erased = mlspec(then, "log", "erase", LOGS, "--request", request_id, "--yes")
    print(f"\nFiles that name {person} now: {listed(then.folder, person)}")
    log = mlspec(then, "log", "verify", LOGS, *TRUST, show=ends)
    evidence = mlspec(then, "evidence", "verify", EVIDENCE, *TRUST, show=ends)
    return not list(files_with(then.folder, person)) and erased == log == evidence == 0


def listed(folder: Folder, text: str) -> str:
    """The files that hold a text, in words."""
    return ", ".join(files_with(folder, text)) or "none"


def files_with(folder: Folder, text: str) -> Iterator[str]:
    """The files of the whole folder that hold a text."""
    for path in sorted(folder.root.rglob("*")):
        if path.is_file() and text.encode() in path.read_bytes():
            yield str(path.relative_to(folder.root))
