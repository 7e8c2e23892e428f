"""Reads what people declare of an asset or a source (front matter, `@asset(...)`, settings) and checks each key.

One table says which keys there are and what they take; the rest turns a wrong one into an error that names the
nearest known key, the file and the line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field

from assetflow.asset import HISTORY_PART, History
from assetflow.check import Check
from assetflow.checks.declare import check_from_option
from assetflow.errors import DefinitionError, did_you_mean
from assetflow.names import ASSET, DEVICES, is_asset
from assetflow.partitions.declaration import declaration_of
from assetflow.partitions.declared import UPSTREAMS
from assetflow.partitions.partitioning import WrongPartitionError


class Place(Struct, frozen=True):
    """Where something is declared: the file, the line, and the lines of single keys where they are known."""

    path: str
    line: int
    lines: Mapping[str, int] = field(default_factory=dict)

    def error(self, message: str, *, key: str = "", hint: str | None = None) -> DefinitionError:
        return DefinitionError(message, path=self.path, line=self.lines.get(key, self.line), hint=hint)


def read_options(options: Mapping[str, Any], *, asset: str, place: Place, kind: str = "asset") -> dict[str, Any]:
    """Attribute values for `Asset` (or `Source`, with kind="source") from what was declared."""
    values = read_each(
        options,
        ASSET_OPTIONS if kind == "asset" else SOURCE_OPTIONS,
        unknown=lambda key, hint: place.error(
            f"unknown key {key!r} for the {kind} {asset}",
            key=key,
            hint=INSIDE.get(key, hint) if kind == "asset" else hint,
        ),
        wrong=lambda key, why: place.error(f"{key} of {asset} {why}", key=key),
    )
    if "history" in values:
        refuse_unfit_history(values, asset, place)
    if "checks" in values:
        values["checks"] = read_checks(values["checks"], asset=asset, place=place)
    if values.get("per") == "partition":
        if "partition" not in values:
            hint = 'Declare how it is cut beside it: partition = "day(ts)".'
            raise place.error(f'per of {asset} is "partition", and it has none', key="per", hint=hint)
        del values["per"]
    if "partition" in values:
        refuse_beside_partition(values, asset, place)
    words = values.pop("columns", {})
    return {**values, **read_columns(words)}


def read_each(
    said: Mapping[str, Any],
    readers: Mapping[str, Callable[[Any], Any]],
    *,
    unknown: Callable[[str, str], Exception],
    wrong: Callable[[str, WrongValueError], Exception],
) -> dict[str, Any]:
    """What was said, key by key; `unknown` takes a key and a hint, `wrong` a key and what is wrong with its value."""
    values = {}
    for key, value in said.items():
        if key not in readers:
            raise unknown(key, did_you_mean(key, readers) or f"Known keys: {', '.join(sorted(readers))}.")
        try:
            values[key] = readers[key](value)
        except WrongValueError as error:
            raise wrong(key, error) from None
    return values


def refuse_beside_partition(values: Mapping[str, Any], asset: str, place: Place) -> None:
    """Refuse what has no meaning for an asset that is cut into partitions."""
    for key in ("history", "merge", "per"):
        if key in values:
            raise place.error(
                f"partition of {asset} does not go together with {key}",
                key="partition",
                hint="Take one of the two out: what changed is found for partitions by itself.",
            )
    if values.get("materialized") == "view":
        raise place.error(
            f"partition of {asset} is for tables: a view holds no rows",
            key="partition",
            hint="Leave out one of partition and materialized.",
        )


def refuse_unfit_history(values: Mapping[str, Any], asset: str, place: Place) -> None:
    """Refuse a history that nothing tells the rows of, or that contradicts what else is declared."""
    if not values.get("unique_key"):
        raise place.error(
            f"history of {asset} needs `unique_key`: the columns that name one row of what it reads",
            key="history",
            hint='Write it beside history, for example unique_key = "id".',
        )
    for key in ("merge", "per"):
        if key in values:
            raise place.error(
                f'history of {asset} contradicts {key} = "{values[key]}": its rows are told by all that it reads',
                key=key,
                hint="Let one asset make the rows, and another one, which reads all of it, keep their history.",
            )
    for key, value in (("materialized", "view"), ("incremental", "off")):
        if values.get(key) == value:
            raise place.error(
                f'history of {asset} contradicts {key} = "{value}": what was is kept in its files',
                key=key,
                hint="Take one of the two out.",
            )


def history_said(values: Mapping[str, Any]) -> str:
    """All that keeping the history does, as text that goes into the code version; empty where none is kept."""
    history = values.get("history")
    return history.said(values["unique_key"]) if history is not None else ""


def history_parts(said: str) -> tuple[tuple[str, str], ...]:
    """The same among the parts that code is made of."""
    return ((HISTORY_PART, said),) if said else ()


def refuse_other_links(name: str, declared: Mapping[str, Any], upstreams: Iterable[str], place: Place) -> None:
    """Refuse what a declaration of partitions says of tables that are no upstreams."""
    known = list(upstreams)
    for other in declared.get(UPSTREAMS, {}):
        if other not in known:
            hint = did_you_mean(other, known) or f"It reads {', '.join(known) or 'nothing'}."
            raise place.error(
                f"partition of {name} speaks of {other}, which is no upstream", key="partition", hint=hint
            )


def read_checks(declared: list[Any], *, asset: str, place: Place) -> tuple[Check, ...]:
    line = place.lines.get("checks", place.line)
    return tuple(
        check for value in declared for check in check_from_option(value, asset=asset, path=place.path, line=line)
    )


def read_columns(words: Mapping[str, ColumnWords]) -> dict[str, Any]:
    """The attribute values of what is said of columns; without those of which nothing is said."""
    values: dict[str, Mapping[str, Any]] = {
        "columns": {name: each.type for name, each in words.items() if each.type},
        "column_descriptions": {name: each.description for name, each in words.items() if each.description},
        "column_tags": {name: each.tags for name, each in words.items() if each.tags},
    }
    return {key: value for key, value in values.items() if value}


class WrongValueError(ValueError):
    """A key has a value that it does not take; the text completes the sentence "KEY of ASSET ..."."""


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValueError(f"must be text, not {value!r}")
    return value.strip()


def texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise WrongValueError(f"must be a list of texts, not {value!r}")
    return tuple(value)


def items(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise WrongValueError(f"must be a list, not {value!r}")
    return list(value)


def table(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise WrongValueError(f"must be a table, not {value!r}")
    return dict(value)


class ColumnWords(NamedTuple):
    """What `columns = {...}` says of one column: its DuckDB type, what it holds, its tags."""

    type: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()


def column_words(value: Any) -> dict[str, ColumnWords]:
    """`{ id = "BIGINT", email = { type = "VARCHAR", description = "Where mail goes", tags = ["pii"] } }`."""
    return {column: words_of_one(column, said) for column, said in table(value).items()}


def words_of_one(column: str, said: Any) -> ColumnWords:
    if isinstance(said, str):
        return ColumnWords(said)
    if not isinstance(said, Mapping):
        raise WrongValueError(
            f'must give each column a DuckDB type, as in {column} = "BIGINT", or a table, as in '
            f'{column} = {{ description = "..." }}, not {said!r}'
        )
    return ColumnWords(
        **read_each(
            said,
            {"type": text, "description": text, "tags": texts},
            unknown=lambda key, hint: WrongValueError(
                f"says {key!r} of the column {column}, which is no key of a column. {hint}"
            ),
            wrong=lambda key, why: WrongValueError(f"has the column {column}, whose {key} {why}"),
        )
    )


def words_alone(value: Any) -> dict[str, ColumnWords]:
    """The same, where types are declared elsewhere."""
    words = column_words(value)
    for column, each in words.items():
        if each.type:
            raise WrongValueError(f'gives {column} a type; write files(..., columns={{"{column}": "{each.type}"}})')
    return words


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError(f"must be true or false, not {value!r}")
    return value


def count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise WrongValueError(f"must be a whole number of at least 0, not {value!r}")
    return value


def seconds(value: Any) -> float:
    """A number of seconds, or text such as "90 s", "5 min", "2 h"."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", value.lower())
        if found and found[2] in UNITS:
            return float(found[1]) * UNITS[found[2]]
    raise WrongValueError(f'must be seconds or text such as "30 s" or "5 min", not {value!r}')


