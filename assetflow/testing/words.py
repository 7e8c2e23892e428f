"""Says what is wrong with a function, with the example."""

from __future__ import annotations

from collections.abc import Sequence

from assetflow.testing.examples import Example
from assetflow.testing.law import wrong
from assetflow.testing.subject import Subject


def message(subject: Subject, example: Example) -> str:
    found = wrong(subject, example)
    assert found is not None
    how = 'per = "row"' if subject.merge is None else f'merge = "{subject.merge}"'
    what = (
        found.said or "what it makes of the change, merged with what it made before, is not what it makes of everything"
    )
    if not found.said and subject.merge is None:
        what = "what it makes of two parts, put together, is not what it makes of both at once"
    lines = [f"{subject.name} is not what {how} says of it: {what}"]
    words = (("stay", "rows"), ("went", "rows that go"), ("came", "rows that come"))
    for upstream, table in example.items():
        for part, said in words:
            if getattr(table, part):
                rows = subject.cursor.execute(subject.select(upstream, getattr(table, part))).fetchall()
                lines += ["", f"{said} of {upstream}:", *table_text(subject.columns[upstream], rows)]
    if found.merged is not None and found.everything is not None:
        lines += ["", "merged:", *table_text(found.merged.columns, found.merged.rows)]
        lines += ["", "everything:", *table_text(found.everything.columns, found.everything.rows)]
    return "\n".join(lines)


def table_text(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[object]]) -> list[str]:
    """Rows as aligned text, in order."""
    cells = [[name for name, _ in columns], *([shown(value) for value in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(columns))]
    lines = ["  " + "  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)) for row in cells]
    return [line.rstrip() for line in (lines if rows else [*lines, "  (no rows)"])]


def shown(value: object) -> str:
    return "NULL" if value is None else repr(value) if isinstance(value, str) else str(value)
