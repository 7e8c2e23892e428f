"""The queries: one a paragraph in `queries/*.sql`, named by file and line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "queries"


class Case(NamedTuple):
    name: str
    sql: str


def corpus() -> list[Case]:
    return [case for path in sorted(FOLDER.glob("*.sql")) for case in read(path)]


def read(path: Path) -> list[Case]:
    """Paragraphs, without comments and the semicolon at the end."""
    found, lines, start = [], [], 1
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        if line.strip() and not line.startswith("--"):
            start = start if lines else number
            lines.append(line)
        elif lines:
            found.append(Case(f"{path.stem}:{start}", "\n".join(lines)))
            lines = []
    return found
