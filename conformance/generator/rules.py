"""Every rule of the specification, tripped at every place where it stands."""

from collections.abc import Iterator

from conformance.generator import vectors
from conformance.generator.making import MadeSet, expect_rules, inline, pieces


def sets() -> Iterator[MadeSet]:
    """Yield a set for each message with derived vectors, and one of the vectors people wrote."""
    yield _written()
    found: dict[str, MadeSet] = {}
    for case in vectors.derived():
        short = case.message.removeprefix("mlspec.v1.")
        made = found.setdefault(
            short, MadeSet(f"reject/standard/{short}", f"Every standard rule of {short}, tripped.")
        )
        target = made.add(case.name, f"Trips {case.trips}.")
        target.convert.message_type = case.message
        target.convert.binary.CopyFrom(pieces(case.parts))
        for path, rule in case.violates:
            target.convert.message.violations.add(path=path, rule_id=rule)
    yield from found.values()


def _written() -> MadeSet:
    made = MadeSet("reject/cel", "Every CEL rule of the specification, tripped.")
    for vector in vectors.texts():
        if vector.fails:
            target = made.add(vector.name, vector.purpose)
            target.convert.message_type = vector.message.DESCRIPTOR.full_name
            data = vector.message.SerializeToString(deterministic=True)
            target.convert.binary.CopyFrom(inline(data))
            expect_rules(target.convert.message.violations, vector.message)
    return made
