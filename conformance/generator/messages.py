"""Messages that every program reads and writes: the valid vectors of the specification."""

from collections.abc import Iterator

from conformance.generator import vectors
from conformance.generator.making import MadeSet, add_message


def sets() -> Iterator[MadeSet]:
    """Yield the records of every stage and sealed body, and every other message."""
    records = MadeSet(
        "encode/records", "Every stage and every other sealed body, minimal and full."
    )
    others = MadeSet("encode/messages", "Every message that is exchanged or stored by itself.")
    for vector in vectors.texts():
        if vector.fails:
            continue
        is_record = vector.message.DESCRIPTOR.name == "Record"
        add_message(records if is_record else others, vector.name, vector.purpose, vector.message)
    yield records
    yield others
