"""The sealed record and the trust file that every program's README reads."""

from pathlib import Path

from conformance.generator import envelopes, people


def files() -> dict[Path, bytes]:
    """Return the sample's files."""
    return {
        Path("record.dsse.json"): envelopes.by(people.ADA, payload=people.payload()),
        Path("trust.json"): people.usual(),
    }
