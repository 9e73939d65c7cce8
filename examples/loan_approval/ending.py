"""What is printed at the end: records, where one prediction comes from, whether all verifies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from examples.loan_approval.commands import mlspec, problems
from examples.loan_approval.job import Job
from examples.loan_approval.logged import Request, read_log
from examples.loan_approval.tamper import tamper
from mlspec import unseal, v1
from mlspec.records import stage_name

SHORT = 12
TAMPERED_EXIT = 1


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns under a title, each as wide as its widest cell."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    print(f"\n{title}\n")
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print("  " + "  ".join(cells).rstrip())


def print_records(job: Job) -> None:
    """Every record of the run: what it is about, who signed, how its step ended."""
    rows = []
    for number, row in enumerate(job.store.records(run=job.run.id), 1):
        record = unseal(job.store.get(row.sha256), job.trust)
        header = record.header
        took = header.end_time.ToNanoseconds() - header.start_time.ToNanoseconds()
        rows.append(
            (
                str(number),
                header.step_name or "-",
                stage_name(record.stage),
                v1.RecordState.Name(header.state).removeprefix("RECORD_STATE_").lower(),
                f"{took / 1e9:.2f} s" if header.HasField("start_time") else "-",
                " + ".join(signer.identity for signer in record.signers),
                record.hex[:SHORT],
            )
        )
    head = ("", "step", "about", "state", "took", "signed by", "sha256")
    print_table("Records of the run, each verified", head, rows)


def print_criteria(job: Job) -> None:
    """The launch criteria, as they came out on both sets of rows, and who waived what."""
    decision = job.past(v1.GateDecision).body
    rows = []
    for evidence in decision.evidence:
        name = stage_name(evidence.record.stage)
        for result in evidence.outcome.required_results:
            if result.verdict == v1.VERDICT_PASS and result.HasField("slice"):
                continue
            rows.append(
                (
                    name,
                    result.criterion_id,
                    result.slice.name or "all rows",
                    f"{result.observed:.3f}" if result.HasField("observed") else "-",
                    f"{result.bound:g}",
                    str(result.sample_count),
                    v1.Verdict.Name(result.verdict).removeprefix("VERDICT_"),
                )
            )
    head = ("record", "criterion", "slice", "observed", "bound", "n", "verdict")
    print_table("Launch criteria (of groups, those that did not pass)", head, rows)
    verdict = v1.Verdict.Name(decision.verdict).removeprefix("VERDICT_")
    print(f"\n  gate {decision.gate_name}: {verdict}")
    for waiver in decision.waivers:
        until = waiver.expire_time.ToDatetime()
        where = ", ".join(part.name for part in waiver.slices)
        who = waiver.approver.display_name
        print(f"  waived: {waiver.subject_id} on {where}, by {who}, until {until:%Y-%m-%d}")


def print_lineage(job: Job) -> Request:
    """One referred application: its leaf, its roll-out, and all records above, to the raw file.

    Return the application.
    """
    log = read_log(job)
    request = next(r for r in log.requests if r.record.principal_reasons and r.label is False)
    describe(request, log.size)
    rows = []
    for node in job.store.lineage(request.record.deployment_sha256, "up"):
        if node.record is None or node.record.stage == v1.STAGE_OBJECT_EVENT:
            continue
        record = unseal(job.store.get(node.sha256), job.trust)
        inputs = ", ".join(
            f"{a.uri or a.name} {a.digest.sha256.hex()[:SHORT]}" for a in record.header.inputs[:2]
        )
        indent = "  " * node.depth
        rows.append((f"{indent}{stage_name(record.stage)}", record.hex[:SHORT], inputs or "-"))
    head = ("record", "sha256", "read")
    print_table("Where it comes from", head, rows)
    return request


def describe(request: Request, size: int) -> None:
    """One request in a few lines."""
    record = request.record
    print("\nOne prediction\n")
    print(f"  request    {record.request_id}, leaf {request.entry.sequence_number} of {size}")
    print(f"  model      {record.model.name}@{record.model.version} {record.model.sha256.hex()}")
    prediction = record.model.prediction
    print(f"  answer     {prediction.decision}, probability {prediction.number_value:.4f}")
    for reason in record.principal_reasons:
        print(f"             {reason.contribution:+.3f}  {reason.description}")
    print(f"  roll-out   {record.deployment_sha256.hex()}")


def print_verification(job: Job) -> bool:
    """Verify all, then a copy in which one byte was changed.

    Return whether both came out as they must.
    """
    rest = ("--trust", job.folder.trust.name, "--records-only", "--quiet")
    whole = mlspec(job, "verify", job.folder.store.name, *rest)
    print("What came first no store can show; the record log does, in the evidence below.")
    evaluation = job.past(v1.ModelEvaluation)
    changed = tamper(job.folder.store, job.folder.at("tampered.db"), evaluation)
    print(
        f"\nIn a copy, one byte of record {changed.record[:SHORT]} was changed: the verdict of "
        f"{changed.criterion}\nis now PASS (byte {changed.offset} of its envelope)."
    )
    copy = mlspec(job, "verify", changed.store.name, *rest, show=problems)
    return whole == 0 and copy == TAMPERED_EXIT
