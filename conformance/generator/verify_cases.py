"""A set of envelopes to verify, being made."""

import hashlib
from collections.abc import Iterable
from typing import Any

from conformance.generator.keys import KitKey
from conformance.generator.making import MadeSet
from conformance.generator.trust_files import moment
from conformance.schema import refusal

JUDGED = moment(2026, 6)
"""The time that keys are judged at, where a case does not say another."""


class VerifySet:
    """A set of envelopes; each case names one of its trust files.

    Attributes:
        made: The set.
    """

    def __init__(self, name: str, purpose: str, **trust_files: bytes) -> None:
        """Begin a set with its trust files, by name."""
        self.made = MadeSet(f"verify/{name}", purpose)
        for stem, content in trust_files.items():
            self.made.file(f"{stem}.trust.json", content)

    def _case(self, name: str, purpose: str, envelope: bytes, options: dict[str, Any]) -> Any:
        case = self.made.add(name, purpose)
        form = options.get("form", "json")
        file = f"{name}.json" if form == "json" else f"{name}.binpb"
        getattr(case.verify, form).CopyFrom(self.made.file(file, envelope))
        case.verify.trust_file = f"{options.get('trust', 'trust')}.trust.json"
        case.verify.at.seconds = options.get("at", JUDGED).seconds
        case.verify.understood_annotations.extend(options.get("understands", ()))
        return case

    def good(
        self,
        name: str,
        purpose: str,
        envelope: bytes,
        payload: bytes,
        signers: Iterable[KitKey],
        *,
        roles: Iterable[str] = ("trainer",),
        fully_understood: bool = True,
        **options: Any,
    ) -> None:
        """Add an envelope that is verified; `signers` are the keys that count."""
        expected = self._case(name, purpose, envelope, options).verify.record
        expected.payload_sha256_hex = hashlib.sha256(payload).hexdigest()
        expected.keyids.extend(sorted(key.keyid for key in signers))
        expected.roles.extend(sorted(roles))
        expected.fully_understood = fully_understood

    def bad(self, name: str, purpose: str, envelope: bytes, kind: str, **options: Any) -> None:
        """Add an envelope that is refused as TAMPERED, UNACCEPTABLE, UNREADABLE or UNTRUSTED."""
        case = self._case(f"{name}_fail", purpose, envelope, options)
        case.verify.refused.refusal = refusal(f"REFUSAL_{kind}")
