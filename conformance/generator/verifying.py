"""Envelopes that are verified, and envelopes that are refused."""

from collections.abc import Iterator

from conformance.generator import attacks, payloads, trusted
from conformance.generator.making import MadeSet


def sets() -> Iterator[MadeSet]:
    """Yield the sets of envelopes, of payloads, and of trust files."""
    yield attacks.envelope_set()
    yield payloads.payload_set()
    yield trusted.trust_set()
