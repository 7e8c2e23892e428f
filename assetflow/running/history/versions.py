"""The versions of the keys concerned, as they are once a delivery was taken in: SQL over temporary tables.

    by content      another row for a key ends its current version at the time of the run, and begins a new one
    by updated_at   a version begins when its row says so, however late it is delivered, and ends when the next begins

By updated_at the versions of a key follow from what happened to it, in order of time:

    start    a row with this time was delivered, now or before
    close    the key was no longer there
    resume   the key was there again, with a row that was known
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from assetflow.lineage.sql.names import fold
from assetflow.quoting import quote_identifier
from assetflow.running.history.columns import Together
from assetflow.running.history.delivery import DELIVERED

KNOWN = "assetflow_known"
"""All versions so far, with the columns of today."""
KEYS = "assetflow_keys"
"""The keys of which something changes."""
BEFORE = "assetflow_before"
AFTER = "assetflow_after"
"""All versions of these keys, as they were and as they are."""


class Versions(Struct, frozen=True):
    """Makes the SQL for one delivery. `keys` and `updated_at` are quoted; `now` is a literal of the run's time."""

    both: Together
    keys: tuple[str, ...]
    updated_at: str | None
    closes: bool
    now: str

    @property
    def names(self) -> list[str]:
        return [quote_identifier(name) for name, _ in self.both.columns]

    @property
    def came(self) -> list[str]:
        """What the query gives."""
        return [quote_identifier(name) for name, _ in self.both.columns if fold(name) in self.both.came]

    @property
    def at(self) -> str:
        """When a row says that it began."""
        return f"CAST({self.updated_at} AS TIMESTAMP)"

    def key_list(self, table: str) -> str:
        return ", ".join(f"{table}.{key} AS {key}" for key in self.keys)

    def match(self, one: str, other: str, more: Sequence[str] = ()) -> str:
        """The same key: NULL is a key as any other."""
        return " AND ".join(f"{one}.{name} IS NOT DISTINCT FROM {other}.{name}" for name in (*self.keys, *more))

    @property
    def first(self) -> str:
        """The history of a first delivery."""
        listed = ", ".join(self.names)
        if self.updated_at is None:
            return f"SELECT {listed}, {self.now} AS valid_from, CAST(NULL AS TIMESTAMP) AS valid_to FROM {DELIVERED}"
        window = f"PARTITION BY {', '.join(self.keys)} ORDER BY {self.at}"
        return f"SELECT {listed}, {self.at} AS valid_from, lead({self.at}) OVER ({window}) AS valid_to FROM {DELIVERED}"

    @property
    def changed(self) -> str:
        """The keys of which something changes."""
        news = self.news_by_content if self.updated_at is None else self.news_by_time
        parts = [news]
        if self.closes:
            parts.append(f"SELECT {self.key_list('o')} FROM ({self.open}) AS o ANTI JOIN {DELIVERED} AS d "
                         f"ON {self.match('o', 'd')}")  # fmt: skip
        return f"SELECT DISTINCT * FROM ({' UNION ALL '.join(parts)})"

    @property
    def open(self) -> str:
        return f"SELECT * FROM {KNOWN} WHERE valid_to IS NULL"

    @property
    def news_by_content(self) -> str:
        same = self.match("d", "o", [name for name in self.came if name not in self.keys])
        return f"SELECT {self.key_list('d')} FROM {DELIVERED} AS d ANTI JOIN ({self.open}) AS o ON {same}"

    @property
    def news_by_time(self) -> str:
        same = self.match("d", "o", [name for name in self.came if name not in self.keys])
        return (
            f"SELECT {self.key_list('d')} FROM {DELIVERED} AS d ANTI JOIN {KNOWN} AS o ON {same} UNION ALL "
            f"SELECT {self.key_list('d')} FROM {DELIVERED} AS d ANTI JOIN ({self.open}) AS o ON {self.match('d', 'o')}"
        )

    @property
    def before(self) -> str:
        return f"SELECT * FROM {KNOWN} AS o SEMI JOIN {KEYS} AS k ON {self.match('o', 'k')}"

    @property
    def after(self) -> str:
        return self.by_content if self.updated_at is None else self.by_time

    @property
    def delivered(self) -> str:
        """What was delivered of the keys concerned."""
        return (
            f"SELECT {self.both.select(self.both.came)} FROM {DELIVERED} AS d SEMI JOIN {KEYS} AS k "
            f"ON {self.match('d', 'k')}"
        )

    @property
    def moments(self) -> str:
        """When a change that is seen now happened: now, and after all that is known of the key, whatever clocks say."""
        latest = "greatest(max(valid_from) + INTERVAL 1 MICROSECOND, max(valid_to))"
        return (
            f"SELECT {', '.join(self.keys)}, greatest({self.now}, {latest}) AS moment FROM {BEFORE} GROUP BY ALL"
        )  # fmt: skip

    @property
    def by_content(self) -> str:
        names = ", ".join(f"o.{name} AS {name}" for name in self.names)
        came = ", ".join(f"d.{name} AS {name}" for name in self.names)
        return (
            f"WITH moments AS ({self.moments}), delivered AS ({self.delivered}) "
            f"SELECT {names}, o.valid_from, coalesce(o.valid_to, m.moment) AS valid_to FROM {BEFORE} AS o "
            f"JOIN moments AS m ON {self.match('o', 'm')} UNION ALL "
            f"SELECT {came}, coalesce(m.moment, {self.now}), NULL FROM delivered AS d "
            f"LEFT JOIN moments AS m ON {self.match('d', 'm')}"
        )

    @property
    def by_time(self) -> str:
        keys = ", ".join(self.keys)
        window = f"PARTITION BY {keys} ORDER BY moment, kind"
        rows = ", ".join(f"s.{name} AS {name}" for name in self.names)
        return f"""
WITH moments AS ({self.moments}), starts AS ({self.starts}), happened AS ({self.happened}),
latest AS (SELECT {keys}, max(moment) AS moment, last(kind ORDER BY moment, kind) AS kind FROM happened GROUP BY ALL),
events AS (
    FROM happened UNION ALL
    SELECT {self.key_list("l")}, greatest({self.now}, l.moment + INTERVAL 1 MICROSECOND), 2, NULL FROM latest AS l
    SEMI JOIN {DELIVERED} AS d ON {self.match("l", "d")} WHERE l.kind = 0
),
ordered AS (
    SELECT *, lag(kind) OVER ({window}) AS earlier,
        last_value(started IGNORE NULLS) OVER ({window} ROWS UNBOUNDED PRECEDING) AS row_of
    FROM events
),
real AS (
    FROM ordered WHERE CASE kind WHEN 0 THEN earlier <> 0 WHEN 2 THEN earlier = 0 AND row_of IS NOT NULL ELSE true END
),
spans AS (SELECT *, lead(moment) OVER (PARTITION BY {keys} ORDER BY moment, kind) AS until FROM real)
SELECT {rows}, p.moment AS valid_from, p.until AS valid_to FROM spans AS p
JOIN starts AS s ON {self.match("p", "s")} AND s.assetflow_at = p.row_of WHERE p.kind <> 0"""

    @property
    def starts(self) -> str:
        """Every row that is known of the keys, by its own time. What is delivered now counts, if it says otherwise."""
        distinct = (
            f"SELECT * FROM {BEFORE} QUALIFY row_number() OVER (PARTITION BY {', '.join(self.keys)}, {self.at}) = 1"
        )
        known = f"SELECT *, {self.at} AS assetflow_at FROM ({distinct})"
        rows = ", ".join(
            f"d.{name} AS {name}" if name in self.came else f"o.{name} AS {name}" for name in self.names
        )  # fmt: skip
        same = self.match("d", "o", ["assetflow_at"])
        delivered = f"SELECT *, {self.at} AS assetflow_at FROM ({self.delivered})"
        return (
            f"SELECT {rows}, d.assetflow_at FROM ({delivered}) AS d LEFT JOIN ({known}) AS o ON {same} UNION ALL "
            f"SELECT {', '.join(f'o.{name}' for name in self.names)}, o.assetflow_at FROM ({known}) AS o "
            f"ANTI JOIN ({delivered}) AS d ON {same}"
        )

    @property
    def happened(self) -> str:
        """0 close, 1 start, 2 resume: what is known of the keys, and which of them are no longer there."""
        keys = self.key_list("o")
        alone = f"ANTI JOIN {BEFORE} AS p ON {self.match('o', 'p')}"
        begun = f"SELECT {keys}, assetflow_at AS moment, 1 AS kind, assetflow_at AS started FROM starts AS o"
        closed = f"SELECT {keys}, o.valid_to, 0, NULL FROM {BEFORE} AS o {alone} AND p.valid_from = o.valid_to"
        resumed = f"SELECT {keys}, o.valid_from, 2, NULL FROM {BEFORE} AS o {alone} AND p.valid_to = o.valid_from"
        parts = [
            begun,
            f"{closed} WHERE o.valid_to IS NOT NULL",
            f"{resumed} WHERE o.valid_from <> {self.at_of('o')}",
        ]
        if self.closes:
            parts.append(
                f"SELECT {keys}, m.moment, 0, NULL FROM {BEFORE} AS o JOIN moments AS m ON {self.match('o', 'm')} "
                f"ANTI JOIN {DELIVERED} AS d ON {self.match('o', 'd')} WHERE o.valid_to IS NULL"
            )
        return " UNION ALL ".join(parts)

    def at_of(self, table: str) -> str:
        return f"CAST({table}.{self.updated_at} AS TIMESTAMP)"
