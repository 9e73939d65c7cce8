"""The people who apply once the model serves, over real HTTP; and what else arrives at a service.

Applicants are the rows that were set aside when the data came in. The label of each becomes known
afterwards, as feedback. In between come requests that a service must survive: broken, wrong, too
large, from nobody it knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pandas as pd

from examples.loan_approval.columns import INPUTS, LABEL
from examples.loan_approval.table import read_table, repaired

DECISIONS, FEEDBACK = "/v1/decisions", "/v1/feedback"
APPLICANTS_BETWEEN = 12
"""After so many applicants, something else arrives."""

TIMEOUT_SECONDS = 10
DESKS = 8
"""So many tell at once what became of applications: one commit of the log serves several."""


@dataclass(frozen=True)
class Counts:
    """What was sent, by status of the answer."""

    by_status: dict[int, int]
    answered: int
    feedback: int


def applications(path: Path) -> list[tuple[str, dict[str, float | None], bool]]:
    """Each later applicant: id, features (null where missing), and the decision to come."""
    clean = repaired(read_table(path)[1].frame())
    made = []
    for number, (_, row) in enumerate(clean.iterrows(), 1):
        features = {name: None if pd.isna(row[name]) else float(row[name]) for name in INPUTS}
        made.append((f"A-{number:04d}", features, bool(row[LABEL])))
    return made


def strange_requests(sample: dict[str, float | None]) -> Iterator[dict[str, Any]]:
    """What else arrives, as arguments for an HTTP client."""

    def post(features: object, **more: Any) -> dict[str, Any]:
        content = {"application_id": "A-strange", "features": features}
        return {"method": "POST", "url": DECISIONS, "json": content, **more}

    yield {
        "method": "POST",
        "url": DECISIONS,
        "content": b'{"application_id": "A-1", ',
        "headers": JSON,
    }
    yield post({**sample, "price": -1.0})
    yield post({**sample, "price": "a lot"})
    yield post({name: value for name, value in sample.items() if name != "loanamt"})
    yield post({**sample, "shoe_size": 44.0})
    yield post({**sample, "mortg": 9.0})
    yield post([1, 2, 3])
    yield {"method": "POST", "url": DECISIONS, "content": b'{"a": NaN}', "headers": JSON}
    yield {"method": "POST", "url": DECISIONS, "content": b"x" * 100_000, "headers": JSON}
    yield {
        "method": "POST",
        "url": DECISIONS,
        "content": b"a=1",
        "headers": {"content-type": "text/plain"},
    }
    yield {"method": "GET", "url": DECISIONS}
    yield {"method": "GET", "url": "/v1/nothing?q=%22quoted%22"}
    yield {"method": "DELETE", "url": "/"}
    yield post(sample, headers={"authorization": "Bearer wrong"})
    yield {
        "method": "POST",
        "url": FEEDBACK,
        "json": {"request_id": "never-given", "approved": True},
    }
    agent = b'odd "agent" \\ with \xc3\xa9'
    yield post(sample, headers={"user-agent": agent, "referer": "http://desk.example/form?a=1"})


JSON = {"content-type": "application/json"}


def send_all(base_url: str, token: str, later: Path) -> Counts:
    """Send every application and everything strange, then the feedback; count the answers."""
    people = applications(later)
    strange = strange_requests(people[0][1])
    statuses: list[int] = []
    given: list[tuple[str, bool]] = []
    headers = {"authorization": f"Bearer {token}", "user-agent": "loan-desk/1.0"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=TIMEOUT_SECONDS) as client:
        for number, (application, features, approved) in enumerate(people, 1):
            answer = client.post(
                DECISIONS,
                json={"application_id": application, "features": features},
                headers={"x-request-id": f"desk-{number}"},
            )
            statuses.append(answer.status_code)
            if answer.status_code == httpx.codes.OK:
                given.append((answer.json()["request_id"], approved))
            if number % APPLICANTS_BETWEEN == 0:
                statuses += [_send(client, each) for each in _next(strange)]
        statuses += [_send(client, each) for each in strange]

        def tell(told: tuple[str, bool]) -> int:
            content = {"request_id": told[0], "approved": told[1]}
            return client.post(FEEDBACK, json=content).status_code

        with ThreadPoolExecutor(DESKS) as desks:
            statuses += desks.map(tell, given)
    return Counts({s: statuses.count(s) for s in sorted(set(statuses))}, len(given), len(given))


def _send(client: httpx.Client, arguments: dict[str, Any]) -> int:
    return client.request(**arguments).status_code


def _next(strange: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    found = next(strange, None)
    return [] if found is None else [found]
