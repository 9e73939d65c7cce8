"""The machine that a step runs on, as far as it is cheap to know."""

from __future__ import annotations

import os
import platform
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Final

from mlspec import v1

_OS_RELEASE: Final = (Path("/etc/os-release"), Path("/usr/lib/os-release"))
_MEMORY_LIMITS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_NVIDIA_GPUS: Final = Path("/proc/driver/nvidia/gpus")
_NVIDIA_VERSION: Final = Path("/proc/driver/nvidia/version")
_MAX_READ: Final = 65_536
_MAX_TEXT: Final = 255


def describe_machine(environment: v1.Environment) -> None:
    """Set operating system, architecture, language, processors, memory and accelerators."""
    environment.operating_system = operating_system()[:_MAX_TEXT]
    if platform.machine():
        environment.architecture = platform.machine()[:64]
    environment.language = platform.python_implementation()
    environment.language_version = platform.python_version()
    environment.cpu_count = cpu_count()
    memory = memory_bytes()
    if memory is not None:
        environment.memory_bytes = memory
    environment.accelerators.extend(accelerators())


def operating_system() -> str:
    """Return the name and release that the system gives itself."""
    for path in _OS_RELEASE:
        for line in _text(path).splitlines():
            if line.startswith("PRETTY_NAME="):
                return line.partition("=")[2].strip().strip("\"'")
    return f"{platform.system()} {platform.release()}".strip() or "unknown"


def cpu_count() -> int:
    """Return the logical processors that this process may use."""
    with suppress(AttributeError, OSError):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def memory_bytes() -> int | None:
    """Return the machine's memory, or the container's limit if that is less."""
    found = None
    with suppress(AttributeError, OSError, ValueError):
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _MEMORY_LIMITS:
        text = _text(path).strip()
        if text.isdigit() and (found is None or 0 < int(text) < found):
            found = int(text)
    return found if found and found > 0 else None


def accelerators(
    gpus: Path = _NVIDIA_GPUS, version: Path = _NVIDIA_VERSION
) -> list[v1.Accelerator]:
    """Return the graphics processors that the NVIDIA driver tells of, by model."""
    models: Counter[str] = Counter()
    with suppress(OSError):
        for gpu in sorted(gpus.iterdir())[:256]:
            for line in _text(gpu / "information").splitlines():
                name, _, value = line.partition(":")
                if name.strip() == "Model" and value.strip():
                    models[value.strip()[:_MAX_TEXT]] += 1
    driver = _driver(_text(version))
    return [
        v1.Accelerator(
            kind=v1.ACCELERATOR_KIND_GPU, model=model, count=count, driver_version=driver
        )
        for model, count in models.items()
    ]


def _driver(text: str) -> str | None:
    words = text.partition("\n")[0].split()
    return next((word[:_MAX_TEXT] for word in words if word[:1].isdigit() and "." in word), None)


def _text(path: Path) -> str:
    with suppress(OSError), path.open("rb") as file:
        return file.read(_MAX_READ).decode("utf-8", "replace")
    return ""
