"""What the writing thread takes from the queue."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from mlspec import v1
from mlspec.requestlog.requests.deployment import Deployment
from mlspec.requestlog.requests.logged import LoggedRequest
from mlspec.requestlog.requests.tickets import Ticket


@dataclass(slots=True)
class Announced:
    """A change of deployment."""

    deployment: Deployment
    ticket: Ticket


@dataclass(slots=True)
class Learned:
    """Feedback, and what of it names a person."""

    feedback: v1.InferenceFeedback
    detail: v1.RequestDetail | None
    deployment: Deployment
    ticket: Ticket


Item = LoggedRequest | Announced | Learned
"""A request that is over, a change of deployment, or feedback."""


order: Final = attrgetter("deployment.number")
"""The place of an item among the deployments.

Requests that began before a change of deployment are logged before it where that is possible.
"""
