"""The rules by id: each has a page in docs/spec/provenance, and vectors that pass and that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from mlspec.provenance import (
    chain,
    custody,
    data,
    deployments,
    gate,
    holdout_tests,
    holdout_use,
    manifests,
    objectives,
)
from mlspec.provenance.findings import Finding
from mlspec.provenance.rollout import RollOut

Check = Callable[[RollOut], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule across records.

    Attributes:
        id: Its stable name, for example "gate.passed".
        title: What must hold, in one sentence.
        check: Yields what it finds about a deployment: at least one finding.
    """

    id: str
    title: str
    check: Check = field(repr=False, compare=False)

    @property
    def page(self) -> str:
        """Where it is written down, from the root of the repository."""
        return f"docs/spec/provenance/{self.id}.md"


RULES: Final = (
    Rule(
        "record.verified",
        "Every record of the chain, and of its runs, is signed by keys that are trusted for it.",
        chain.record_verified,
    ),
    Rule("reference.dangling", "Every record that is named is there.", chain.reference_dangling),
    Rule(
        "reference.stage",
        "Every reference says the type and the stage of the record that it names.",
        chain.reference_stage,
    ),
    Rule(
        "reference.parents",
        "Every record that a body names is among the parents too.",
        chain.reference_parents,
    ),
    Rule("chain.acyclic", "No record rests on itself.", chain.chain_acyclic),
    Rule(
        "chain.namespace",
        "Parents are of the child's namespace, unless its signers have a role there too.",
        chain.chain_namespace,
    ),
    Rule(
        "run.manifest",
        "Each run's records are those that its one signed manifest names.",
        manifests.run_manifest,
    ),
    Rule(
        "holdout.reused",
        "No hold-back data was used to train, tune, calibrate or evaluate the model.",
        holdout_use.holdout_reused,
    ),
    Rule(
        "holdout.opened_before_test",
        "Each hold-back test names an opening of its set, for its model, sealed before it.",
        holdout_tests.opened_before_test,
    ),
    Rule(
        "holdout.custodian",
        "Hold-back sets are opened, or transformed unopened, by their custodian alone.",
        custody.holdout_custodian,
    ),
    Rule(
        "holdout.not_evaluation",
        "A hold-back test is a step of its own, and confirms an evaluation of the same model.",
        holdout_tests.not_evaluation,
    ),
    Rule(
        "objectives.fixed_beforehand",
        "An outsider had seen the gate's objectives before the evaluation that rests on them.",
        objectives.fixed_beforehand,
    ),
    Rule(
        "data.archived",
        "No work rests on a dataset version that was archived by then.",
        data.data_archived,
    ),
    Rule(
        "gate.passed",
        "The roll-out rests on a gate that its model passed, or that somebody waived who may.",
        gate.gate_passed,
    ),
    Rule(
        "deployment.model",
        "The model rolled out is the one that was trained, evaluated, tested and packaged.",
        deployments.deployment_model,
    ),
    Rule(
        "deployment.log_origin",
        "The deployment names the logs that its requests go into, before the first one comes.",
        deployments.log_origins,
    ),
)
"""All rules, in the order in which they are looked at."""
