"""The parts of the package: dependencies, bill of materials, model card, samples, manifest."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from pathlib import Path

from examples.loan_approval.convert import package
from examples.loan_approval.job import Job
from examples.loan_approval.registry import MODEL
from examples.loan_approval.scoring import Scorer
from mlspec import digests, v1

DEPENDENCIES = ("mlspec-protobuf", "numpy", "onnxruntime", "protobuf", "starlette", "uvicorn")
CYCLONEDX_VERSION = "1.5"
TOLERANCE = 1e-6
ROLES = {
    "model.onnx": v1.PACKAGED_FILE_ROLE_MODEL,
    "inputs.binpb": v1.PACKAGED_FILE_ROLE_SCHEMA,
    "decision_rule.json": v1.PACKAGED_FILE_ROLE_CONFIGURATION,
    "requirements.txt": v1.PACKAGED_FILE_ROLE_DEPENDENCIES,
    "sbom.cdx.json": v1.PACKAGED_FILE_ROLE_BILL_OF_MATERIALS,
    "MODEL_CARD.md": v1.PACKAGED_FILE_ROLE_DOCUMENTATION,
}
MEDIA_TYPES = {
    ".onnx": "application/octet-stream",
    ".binpb": "application/x-protobuf",
    ".json": "application/json",
    ".txt": "text/plain",
    ".md": "text/markdown",
}


def describe_files(folder: Path) -> v1.PackageManifest:
    """Every file by name and digest, and the digest of them all."""
    made = v1.PackageManifest(sha256=hashlib.sha256(digests.manifest(folder)).digest())
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        relative = path.relative_to(folder).as_posix()
        made.files.add(
            path=relative,
            sha256=digests.digest_file(path).sha256,
            size_bytes=path.stat().st_size,
            role=ROLES.get(relative, v1.PACKAGED_FILE_ROLE_SAMPLE),
            media_type=MEDIA_TYPES[path.suffix],
        )
    made.total_size_bytes = sum(file.size_bytes for file in made.files)
    return made


def write_requirements(folder: Path) -> None:
    """What must be installed to serve, with exact versions."""
    lines = [f"{each.name}=={each.version}" for each in map(package, DEPENDENCIES)]
    (folder / "requirements.txt").write_text("\n".join(lines) + "\n")


def write_bill_of_materials(folder: Path) -> None:
    """CycloneDX: the model, and each dependency with version, licence and package URL."""
    model = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    components: list[dict[str, object]] = [
        {
            "type": "machine-learning-model",
            "name": MODEL,
            "hashes": [{"alg": "SHA-256", "content": model}],
        }
    ]
    for name in DEPENDENCIES:
        metadata = importlib.metadata.metadata(name).json
        version = str(metadata["version"])
        component: dict[str, object] = {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
        }
        licence = metadata.get("license_expression")
        if licence:
            component["licenses"] = [{"expression": licence}]
        components.append(component)
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": CYCLONEDX_VERSION,
        "version": 1,
        "components": components,
    }
    (folder / "sbom.cdx.json").write_text(json.dumps(content, indent=1) + "\n")


def write_card(folder: Path, objectives: v1.Objectives, tested: v1.HoldoutTest) -> None:
    """What the model is for and how it did on the hold-back set, for people."""
    lines = [f"# {MODEL}", "", objectives.intended_use, "", "## Not for", ""]
    lines += [f"- {use}" for use in objectives.out_of_scope_uses]
    lines += [
        "",
        "## On the hold-back set",
        "",
        "| metric | slice | value | rows |",
        "|---|---|---|---|",
    ]
    for metric in tested.metrics:
        if metric.HasField("number_value") and metric.name in ("auc", "approval_rate", "ece"):
            part = metric.slice.name or "all"
            value = f"{metric.number_value:.3f}"
            lines.append(f"| {metric.name} | {part} | {value} | {metric.sample_count} |")
    (folder / "MODEL_CARD.md").write_text("\n".join(lines) + "\n")


def write_samples(job: Job, folder: Path) -> list[v1.SampleInput]:
    """Two made-up applications, a typical and a poor one, with the answers that they must get."""
    scorer = Scorer(folder)
    typical = json.loads((folder / "decision_rule.json").read_text())["typical_row"]
    names = [feature.name for feature in scorer.schema.features]
    plain = dict(zip(names, typical, strict=True))
    poor = {**plain, "gdlin": 0.0, "unver": 1.0, "cons": 6.0}
    (folder / "samples").mkdir()
    made = []
    for name, features, words in (
        ("typical", plain, "the median applicant"),
        ("poor-history", poor, "the same with a poor credit history and unverified facts"),
    ):
        answer = scorer.answer(features)
        request = {"application_id": f"sample-{name}", "features": features}
        expected = {"decision": answer.decision, "approval_probability": answer.probability}
        for kind, content in (("request", request), ("expected", expected)):
            text = json.dumps(content, indent=1) + "\n"
            (folder / "samples" / f"{name}.{kind}.json").write_text(text)
        artifacts = [
            job.folder.artifact(
                f"package/samples/{name}.{kind}.json", role=kind, media_type="application/json"
            )
            for kind in ("request", "expected")
        ]
        made.append(
            v1.SampleInput(
                name=name,
                input=artifacts[0],
                expected_output=artifacts[1],
                absolute_tolerance=TOLERANCE,
                description=words,
            )
        )
    return made
