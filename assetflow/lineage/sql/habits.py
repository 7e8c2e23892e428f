"""What people write who come from other tools, and what is written here instead; only looked up to complain."""

from __future__ import annotations

import re

_HABITS = (
    (
        re.compile(r"\{\{\s*(?:ref|source)\s*\((?:\s*['\"][^'\"]*['\"]\s*,)?\s*['\"](\w+)['\"]"),
        "SQL has no templates here: write the name itself, FROM {}.",
    ),
    (
        re.compile(r"\{\{\s*config\b"),
        'SQL has no templates here: settings stand in a comment at the top, /* @asset materialized = "view" */.',
    ),
    (
        re.compile(r"\bis_incremental\s*\(\)"),
        "SQL has no templates here: write the whole query; what changed is found out without your help.",
    ),
    (
        re.compile(r"\{\{|\{%|\{#"),
        "SQL has no templates here: write plain SQL, or a function that returns Query(...).",
    ),
    (
        re.compile(r"\A\s*MODEL\s*\(", re.IGNORECASE),
        'There is no MODEL (...) here: settings stand in a comment at the top, /* @asset tags = ["nightly"] */.',
    ),
)


def hint_for(text: str) -> str | None:
    """What to write instead, where SQL that does not parse shows the habits of another tool."""
    for habit, hint in _HABITS:
        match = habit.search(text)
        if match is not None:
            return hint.format(*match.groups())
    return None
