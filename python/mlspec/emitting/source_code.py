"""The state of the source repository that a step runs from."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final

from mlspec import v1
from mlspec.emitting.scrubbing import cut_credentials

_TIMEOUT_SECONDS: Final = 5
_SCP_FORM: Final = re.compile(r"(?:[^@/\s]+@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>[^\s:]+)\Z")
_SCHEMES: Final = ("https", "http", "ssh", "git")
_MAX_URI: Final = 2048
# A repository's own settings may name programs to run: none of those is needed to read its state.
_HARMLESS: Final = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")


def describe_source(folder: Path) -> v1.SourceRevision | None:
    """Return the state of the repository that `folder` is in. None: it is in none."""
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return None
    revision = v1.SourceRevision(commit=commit)
    status = _git(folder, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules")
    if status is not None:
        revision.dirty = bool(status)
    branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
    if branch and branch != "HEAD":
        revision.ref_name = branch[:255]
    uri = repository_uri(_git(folder, "config", "--get", "remote.origin.url") or "")
    if uri:
        revision.repository_uri = uri
    return revision


def repository_uri(remote: str) -> str | None:
    """Return where a remote is, without credentials. None: on this machine, or not to be said."""
    if "://" in remote:
        if remote.partition("://")[0].lower() not in _SCHEMES:
            return None
        uri = cut_credentials(remote)
    else:
        match = _SCP_FORM.match(remote)
        if match is None or len(match["host"]) == 1:
            return None
        uri = f"ssh://{match['host']}/{match['path'].lstrip('/')}"
    return uri if len(uri) <= _MAX_URI and uri.isascii() and uri.isprintable() else None


def _git(folder: Path, *arguments: str) -> str | None:
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *_HARMLESS, "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            env={**os.environ, **quiet},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
