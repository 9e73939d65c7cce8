"""Looking through the package: is there code in the model, are there secrets in the files?"""

from __future__ import annotations

import json
import pickletools
import re
from datetime import UTC, datetime
from pathlib import Path

import onnx

from examples.loan_approval.convert import package
from mlspec import __version__, v1

KNOWN_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
SECRET = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}"
    rb"|(?i:password|secret|token)\s*[:=]\s*\S{8}"
)


def scan_for_code(folder: Path, manifest_sha256: bytes) -> v1.SecurityScan:
    """No file may be a pickle, and ONNX may use standard operators on its own data only."""
    scan = _scan(v1.SECURITY_SCAN_KIND_SERIALIZATION, package("onnx"), manifest_sha256)
    for path in _files(folder):
        problem = code_in(path)
        if problem:
            scan.findings.add(
                id="code-in-file",
                severity=v1.SECURITY_SEVERITY_CRITICAL,
                location=path.relative_to(folder).as_posix(),
                description=problem,
            )
    return _decided(scan)


def code_in(path: Path) -> str | None:
    """What in a file could run when it is loaded; None if nothing."""
    content = path.read_bytes()
    if is_pickle(content):
        return "is a pickle, which runs code when it is loaded"
    if path.suffix == ".onnx":
        return code_in_onnx(content)
    if path.suffix == ".json":
        json.loads(content)
    elif path.suffix in (".md", ".txt"):
        content.decode()
    elif path.suffix == ".binpb":
        v1.FeatureSchema.FromString(content)
    else:
        return "is of no expected kind"
    return None


def is_pickle(content: bytes) -> bool:
    """Whether bytes are a whole pickle, found by reading its opcodes, never by loading it."""
    try:
        for _ in pickletools.genops(content):
            pass
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is then no pickle
        return False
    return True


def code_in_onnx(content: bytes) -> str | None:
    """Operators that are not standard, functions of its own, or data outside the file."""
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model)
    strange = {node.domain for node in model.graph.node} - set(KNOWN_DOMAINS)
    if strange or model.functions:
        return f"uses operators of its own: {', '.join(sorted(strange)) or 'functions'}"
    if any(each.external_data for each in model.graph.initializer):
        return "keeps data outside of the file"
    return None


def scan_for_secrets(folder: Path, manifest_sha256: bytes) -> v1.SecurityScan:
    """No file may hold a private key or something that is called a password."""
    tool = v1.SoftwarePackage(name="examples.loan_approval.scans", version=__version__)
    scan = _scan(v1.SECURITY_SCAN_KIND_SECRET, tool, manifest_sha256)
    for path in _files(folder):
        if SECRET.search(path.read_bytes()):
            scan.findings.add(
                id="secret-in-file",
                severity=v1.SECURITY_SEVERITY_HIGH,
                location=path.relative_to(folder).as_posix(),
            )
    return _decided(scan)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _scan(
    kind: v1.SecurityScanKind.ValueType, tool: v1.SoftwarePackage, manifest_sha256: bytes
) -> v1.SecurityScan:
    scan = v1.SecurityScan(
        kind=kind,
        tool=tool,
        scanned_digest=v1.Digest(sha256=manifest_sha256),
        fail_severity=v1.SECURITY_SEVERITY_LOW,
    )
    scan.scan_time.FromDatetime(datetime.now(UTC))
    return scan


def _decided(scan: v1.SecurityScan) -> v1.SecurityScan:
    scan.verdict = v1.VERDICT_FAIL if scan.findings else v1.VERDICT_PASS
    return scan
