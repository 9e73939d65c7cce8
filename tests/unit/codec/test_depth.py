"""How deep messages may nest, whichever kind is the innermost."""

import pytest

from conformance.generator.scalars import nested_record
from mlspec import v1
from mlspec.codec import decode
from mlspec.errors import LimitError


def test_a_message_64_deep_is_read() -> None:
    """The outermost is counted."""
    data = nested_record(64).SerializeToString()
    assert decode(v1.Record, data).SerializeToString() == data


@pytest.mark.parametrize("depth", [65, 66])
def test_a_deeper_one_is_refused(depth: int) -> None:
    """Also when the last one is of a kind that holds no other."""
    with pytest.raises(LimitError, match="must not nest so deep"):
        decode(v1.Record, nested_record(depth).SerializeToString())