def one_of(*known: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in known:
            raise WrongValueError(f"must be one of {', '.join(known)}, not {value!r}")
        return str(value)

    return read


def history(value: Any) -> History:
    """`"scd2"`, or `{ kind = "scd2", updated_at = "changed_at", deleted = "keep" }`."""
    found = read_each(
        {"kind": value} if isinstance(value, str) else table(value),
        {"kind": one_of("scd2"), "updated_at": text, "deleted": one_of("close", "keep")},
        unknown=lambda key, hint: WrongValueError(f"says {key!r}, which is no key of a history. {hint}"),
        wrong=lambda key, why: WrongValueError(f"has {key}, which {why}"),
    )
    if found.get("updated_at") == "":
        raise WrongValueError("has updated_at, which must name a column")
    return History(**found)


def partition(value: Any) -> dict[str, Any]:
    try:
        return declaration_of(value)
    except WrongPartitionError as error:
        raise WrongValueError(str(error)) from None


UNITS = {"s": 1, "sec": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "minute": 60, "minutes": 60}
UNITS |= {"h": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400}

INSIDE = {
    UPSTREAMS: 'Which partitions of an upstream are read is said inside of partition: partition = { time = "day", '
    'column = "ts", upstreams = { sales = "-6..0" } }. Which tables an asset reads is found by itself.',
    "time": 'It belongs inside of partition: partition = { time = "day", column = "ts" }.',
    "zone": 'It belongs inside of partition: partition = { time = "day", column = "ts", zone = "Europe/Berlin" }.',
    "start": 'It belongs inside of partition: partition = { time = "day", column = "ts", start = "2024-01-01" }.',
    "end": 'It belongs inside of partition: partition = { time = "day", column = "ts", end = "2024-12-31" }.',
    "values": 'It belongs inside of partition: partition = { column = "region", values = ["eu", "us"] }.',
}
"""Keys that stand one level deeper."""

SHARED: dict[str, Callable[[Any], Any]] = {
    "description": text,
    "tags": texts,
    "owner": text,
    "group": text,
    "checks": items,
    "meta": table,
}
ASSET_OPTIONS: dict[str, Callable[[Any], Any]] = {
    **SHARED,
    "name": text,
    "materialized": one_of("table", "view"),
    "partition": partition,
    "unique_key": texts,
    "history": history,
    "columns": column_words,
    "retries": count,
    "retry_delay": seconds,
    "timeout": seconds,
    "volatile": one_of("rebuild", "ignore"),
    "dialect": text,
    "incremental": one_of("auto", "off", "require"),
    "merge": one_of("append", "upsert"),
    "per": one_of("file", "row", "partition"),
    "enabled": truth,
}
SOURCE_OPTIONS: dict[str, Callable[[Any], Any]] = {**SHARED, "columns": words_alone}

RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
    deferrable desc describe distinct do else end except false fetch for foreign from group having in initially
    intersect into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider
    placing primary qualify references returning select show some summarize symmetric table then to trailing true
    union unique unpivot using variadic when where window with
    anti asof at authorization binary by collation concurrently cross freeze full glob ilike inner is isnull join left
    like natural notnull outer overlaps positional right semi similar tablesample unpack verbose
    context assetflow_info main temp system information_schema
    """.split()
)
"""Words that DuckDB or assetflow need for themselves."""


def check_name(name: str, *, what: str, place: Place) -> None:
    """Refuse a name that could not be written in SQL without quotes, or that is taken."""
    if not re.fullmatch(ASSET, name):
        plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
        suggestion = re.sub(r"[^a-z0-9_]+", "_", plain).strip("_")
        suggestion = suggestion if is_asset(suggestion) else f"t_{suggestion}"[:128].rstrip("_")
        raise place.error(
            f"{name!r} cannot be the name of {what}: use lower-case letters, digits and _, a letter first",
            hint=f"Rename it, for example to {suggestion}.",
        )
    if name in RESERVED or name in DEVICES:
        raise place.error(
            f"{name!r} cannot be the name of {what}: it is a reserved word",
            hint=f"Rename it, for example to {name}_table.",
        )
