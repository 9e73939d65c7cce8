"""The facts of one inference request, as every contestant logs them. Standard library only."""

from __future__ import annotations

from typing import Final

HOST: Final = "203.0.113.7"
USER: Final = "branch-12"
METHOD: Final = "POST"
PATH: Final = "/v1/score"
REQUEST_LINE: Final = f"{METHOD} {PATH} HTTP/1.1"
REFERRER: Final = "https://intranet.bank.example/loans/new"
AGENT: Final = "loan-desk/5.2"
SUBJECT_ID: Final = "case-4711"
STATUS: Final = 200
INPUT_BYTES: Final = 214
ANSWER_BYTES: Final = 183
ORIGIN: Final = "bank.example/loans/requests"
MODEL: Final = "loan-approval"
VERSION: Final = "3"
PROBABILITY: Final = 0.41
THRESHOLD: Final = 0.5
DECISION: Final = "refer"
FEATURES: Final = [0.5 + number / 7 for number in range(20)]

SHA256: Final = {
    name: bytes([number]) * 32
    for number, name in enumerate(("deployment", "model", "pipeline", "schema", "data"), 1)
}
"""The digests that say where the answer comes from."""

SHA256_HEX: Final = {name: value.hex() for name, value in SHA256.items()}
