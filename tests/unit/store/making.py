"""Records and stores that the tests of the store start from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mlspec import records, v1
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.records import new_id
from mlspec.sealing import Envelope, Sealed, seal
from mlspec.sealing.signers import sign_envelope
from tests.unit import samples

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from mlspec.store import Store

KEY = samples.ED25519
OTHER_KEY = samples.OTHER_ED25519
TRUST = samples.trust(KEY, stages=records.all_stages(), namespace_globs=("*",))
STRANGERS = samples.trust(samples.ECDSA, stages=records.all_stages(), namespace_globs=("*",))


def digest(text: str) -> v1.Digest:
    """The digest of a text."""
    return v1.Digest(sha256=hashlib.sha256(text.encode()).digest())


def sealed(
    run: str,
    body: Message | None = None,
    *,
    step: str | None = None,
    attempt: int = 1,
    parents: Iterable[v1.RecordReference] = (),
    reads: Iterable[str] = (),
    makes: Iterable[str] = (),
    namespace: str = samples.NAMESPACE,
    key: Any = KEY,
    **header: Any,
) -> Sealed:
    """Seal a record of a run. Its body may be incomplete: it was inferred, not recorded."""
    body = body if body is not None else v1.ModelTraining(algorithm="logistic regression")
    made = records.new_header(
        records.stage_of(body),
        namespace=namespace,
        run_id=run,
        capture=v1.CAPTURE_METHOD_INFERRED,
    )
    if step is not None:
        made.step_name, made.step_attempt = step, attempt
    made.parents.extend(parents)
    made.inputs.extend(v1.Artifact(name=name, digest=digest(name)) for name in reads)
    made.outputs.extend(v1.Artifact(name=name, digest=digest(name)) for name in makes)
    for field, value in header.items():
        setattr(made, field, value)
    return seal(records.new_record(body, made), key)


def unchecked(record: v1.Record) -> Sealed:
    """Sign a record that breaks rules, as another program might."""
    payload = record.SerializeToString()
    signature = sign_envelope(KEY, RECORD_PAYLOAD_TYPE, payload)
    return Sealed(Envelope(payload, RECORD_PAYLOAD_TYPE, (signature,)))


def manifest(store: Store, run: str, **changes: Any) -> Sealed:
    """Seal the manifest of what a store holds of a run."""
    rows = [row for row in store.records(run=run) if row.stage != v1.STAGE_RUN_MANIFEST]
    body = v1.RunManifest(state=v1.RUN_STATE_SUCCEEDED, record_count=len(rows))
    for row in rows:
        body.entries.add(
            record=row.reference,
            record_id=row.record_id,
            state=v1.RecordState.ValueType(row.state),
            step_name=row.step_name,
            step_attempt=row.step_attempt,
        )
    return sealed(run, body, **changes)


def event(
    run: str,
    action: v1.ObjectAction.ValueType,
    object_id: str,
    *,
    kind: v1.ObjectKind.ValueType = v1.OBJECT_KIND_DATASET,
    new_name: str | None = None,
    **header: Any,
) -> Sealed:
    """Seal an event about an object that was created before."""
    body = v1.ObjectEvent(action=action, object_kind=kind, object_id=object_id, new_name=new_name)
    return sealed(run, body, **header)


def dataset(run: str, name: str, object_id: str | None = None, **header: Any) -> Sealed:
    """Seal the event that creates a dataset."""
    object_id = object_id or new_id()
    attributes = v1.ObjectAttributes(id=object_id, name=name, status=v1.OBJECT_STATUS_ACTIVE)
    body = v1.ObjectEvent(
        action=v1.OBJECT_ACTION_CREATE,
        object_kind=v1.OBJECT_KIND_DATASET,
        object_id=object_id,
        dataset=v1.Dataset(attributes=attributes),
    )
    return sealed(run, body, **header)


def dataset_version(run: str, name: str, dataset_id: str, object_id: str, **header: Any) -> Sealed:
    """Seal the event that creates a version of a dataset."""
    attributes = v1.ObjectAttributes(id=object_id, name=name, status=v1.OBJECT_STATUS_ACTIVE)
    body = v1.ObjectEvent(
        action=v1.OBJECT_ACTION_CREATE,
        object_kind=v1.OBJECT_KIND_DATASET_VERSION,
        object_id=object_id,
        dataset_version=v1.DatasetVersion(
            attributes=attributes, dataset_id=dataset_id, version="1"
        ),
    )
    return sealed(run, body, **header)
