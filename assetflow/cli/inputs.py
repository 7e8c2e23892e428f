"""What changed in a table that others read, in a line."""

from __future__ import annotations

from assetflow.cli.screen import clean, local_time, plural, size
from assetflow.planning.inputs import FileChange, InputChange

SHOWN = 3
"""Files that are named."""


def input_text(change: InputChange) -> str:
    """`orders: 2 of 5 files: data/4.csv came (1.2 kB), data/1.csv grew at its end by 24 B`"""
    return clean(f"{change.source}: {what_changed(change)}")


def what_changed(change: InputChange) -> str:
    """The files that changed, by name where they have names, and the rows in them where these are known."""
    said = named(change) if change.changes else counted(change)
    if change.as_of is not None:
        said = f"as it was on {local_time(change.as_of)} again; {said}"
    return said if change.columns is None else f"{said}; columns: {change.columns}"


def named(change: InputChange) -> str:
    if len(change.changes) == change.files == 1 and change.is_whole:
        return f"its only file, {told(change.changes[0], comma=',')}"
    listed = [told(each) for each in change.changes[:SHOWN]]
    rest = len(change.changes) - SHOWN
    more = [f"and {plural(rest, 'other')}"] if rest > 0 else []
    if change.is_whole:
        return f"replaced, as a whole: {', '.join([*listed, *more])}{rows_text(change)}"
    stay = change.files - len(change.came)
    kept = f"; {plural(stay, 'file')} as before" if stay else ""
    return f"{', '.join([*listed, *more])}{rows_text(change) if len(change.changes) > 1 else ''}{kept}"


def told(file: FileChange, comma: str = "") -> str:
    """What became of one file; a comma stands behind a name that is put in."""
    rows = "" if file.rows is None else plural(file.rows, "row")
    if file.how == "grew":
        return f"{file.path}{comma} grew at its end by {size(file.bytes)}"
    if file.how == "went" and not file.path:
        return "one is gone" + (f" ({rows})" if rows else "")
    held = ", ".join(part for part in (rows, size(file.bytes)) if part)
    does = {"came": "came", "rewritten": "was written anew", "moved": f"was {file.before}", "went": "is gone"}[file.how]
    return f"{file.path}{comma} {does} ({held})"


def counted(change: InputChange) -> str:
    """The change of a table whose files have no names that mean anything."""
    added, removed = change.rows_added or 0, change.rows_removed or 0
    if change.is_whole:
        return f"replaced, as a whole ({plural(removed, 'row')} before, {added:,} now)"
    parts = [f"{plural(len(change.came), 'file')} came ({plural(added, 'row')})"] * bool(change.came)
    parts += [f"{change.went:,} went ({plural(removed, 'row')})"] * bool(change.went)
    kept = f"{change.files - len(change.came)} of {plural(change.files, 'file')} as before"
    if change.is_reordered:
        return f"{kept}, in another order"
    return f"{', '.join(parts)}; {kept}" if parts else kept


def rows_text(change: InputChange) -> str:
    """Rows of all files that came and went, where they are known before they are read."""
    parts = [f"{plural(change.rows_added, 'row')} in what came"] if change.rows_added else []
    parts += [f"{plural(change.rows_removed, 'row')} in what went"] if change.rows_removed else []
    return f"; {', '.join(parts)}" if parts else ""
