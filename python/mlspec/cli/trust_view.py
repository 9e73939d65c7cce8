"""A trust file for people: its tables, and what `mlspec trust check` found."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlspec.cli.printing import say, say_table

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.sealing import Envelope, TrustPolicy


def say_policy(policy: TrustPolicy, envelope: Envelope | None) -> None:
    """Print who is believed, about what, and until when."""
    say(f"version {policy.version}, expires {moment(policy.expire_time)}")
    for line in _signed_by(policy, envelope):
        say(line)
    say()
    say_table(
        ("KEY", "ALGORITHM", "IDENTITY", "COUNTS FROM", "UNTIL", "REVOKED"),
        [
            (
                key.keyid[:16],
                key.public.algorithm,
                key.identity,
                moment(key.valid_from),
                moment(key.valid_until),
                moment(key.revoked),
            )
            for key in policy.keys.values()
        ],
    )
    message = policy.message
    say()
    say_table(
        ("ROLE", "THRESHOLD", "KEYS", "STAGES", "NAMESPACES", "POWERS"),
        [_role(role) for role in message.roles],
    )
    groups = [(name, getattr(message, name)) for name in ("root", "witnesses")]
    rows = [(name, each.threshold, _short(each.keyids)) for name, each in groups if each.keyids]
    if rows:
        say()
        say_table(("GROUP", "THRESHOLD", "KEYS"), rows)
    if message.logs:
        say()
        say_table(("LOG", "KIND", "KEY", "NAMESPACES"), [_log(log) for log in message.logs])
    if policy.timestamp_roots:
        say()
        roots = [(root.subject, moment(root.valid_until)) for root in policy.timestamp_roots]
        say_table(("AUTHORITY FOR TIME", "COUNTS UNTIL"), roots)
    if message.requirements:
        say()
        owed = [(each.namespace_glob, _owed(each)) for each in message.requirements]
        say_table(("NAMESPACES", "MUST SHOW"), owed)


def moment(time: datetime | None) -> str:
    """Return a time as the tables show it."""
    return "-" if time is None else f"{time:%Y-%m-%d %H:%M}Z"


def _signed_by(policy: TrustPolicy, envelope: Envelope | None) -> Iterable[str]:
    """Say whose root signatures fit; a file that lacks some is shown all the same."""
    from mlspec.sealing.signatures import check_signatures

    if envelope is None:
        yield "not signed"
        return
    keyids = () if policy.root is None else policy.root.keyids
    keys = {keyid: policy.keys[keyid] for keyid in sorted(keyids)}
    checked = check_signatures(envelope, keys, datetime.now(UTC))
    who = ", ".join(key.identity for key in checked.counting) or "none of its root"
    yield f"signed by {who}"
    for words in (*checked.lapsed, *checked.misfits):
        yield f"NOTE  {words}"


def _role(role: v1.TrustRole) -> tuple[object, ...]:
    from mlspec import v1
    from mlspec.records import all_stages, stage_name

    everything = set(role.stages) == set(all_stages())
    known = v1.TrustPower.DESCRIPTOR.values_by_number
    powers = (known[each].name if each in known else str(each) for each in role.powers)
    return (
        role.name,
        role.threshold,
        _short(role.keyids),
        "all" if everything else " ".join(stage_name(stage) for stage in role.stages),
        " ".join(role.namespace_globs),
        " ".join(name.removeprefix("TRUST_POWER_").lower() for name in powers) or "-",
    )


def _log(log: v1.LogKey) -> tuple[object, ...]:
    from mlspec import v1

    kind = v1.LogKind.Name(log.kind).removeprefix("LOG_KIND_").lower()
    return log.origin, kind, log.keyid[:16], " ".join(log.namespace_globs)


def _owed(asked: v1.NamespaceRequirement) -> str:
    from mlspec.records import stage_name

    flags = {
        "a gate that was passed": asked.gate_required,
        "outside times": asked.timestamp_required,
        "witnesses": asked.witnesses_required,
        "a request log": asked.request_log_required,
        "a record log": asked.record_log_required,
    }
    owed = [f"records of {' '.join(map(stage_name, asked.stages))}"] if asked.stages else []
    owed += [words for words, is_asked in flags.items() if is_asked]
    for field, words in (
        ("log_retention_duration", "request logs kept for"),
        ("max_loss_window_duration", "losses in a crash of at most"),
    ):
        if asked.HasField(field):  # type: ignore[arg-type]
            owed.append(f"{words} {getattr(asked, field).ToTimedelta()}")
    return ", ".join(owed) or "-"


def _short(keyids: Iterable[str]) -> str:
    return " ".join(keyid[:16] for keyid in keyids)
