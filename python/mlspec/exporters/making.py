"""A record as a statement: a copy for the outside; the record is the evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlspec.codec import to_dict
from mlspec.errors import MLSpecError
from mlspec.exporters.reading import read_statement
from mlspec.exporters.statement import STATEMENT_JSON, STATEMENT_TYPE, predicate_type
from mlspec.exporters.subjects import subjects_of
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing import Envelope
from mlspec.sealing.signers import sign_envelope

if TYPE_CHECKING:
    from mlspec.sealing import Signer, VerifiedRecord


def to_statement(verified: VerifiedRecord) -> bytes:
    """Return a record as a statement about the files that its step made.

    Subjects are the outputs, by SHA-256 only. The predicate is the whole record in ProtoJSON,
    beside the digest of the sealed one. Only what was verified is stated anew.

    Raises NotUnderstoodError for a record that this version does not know in full; InputError if
    it has no outputs, or outputs that cannot be subjects; LimitError.
    """
    verified.require_understood()
    record = verified.record
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": subject.name, "digest": {"sha256": subject.sha256.hex()}}
            for subject in subjects_of(record.header.outputs)
        ],
        "predicateType": predicate_type(verified.stage),
        "predicate": {
            "sealedRecord": {
                "mediaType": RECORD_PAYLOAD_TYPE,
                "digest": {"sha256": verified.hex},
            },
            "record": to_dict(record),
        },
    }
    made = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    # Whoever reads as strictly as we do must be able to use it.
    own = [annotation.name for annotation in record.header.annotations]
    read_statement(made, understands=own)
    return made


def sign_statement(verified: VerifiedRecord, signer: Signer) -> Envelope:
    """Return the statement of a record in a DSSE envelope, signed.

    Raises what `to_statement` raises, and SigningError.
    """
    try:
        payload = to_statement(verified)
    except MLSpecError as error:
        raise error.from_source(f"record {verified.hex[:12]}")  # noqa: B904 - with its place
    return Envelope(payload, STATEMENT_JSON, (sign_envelope(signer, STATEMENT_JSON, payload),))
