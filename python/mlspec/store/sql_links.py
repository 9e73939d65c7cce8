"""The index of links: who points at a record or an artifact.

A link's place in a sorted index is random, so that each costs a page of its own in a commit: seven
of them add about half to what a durable commit costs. So the index lags: a record's links wait in
its own row, where they cost nothing, and go into the index some hundred records at a time, sorted.
A look-up reads the index and scans the few rows behind it.
"""

# ruff: noqa: S608 - statements are put together from constants; values are parameters.

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mlspec.store.database import Database
from mlspec.store.links import split
from mlspec.store.schema import Dialect
from mlspec.store.sql_rows import RECORD_COLUMNS

BATCH: Final = 256
"""How many records may wait; scanning that many takes well under a millisecond."""

_WAITING: Final = "SELECT sequence, links FROM records WHERE sequence > :through ORDER BY sequence"
_ADD: Final = "INSERT INTO links (link, sequence) VALUES (:link, :sequence)"
_ADVANCE: Final = "UPDATE meta SET value = :through WHERE name = 'links_through'"


def advance(database: Database, through: int, last: int) -> None:
    """Index what waits, if it is enough. Call it in the transaction that stored record `last`."""
    if last - through < BATCH:
        return
    waiting = [
        {"link": link, "sequence": sequence}
        for sequence, links in database.run(_WAITING, {"through": through})
        for link in split(bytes(links))
    ]
    if waiting:
        database.run_many(_ADD, sorted(waiting, key=lambda row: (row["link"], row["sequence"])))
    database.run(_ADVANCE, {"through": last})


def pointing(dialect: Dialect, count: int) -> str:
    """Return the condition that a record has one of `count` links, `:link0` and so on."""
    names = [f":link{index}" for index in range(count)]
    waiting = " OR ".join(dialect.contains.format(whole="links", part=name) for name in names)
    return (
        f"sequence IN (SELECT sequence FROM links WHERE link IN ({', '.join(names)}) "
        "UNION SELECT sequence FROM records WHERE sequence > "
        f"(SELECT value FROM meta WHERE name = 'links_through') AND ({waiting}))"
    )


def records_where(dialect: Dialect, columns: Sequence[str], pointers: int) -> str:
    """Return the query for a page of records, after `:after`, by columns and `pointers` links.

    Each of `columns` is compared with a parameter of its name. The links, or else the first column,
    find the rows; the others only sift them.
    """
    conditions = [pointing(dialect, pointers)] if pointers else []
    for column in columns:
        name = dialect.aside.format(column=column) if conditions else column
        conditions.append(f"{name} = :{column}")
    return (
        f"SELECT {RECORD_COLUMNS} FROM records WHERE "
        f"{' AND '.join(['sequence > :after', *conditions])} ORDER BY sequence LIMIT :page"
    )
