"""The loan example takes its time: its tests run when they are asked for (`pytest -m demo`)."""

from __future__ import annotations

import pytest

DEMO = "demo: runs the loan example twice and computes its numbers again (about two minutes)"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", DEMO)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the example out unless the marker expression speaks of it."""
    if "demo" in str(config.getoption("markexpr")):
        return
    left_out = [item for item in items if item.get_closest_marker("demo")]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)
