"""Answers the runner's requests with the package `mlspec`: `python -m conformance.python`."""

import sys
from datetime import UTC
from typing import Any

from google.protobuf.message import DecodeError as ProtobufDecodeError

from conformance.exchange import serve
from conformance.schema import refusal
from mlspec import v1
from mlspec.codec import Format, decode, encode
from mlspec.errors import (
    MLSpecError,
    TamperedError,
    UnacceptableError,
    UntrustedError,
    ValidationError,
)
from mlspec.sealing import PrivateKey, Sealed, TrustPolicy, seal, unseal
from mlspec.validation import violations

_KINDS: dict[type[MLSpecError], str] = {
    TamperedError: "REFUSAL_TAMPERED",
    UntrustedError: "REFUSAL_UNTRUSTED",
    UnacceptableError: "REFUSAL_UNACCEPTABLE",
    MLSpecError: "REFUSAL_UNREADABLE",
}


def answer(request: Any, response: Any) -> None:
    """Fill in the response to one request."""
    tasks = {"convert": _convert, "seal": _seal, "verify": _verify}
    name = request.WhichOneof("task")
    if name not in tasks:
        response.unsupported = f"task {name}"
        return
    try:
        tasks[name](getattr(request, name), response)
    except Exception as error:  # noqa: BLE001 - said to the runner, which counts it as a failure
        response.failure = f"{type(error).__name__}: {error}"


def _convert(task: Any, response: Any) -> None:
    kind = getattr(v1, task.message_type.removeprefix("mlspec.v1."))
    try:
        if task.WhichOneof("input") == "binary":
            message = kind.FromString(task.binary)
        else:
            message = decode(kind, task.json, Format.JSON)
    except (ProtobufDecodeError, MLSpecError) as error:
        response.unreadable = str(error)
        return
    _say_violations(response.converted.violations, violations(message))
    response.converted.SetInParent()
    if not task.rules_only:
        _say_forms(response.converted, message)


def _say_forms(converted: Any, message: Any) -> None:
    converted.binary = message.SerializeToString()
    try:
        converted.json = encode(message, Format.JSON).decode("utf-8")
    except MLSpecError as error:
        converted.json_refusal = str(error)


def _say_violations(target: Any, found: Any) -> None:
    for violation in found:
        target.add(path=violation.path, rule_id=violation.rule_id)


def _refuse(response: Any, error: MLSpecError, kind: str) -> None:
    response.refused.refusal = refusal(kind)
    response.refused.reason = str(error)
    reason = error.reason if isinstance(error, UnacceptableError) else error
    if isinstance(reason, ValidationError):
        _say_violations(response.refused.violations, reason.violations)


def _seal(task: Any, response: Any) -> None:
    key = PrivateKey.from_pem(task.private_key.encode("ascii"), None)
    try:
        sealed = seal(decode(v1.Record, task.payload, unknown="keep"), key)
    except MLSpecError as error:
        _refuse(response, error, "REFUSAL_UNACCEPTABLE")
        return
    if sealed.payload != task.payload:
        response.refused.refusal = refusal("REFUSAL_UNACCEPTABLE")
        response.refused.reason = "the package seals records that it encodes itself"
        return
    response.sealed.envelope = sealed.to_json()


def _verify(task: Any, response: Any) -> None:
    try:
        trust = TrustPolicy.from_json(task.trust)
        form = task.WhichOneof("envelope")
        sealed = Sealed.from_json(task.json) if form == "json" else Sealed.from_bytes(task.binary)
        record = unseal(
            sealed,
            trust,
            at=task.at.ToDatetime(tzinfo=UTC),
            understands=list(task.understood_annotations),
        )
    except MLSpecError as error:
        _refuse(response, error, next(n for kind, n in _KINDS.items() if isinstance(error, kind)))
        return
    verified = response.verified
    verified.payload_sha256, verified.payload = record.sha256, record.payload
    verified.keyids.extend(signer.keyid for signer in record.signers)
    verified.roles.extend(record.roles)
    verified.fully_understood = record.fully_understood


if __name__ == "__main__":
    serve(answer, sys.stdin.buffer, sys.stdout.buffer)
