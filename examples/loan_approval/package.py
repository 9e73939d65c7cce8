"""Stage 10: put together what is served, look through it for danger, and say what it needs to run.

The package has the model as ONNX, which carries no code, and no pickle anywhere.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np

from examples.loan_approval.columns import REASONS
from examples.loan_approval.convert import ONNX, package
from examples.loan_approval.gate import WAIVER_DURATION
from examples.loan_approval.job import Job
from examples.loan_approval.measure import decision_rule, runtime
from examples.loan_approval.monitor_agent import agents
from examples.loan_approval.objectives import APPROVE, REFER
from examples.loan_approval.parts import (
    DEPENDENCIES,
    describe_files,
    write_bill_of_materials,
    write_card,
    write_requirements,
    write_samples,
)
from examples.loan_approval.people import RELEASE_MANAGER
from examples.loan_approval.prepare import typical_row
from examples.loan_approval.scans import scan_for_code, scan_for_secrets
from examples.loan_approval.scoring import MODEL, RULE, SCHEMA
from examples.loan_approval.table import inputs
from examples.loan_approval.transform import CLEAN_TRAIN, FITTED
from examples.loan_approval.validate import REQUESTS, read_clean, reference
from mlspec import v1

PACKAGE, SIGNATURE = "package", "package.sig"
MAX_BODY_BYTES = 64 * 1024
ROUND_MEMORY_TO = 64 * 1024 * 1024


def make_package(job: Job) -> None:
    """Build, sign, scan, try out, and seal the record of it."""
    training = job.past(v1.ModelTraining)
    trained = training.body.trained_models[0]
    parents = [training, job.past(v1.GateDecision), job.past(v1.HoldoutTest)]
    body = v1.ModelPackaging(
        model=trained.model,
        format=trained.format,
        runtime=runtime(),
        start_command=["python", "-m", "examples.loan_approval.serve"],
        dependencies=[package(name) for name in DEPENDENCIES],
        signature=trained.signature,
        feature_schema=reference(job, REQUESTS),
        transformation=job.past(v1.DataTransformation).reference,
        decision_rules=[decision_rule()],
        licence="Apache-2.0",
        limitations=[
            "amounts beyond the bounds of the training rows are refused",
            "it says what lenders of 1990 would have decided, not who will pay back",
        ],
        instructions="POST one application as JSON to /v1/decisions; see the samples.",
        training=training.reference,
        request_limits=v1.RequestLimits(max_row_count=1, max_size_bytes=MAX_BODY_BYTES),
    )
    with job.step(RELEASE_MANAGER, body, "package", parents) as step:
        for path in (ONNX, REQUESTS, FITTED):
            step.input(job.folder.artifact(path, role="part"))
        body.sample_inputs.extend(build(job))
        body.manifest.CopyFrom(describe_files(job.folder.at(PACKAGE)))
        body.documents.append(job.folder.artifact(f"{PACKAGE}/MODEL_CARD.md", role="model card"))
        body.bills_of_materials.append(bill_of_materials(job))
        body.signatures.append(sign(job, body.manifest))
        folder = job.folder.at(PACKAGE)
        body.security_scans.extend(
            scan(folder, body.manifest.sha256) for scan in (scan_for_code, scan_for_secrets)
        )
        body.security_constraints.CopyFrom(constraints())
        body.monitoring_agents.extend(agents())
        body.infrastructure.CopyFrom(try_out(job, body.manifest.total_size_bytes))
        body.expire_time.FromDatetime(datetime.now(UTC) + WAIVER_DURATION)
        step.output(job.folder.artifact(PACKAGE, role="package"))


def build(job: Job) -> list[v1.SampleInput]:
    """Fill the package's folder; return the samples."""
    folder = job.folder.at(f"{PACKAGE}/{MODEL}").parent
    shutil.copyfile(job.folder.at(ONNX), folder / MODEL)
    shutil.copyfile(job.folder.at(REQUESTS), folder / SCHEMA)
    state = json.loads(job.folder.at(FITTED).read_text())
    rule = decision_rule()
    rule_file = {
        "output": rule.output_name,
        "threshold": rule.threshold,
        "at_or_above": APPROVE,
        "below": REFER,
        "reasons": REASONS,
        "typical_row": typical_row(state, inputs(read_clean(job, CLEAN_TRAIN))),
    }
    (folder / RULE).write_text(json.dumps(rule_file, indent=1) + "\n")
    write_requirements(folder)
    write_card(folder, job.past(v1.Objectives).body, job.past(v1.HoldoutTest).body)
    write_bill_of_materials(folder)
    return write_samples(job, folder)


def bill_of_materials(job: Job) -> v1.BillOfMaterials:
    """The list of all that the package is made of."""
    path = f"{PACKAGE}/sbom.cdx.json"
    content = json.loads(job.folder.at(path).read_text())
    return v1.BillOfMaterials(
        format=v1.BILL_OF_MATERIALS_FORMAT_CYCLONEDX,
        format_version=content["specVersion"],
        artifact=job.folder.artifact(
            path, role="bill of materials", media_type="application/vnd.cyclonedx+json"
        ),
        component_count=len(content["components"]),
    )


def sign(job: Job, manifest: v1.PackageManifest) -> v1.PackageSignature:
    """A detached signature over the manifest's digest, for who has only the package."""
    signer = job.signer(RELEASE_MANAGER)
    job.folder.at(SIGNATURE).write_bytes(signer.sign(manifest.sha256))
    made = v1.PackageSignature(
        custom_scheme="Ed25519 (RFC 8032) over the 32 bytes of the manifest's SHA-256",
        signed_digest=v1.Digest(sha256=manifest.sha256),
        bundle=job.folder.artifact(SIGNATURE, role="signature"),
        signer=RELEASE_MANAGER.actor,
        keyid=signer.keyid,
    )
    made.sign_time.FromDatetime(datetime.now(UTC))
    return made


def constraints() -> v1.SecurityConstraints:
    """What the service may do where it runs."""
    return v1.SecurityConstraints(
        # An example runs as whoever starts it: to ask for more here would be broken at once.
        non_root_needed=False,
        read_only_root_needed=False,
        writable_paths=["logs"],
        egress=v1.EGRESS_POLICY_NONE,
        signature_check_needed=True,
        authentication_needed=True,
    )


def try_out(job: Job, package_bytes: int) -> v1.InfrastructureNeeds:
    """Start the package in a process of its own and measure what it takes."""
    command = [sys.executable, "-m", "examples.loan_approval.probe", str(job.folder.at(PACKAGE))]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    found = json.loads(done.stdout)
    memory = int(np.ceil(found["peak_memory_bytes"] / ROUND_MEMORY_TO)) * ROUND_MEMORY_TO
    needs = v1.InfrastructureNeeds(
        minimum=v1.ComputeResources(
            cpu_millicores=1000, memory_bytes=memory, disk_bytes=package_bytes
        ),
        recommended=v1.ComputeResources(
            cpu_millicores=2000, memory_bytes=2 * memory, disk_bytes=2 * package_bytes
        ),
        architectures=[platform.machine()],
        operating_systems=[platform.system().lower()],
        host_software=[v1.SoftwarePackage(name="python", version=platform.python_version())],
        replica_count=1,
        requests_per_second=found["requests_per_second"],
        network_needed=False,
    )
    needs.startup_duration.FromTimedelta(timedelta(seconds=found["startup_seconds"]))
    return needs
