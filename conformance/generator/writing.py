"""Writing the cases, or comparing them with what is there."""

import sys
from pathlib import Path

from conformance.generator import (
    json_input,
    messages,
    rules,
    sample,
    scalars,
    sealing,
    verifying,
    wire,
)
from conformance.generator.making import MadeSet
from conformance.places import CASES, KIT, SAMPLE
from tools import tree
from tools.places import ToolError


def made_sets() -> list[MadeSet]:
    """Make every set of cases."""
    makers = (messages, scalars, rules, wire, json_input, sealing, verifying)
    return [made for maker in makers for made in maker.sets()]


def main(*, check: bool) -> int:
    """Write the cases and the sample, or name what is not as it would be written."""
    made = made_sets()
    files = {
        Path(found.id, name): content for found in made for name, content in found.render().items()
    }
    wanted = {CASES: files, SAMPLE: sample.files()}
    count = sum(len(found.cases) for found in made)
    if not check:
        changed = sum(tree.write(folder, content) for folder, content in wanted.items())
        print(f"{count} cases in {len(made)} sets, {changed} files changed")
        return 0
    stale = [line for folder, found in wanted.items() for line in tree.differences(folder, found)]
    if stale:
        lines = "\n".join(line.replace(f"{KIT}/", "") for line in stale[:40])
        raise ToolError(f"conformance/cases: must be as generated (make conformance)\n{lines}")
    print(f"{count} cases in {len(made)} sets, as generated", file=sys.stderr)
    return 0
