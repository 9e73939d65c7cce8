"""Media types, in this one place."""

from typing import Final

RECORD_PAYLOAD_TYPE: Final = "application/vnd.mlspec.record.v1+protobuf"
"""What one encoded `mlspec.v1.Record` is sealed under."""

RECORD_JSON: Final = "application/vnd.mlspec.record.v1+json"
"""One `mlspec.v1.Record` in ProtoJSON: for reading and exchange, never signed."""

ENVELOPE_JSON: Final = "application/vnd.dsse.envelope.v1+json"
"""A DSSE envelope in its JSON form."""

ENVELOPE_PROTOBUF: Final = "application/vnd.mlspec.envelope.v1+protobuf"
"""One encoded `mlspec.v1.Envelope`."""

TRUST_POLICY_JSON: Final = "application/vnd.mlspec.trust.v1+json"
"""One `mlspec.v1.TrustPolicy` in ProtoJSON: the trust file."""
