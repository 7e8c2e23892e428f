"""`assetflow query`: SQL over the published tables, to the screen, a pipe or a file."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import click

from assetflow.cli.options import environment_option, json_option, open_to_read, project_option, warn_of_broken
from assetflow.cli.screen import letter_by_letter, plural, put, put_json_lines, put_lines, say, styled, terminal_width
from assetflow.cli.show import dim
from assetflow.errors import UsageError
from assetflow.formats import Format, format_names, json, open_format, table

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

ROWS_ON_A_TERMINAL = 100


@click.command("query")
@click.argument("sql")
@click.option(
    "-f", "--format", "name", type=click.Choice(format_names()),
    help="How the rows are written (default: as the name of --output ends, else table).",
)  # fmt: skip
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write into a file, which is replaced.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=0), metavar="N",
    help=f"At most N rows (default: all; {ROWS_ON_A_TERMINAL} in a table on a terminal).",
)  # fmt: skip
@environment_option
@json_option
@project_option
def command(
    sql: str,
    name: str | None,
    output: str | None,
    limit: int | None,
    env: str | None,
    as_json: bool,
    project: str | None,
) -> None:
    """Run one query over the published tables. SQL is the query; - reads it from standard input."""
    if as_json and (name or output):
        raise UsageError(
            "--json prints a document on stdout", hint="Write --format json --output FILE for a file of rows."
        )
    form = open_format(name or format_of(output) or "table")
    if form.lines is None and output is None:
        raise UsageError(f"{form.name} needs a file", hint=f"Give one: --output rows{form.suffix}")
    text = sys.stdin.read() if sql == "-" else sql
    opened = open_to_read(project, env)
    reader = opened.reader()
    warn_of_broken(opened)
    relation = reader.sql(text)
    with reader.explained(text):
        if as_json:
            put_json_lines(json.document("assetflow.query/1", relation, limit))
        elif output is not None:
            save(form, relation if limit is None else relation.limit(limit), output)
        elif form.name == "table":
            print_table(relation, limit)
        elif form.lines is not None:
            with letter_by_letter():
                put_lines(form.lines(relation if limit is None else relation.limit(limit)))


def format_of(output: str | None) -> str | None:
    """The format that the name of a file asks for."""
    if output is None:
        return None
    return next((name for name in format_names() if output.lower().endswith(open_format(name).suffix)), None)


def print_table(relation: DuckDBPyRelation, limit: int | None) -> None:
    """A table that fits the terminal; into a pipe all of it, as wide as it is."""
    width = terminal_width()
    if relation.columns == ["explain_key", "explain_value"]:
        for _, plan in relation.fetchall():
            put(plan)
        return
    if width is None:
        put_lines(table.lines(relation if limit is None else relation.limit(limit)))
        return
    most = ROWS_ON_A_TERMINAL if limit is None else limit
    rows = table.texts(relation.limit(most + 1)).fetchall()
    put_lines(table.layout(table.columns_of(relation), rows[:most], width, dim))
    more = "" if len(rows) <= most else f"the first {plural(most, 'row')}; --limit {most * 10 or 100} shows more"
    say(styled(more or plural(len(rows), "row"), "dim", err=True))


def save(form: Format, relation: DuckDBPyRelation, path: str) -> None:
    """Write into the file at once or not at all: a failure leaves what was there before."""
    if os.path.isdir(path):
        raise UsageError(f"{path} is a folder", hint=f"Name a file in it: {os.path.join(path, 'rows' + form.suffix)}")
    is_device = os.path.exists(path) and not os.path.isfile(path)
    new = path if is_device else f"{os.path.realpath(path)}.{os.getpid()}.new"
    try:
        open(new, "wb").close()
        form.write(relation, new)
        if not is_device:
            os.replace(new, os.path.realpath(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint="Name another file.") from error
    finally:
        if not is_device:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(new)
