"""Where a run happens: captured once, never more than `v1.Environment` lists."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Final

from mlspec import v1
from mlspec.emitting.command_line import capture_command
from mlspec.emitting.machine import describe_machine
from mlspec.emitting.source_code import describe_source

_MAX_PACKAGES: Final = 8192
_MAX_TEXT: Final = 255


def capture_environment(allowed_options: Collection[str] = ()) -> v1.Environment:
    """Return machine, language, packages, source revision and command line of this process.

    Process variables are never read for it. It takes some ten milliseconds: a run captures once.

    Args:
        allowed_options: Options of the command line whose values may be kept, such as "--data".
    """
    environment = v1.Environment()
    describe_machine(environment)
    for name, version in installed_packages():
        environment.packages.add(name=name, version=version)
    revision = describe_source(_program_folder())
    if revision is not None:
        environment.source_revision.CopyFrom(revision)
    environment.command_line.extend(capture_command(sys.orig_argv, allowed_options))
    return environment


@cache
def installed_packages() -> tuple[tuple[str, str], ...]:
    """Return name and version of every installed distribution, each once, by name."""
    from importlib.metadata import distributions

    found: dict[str, tuple[str, str]] = {}
    for distribution in distributions():
        name, version = distribution.metadata["Name"], distribution.version
        if name and version and len(name) <= _MAX_TEXT and len(version) <= _MAX_TEXT:
            # The first one found is the one that would be imported.
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), (name, version))
    return tuple(found[key] for key in sorted(found))[:_MAX_PACKAGES]


def _program_folder() -> Path:
    """Return the folder of the program that runs, else the current one."""
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    return Path(file).resolve().parent if file else Path.cwd()
