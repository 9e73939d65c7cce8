"""Start the service, wait for it, send it the requests, probe that it lives, and stop it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from examples.loan_approval.ingest import LATER
from examples.loan_approval.job import Job
from examples.loan_approval.serve import TOKEN_VARIABLE
from examples.loan_approval.traffic import Counts, send_all

ROOT = Path(__file__).resolve().parents[2]
PROBE_INTERVAL = timedelta(milliseconds=250)
STOP_SECONDS = 60


class ServiceDiedError(Exception):
    """The service ended before it was told to."""


@dataclass
class Heartbeats:
    """What the probe of `/ok` saw."""

    sent: int = 0
    answered: int = 0
    last: datetime | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, base_url: str) -> None:
        """Probe until told to stop."""
        with httpx.Client(base_url=base_url, timeout=5) as client:
            while not self.stop.wait(PROBE_INTERVAL.total_seconds()):
                self.sent += 1
                try:
                    alive = client.get("/ok").status_code == httpx.codes.OK
                except httpx.HTTPError:
                    alive = False
                if alive:
                    self.answered, self.last = self.answered + 1, datetime.now(UTC)


@dataclass(frozen=True)
class Window:
    """What happened while the service answered."""

    start: datetime
    end: datetime
    counts: Counts
    heartbeats: Heartbeats


def environment(job: Job) -> dict[str, str]:
    """What another process of the run is told: the run, and where the code is."""
    paths = [str(ROOT), str(ROOT / "python"), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        **job.run.context(),
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
    }


def run_process(job: Job, module: str) -> None:
    """Run one step in a process of its own, to its end."""
    command = [sys.executable, "-m", f"examples.loan_approval.{module}", str(job.folder.root)]
    subprocess.run(command, check=True, env=environment(job), timeout=300)


@contextmanager
def service(job: Job, token: str) -> Iterator[str]:
    """The running service, as its base URL.

    Leaving stops it and waits until its last record is sealed.
    """
    command = [sys.executable, "-m", "examples.loan_approval.serve", str(job.folder.root)]
    env = {**environment(job), TOKEN_VARIABLE: token}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise ServiceDiedError(f"the service ended with {process.wait(STOP_SECONDS)}")
            yield f"http://127.0.0.1:{json.loads(line)['port']}"
        finally:
            if process.stdin:
                process.stdin.close()
            code = process.wait(STOP_SECONDS)
    if code:
        raise ServiceDiedError(f"the service ended with {code}")


def deploy(job: Job) -> Window:
    """Serve while the applicants come."""
    token = secrets.token_urlsafe(24)
    heartbeats = Heartbeats()
    with service(job, token) as base_url:
        probe = threading.Thread(target=heartbeats.run, args=(base_url,))
        start = datetime.now(UTC)
        probe.start()
        try:
            counts = send_all(base_url, token, job.folder.at(LATER))
            time.sleep(2 * PROBE_INTERVAL.total_seconds())
        finally:
            heartbeats.stop.set()
            probe.join()
        end = datetime.now(UTC)
    return Window(start, end, counts, heartbeats)
