"""Small valid things that many tests start from."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from mlspec import records, v1
from mlspec.errors import MLSpecError
from mlspec.sealing import PrivateKey, TrustPolicy, generate_key, trust_edit

T = TypeVar("T")

RUN_ID = "019382aa-3c4e-7b21-9f1e-5d2c6a7b8c90"
OBJECT_ID = "019382aa-3c4e-7b21-9f1e-5d2c6a7b8c91"
NAMESPACE = "loans"
STAGE = v1.STAGE_OBJECT_EVENT


def record(**header: object) -> v1.Record:
    """Return a small valid record; keyword arguments overwrite fields of its header."""
    body = v1.ObjectEvent(
        action=v1.OBJECT_ACTION_DEPRECATE,
        object_kind=v1.OBJECT_KIND_DATASET,
        object_id=OBJECT_ID,
        reason="superseded by version 2",
    )
    made = records.new_header(STAGE, namespace=NAMESPACE, run_id=RUN_ID)
    made.inputs.add(
        name="loans.csv",
        uri="data/loans.csv",
        size_bytes=3,
        digest=v1.Digest(sha256=bytes(range(32))),
    )
    for field, value in header.items():
        setattr(made, field, value)
    return records.new_record(body, made)


def in_days(days: float) -> datetime:
    """Return the time that many days from now."""
    return datetime.now(UTC) + timedelta(days=days)


def attempt(call: Callable[[], T]) -> T | MLSpecError:
    """Return what `call` returns, or the error of ours that it raised; let any other through."""
    try:
        return call()
    except MLSpecError as error:
        return error


def policy(
    *keys: PrivateKey,
    identities: tuple[str, ...] = (),
    threshold: int = 1,
    stages: tuple[v1.Stage.ValueType, ...] = (STAGE,),
    namespace_globs: tuple[str, ...] = (NAMESPACE,),
) -> v1.TrustPolicy:
    """Return the draft of a trust file with one role that all the keys play."""
    draft = trust_edit.new_policy(in_days(30))
    for index, key in enumerate(keys):
        name = identities[index] if identities else f"holder-{index}@bank.example"
        draft = trust_edit.add_key(draft, key.public, name)
    return trust_edit.add_role(
        draft,
        "author",
        [key.keyid for key in keys],
        stages=stages,
        namespace_globs=namespace_globs,
        threshold=threshold,
    )


def trust(*keys: PrivateKey, **parts: object) -> TrustPolicy:
    """Return a trust file with one role that all the keys play."""
    return TrustPolicy(policy(*keys, **parts))  # type: ignore[arg-type]


ED25519 = generate_key("ed25519")
OTHER_ED25519 = generate_key("ed25519")
ECDSA = generate_key("ecdsa-p256")
