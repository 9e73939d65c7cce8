"""The specification, read once for all promise tests."""

from pathlib import Path

import pytest

from tools import image, schema


@pytest.fixture(scope="session")
def spec(tmp_path_factory: pytest.TempPathFactory) -> list[schema.File]:
    """Every file of mlspec.v1 in the working tree, with comments and rules."""
    target = tmp_path_factory.mktemp("image") / "image.binpb"
    return schema.read(image.build(Path(target), source_info=True))
