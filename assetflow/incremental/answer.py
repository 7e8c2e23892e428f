"""What a refresh is asked and what it answers: versions of tables, changes, rules, the rows to put in and take out."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from assetflow.incremental.files import Files

Version = Literal["old", "new", "plus", "minus", "none"]
KEYS = "assetflow_keys_"
KEY = "assetflow_key_"
SHOWN = "assetflow_shown"
"""The rows that are there, on the cursor of a refresh."""
VERSIONS = "__assetflow_"
"""What stands between the name of a table and that of a version of it."""


class Change(Struct, frozen=True):
    """Whether rows came to a table, and whether rows went.

    `is_of_single_rows`: none did both, and each did once. `is_replaced`: hardly one did both, and nobody looked which.
    `is_shown`: and hardly one of the rows that are made of them does. `old` is a SELECT of what it held, where no view
    shows that yet. `files` are those of the table, where they are known.
    """

    plus: bool
    minus: bool
    is_of_single_rows: bool = False
    old: str | None = None
    is_replaced: bool = False
    is_shown: bool = False
    files: Files | None = None


class Rule(Struct, frozen=True):
    """Which rule was used for a block, in words: `keyed by day`."""

    name: Literal[
        "unchanged", "append", "linear", "merged", "first rows", "keyed", "rows", "kept", "whole", "same value"
    ]
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} by {', '.join(self.keys)}" if self.keys else self.name


class Answer(Struct, frozen=True):
    """How the rows of the query change: SELECTs to run on the same cursor.

    `plus` are the rows to put in. The rows to take out are those whose `key_columns` are among the rows of the table
    `keys`, or else the rows of `minus`, each as often as it is there; with neither, none. `is_whole`: take out all.
    `is_sorted`: the rows of `plus` come in the order that the query says. `keeps` are tables to keep for the next time,
    by the names under which they are asked for then; `anew` says why these were made of all rows. `is_of_single_rows`:
    no row is in both `plus` and `minus`, or twice in one. `is_replaced`: all of `minus` are there, and perhaps hardly
    one is in both; `is_shown`: so it is, and nobody looked which.
    """

    plus: str
    minus: str | None = None
    keys: str | None = None
    key_columns: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    is_whole: bool = False
    is_sorted: bool = False
    keeps: tuple[tuple[str, str], ...] = ()
    anew: str | None = None
    is_of_single_rows: bool = False
    is_replaced: bool = False
    is_shown: bool = False


def key_names(count: int) -> list[str]:
    """How the columns of a table of keys are called."""
    return [f"{KEY}{number}" for number in range(1, count + 1)]


def version_of(name: str, version: Version) -> str:
    """The name under which a cursor sees another version of a table; the table's own name is what it holds now."""
    return name if version == "new" else f"{name}{VERSIONS}{version}"
