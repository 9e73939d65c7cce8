"""What a bundle says it is about: a claim that everything else in it is held against."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Self

from mlspec.codec import parse_json
from mlspec.errors import DecodeError
from mlspec.requestlog import MAX_SIZE

MEDIA_TYPE: Final = "application/vnd.mlspec.evidence.v1+json"
"""The type of `claim.json`, and so the version of the bundle's form."""

_REQUEST: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_MAX_ORIGIN: Final = 255


@dataclass(frozen=True, slots=True)
class Claim:
    """Which request, in which log, at which place.

    Attributes:
        request_id: The request's id.
        origin: The log's origin.
        index: The leaf's index.
        deployment_sha256: The record of the deployment that answered, in hex.
    """

    request_id: str
    origin: str
    index: int
    deployment_sha256: str

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read `claim.json`. Raises DecodeError, LimitError."""
        value: Any = parse_json(data)
        if not isinstance(value, dict) or value.get("mediaType") != MEDIA_TYPE:
            raise _bad(f"must be an object of the type {MEDIA_TYPE}", "mediaType")
        if set(value) != {"mediaType", "requestId", "origin", "index", "deploymentSha256"}:
            raise _bad("must have exactly its five members")
        request, origin, index = value["requestId"], value["origin"], value["index"]
        deployment = value["deploymentSha256"]
        if not isinstance(request, str) or not _REQUEST.fullmatch(request):
            raise _bad("must be the id of a request", "requestId")
        if not isinstance(origin, str) or not 0 < len(origin.encode()) <= _MAX_ORIGIN:
            raise _bad(f"must be 1 to {_MAX_ORIGIN} bytes", "origin")
        if type(index) is not int or not 0 <= index < MAX_SIZE:
            raise _bad(f"must be a number from 0 to {MAX_SIZE - 1}", "index")
        if not isinstance(deployment, str) or not re.fullmatch(r"[0-9a-f]{64}", deployment):
            raise _bad("must be 64 lower-case hex characters", "deploymentSha256")
        made = cls(request, origin, index, deployment)
        if made.to_json() != data:
            raise _bad("must be spelled as its writer spells it")
        return made

    def to_json(self) -> bytes:
        """Return `claim.json`: the same claim is always the same bytes."""
        value = {
            "mediaType": MEDIA_TYPE,
            "requestId": self.request_id,
            "origin": self.origin,
            "index": self.index,
            "deploymentSha256": self.deployment_sha256,
        }
        return f"{json.dumps(value, ensure_ascii=False, indent=2)}\n".encode()


def _bad(words: str, path: str = "") -> DecodeError:
    return DecodeError(
        words,
        error_id="bundle.claim",
        path=f"claim.json: {path}" if path else "claim.json",
        remedy="The bundle is of a newer form, or was changed: ask for it anew.",
    )
