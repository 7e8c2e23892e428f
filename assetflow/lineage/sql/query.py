"""Reads which tables and files a query needs, and what in it can change while its text stays the same."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from assetflow.asset import Note
from assetflow.errors import DefinitionError, did_you_mean
from assetflow.lineage.sql.canonical import canonical_text
from assetflow.lineage.sql.column_tags import may_have_tags, read_column_tags
from assetflow.lineage.sql.frontmatter import FrontMatter, query_of, read_options
from assetflow.lineage.sql.habits import hint_for
from assetflow.lineage.sql.names import fold
from assetflow.lineage.sql.reads import Read, reads
from assetflow.lineage.sql.tokens import code_tokens, with_pivot_values, without_trailing_semicolon
from assetflow.lineage.sql.tree import Parsed, Tree, output_names, parse, parse_ahead, statement_kinds
from assetflow.text import printable

if TYPE_CHECKING:
    from sqlglot.errors import ParseError, TokenError


class TableRef(NamedTuple):
    """A table that a query reads: the name of an asset or source in lower case, and the line where it first stands."""

    name: str
    line: int


class FileRef(NamedTuple):
    """A path that a query reads, as written, with the function around it: None for `FROM 'data/x.csv'`."""

    text: str
    function: str | None
    line: int


class SqlQuery(Struct, frozen=True):
    """One query: `text` is what runs, `canonical` is what it means, the rest is what it reads.

    `text` has no semicolon and no comment at its end, so brackets may stand around it. `tables` and `files` come in
    the order of their first appearance, each once; names that the query itself defines (CTEs) are not among them.
    `notes` name what no fingerprint can hold: clocks, randomness, other machines, paths that are computed.
    """

    text: str
    canonical: str
    tables: tuple[TableRef, ...]
    files: tuple[FileRef, ...]
    notes: tuple[Note, ...]


def read_sql_file(text: str, path: str) -> tuple[FrontMatter, SqlQuery]:
    """All that one asset file says: its options, its column tags and its query, parsed once.

    Raises DefinitionError with the line that is wrong.
    """
    front = read_options(text, path)
    dialect = front.options.get("dialect")
    if not isinstance(dialect, str):
        dialect = "duckdb"  # whoever reads the options refuses it
    refuse_unknown_dialect(dialect, path, front.lines.get("dialect", front.first_line))
    query, statement = _read(front.query, path, front.first_line, dialect)
    if may_have_tags(front.query):
        tags = read_column_tags(front.query, path, front.first_line, output_names(statement))
        front = replace(front, tags=tags)
    return front, query


def look_ahead(files: Iterable[tuple[str, str]]) -> None:
    """Have the queries of many files parsed together, for those who `read_sql_file` them next: texts and paths."""
    queries = []
    for text, path in files:
        with suppress(DefinitionError):  # whoever reads the file is told
            queries.append(without_trailing_semicolon(query_of(text, path)))
    if len(queries) > 1:
        parse_ahead(filter(None, queries))


def read_query(text: str, path: str, *, first_line: int = 1, dialect: str = "duckdb") -> SqlQuery:
    """What `text`, which starts at `first_line` of the file `path`, reads and means.

    Raises DefinitionError when it is empty, does not parse, is more than one statement, or is no query.
    """
    return _read(text, path, first_line, dialect)[0]


def to_duckdb(text: str, dialect: str, path: str, first_line: int = 1) -> str:
    """`text`, written in another dialect, as DuckDB runs it; DefinitionError when it does not translate exactly."""
    if dialect == "duckdb":
        return text
    refuse_unknown_dialect(dialect, path, first_line)
    # Only files in other dialects pay for the import.
    import sqlglot
    from sqlglot.errors import ErrorLevel, ParseError, TokenError, UnsupportedError

    try:
        statements = sqlglot.transpile(text, read=dialect, write="duckdb", unsupported_level=ErrorLevel.RAISE)
    except (ParseError, TokenError) as error:
        said, line, below = told_by_sqlglot(error, text)
        raise DefinitionError(
            f"the {dialect} SQL does not parse: {said}{below}", path=path, line=first_line + line - 1
        ) from error
    except UnsupportedError as error:
        raise DefinitionError(
            f"DuckDB cannot do what this {dialect} SQL does: {error}", path=path, line=first_line
        ) from error
    return ";\n".join(statements)


def refuse_unknown_dialect(dialect: str, path: str, line: int) -> None:
    if dialect == "duckdb":
        return
    from sqlglot.dialects.dialect import Dialect, Dialects

    try:
        Dialect.get_or_raise(dialect)
    except ValueError as error:
        known = sorted(each.value for each in Dialects if each.value)
        raise DefinitionError(
            f"there is no SQL dialect {dialect!r}",
            path=path,
            line=line,
            hint=did_you_mean(dialect, known) or f"Known: {', '.join(known)}.",
        ) from error


def told_by_sqlglot(error: ParseError | TokenError, text: str) -> tuple[str, int, str]:
    """What does not parse, in which line of the text, and that line with a caret where the place is known."""
    errors = getattr(error, "errors", ())  # a text that cannot be cut into words has none
    at = errors[0] if errors else {}
    said = re.sub(r"<Token .*?, text: (.*?), line: .*?>", r'"\1"', str(at.get("description") or error))
    line, column = at.get("line"), at.get("col")
    if not line or not column:
        return said, 1, ""
    before = sum(map(len, text.splitlines(keepends=True)[: line - 1]))
    return said, line, "\n" + shown(text, before + column - len(at.get("highlight") or "x"))


def _read(text: str, path: str, first_line: int, dialect: str) -> tuple[SqlQuery, Tree]:
    try:
        return _read_tree(text, path, first_line, dialect)
    except RecursionError:
        # A sum of some hundred terms is a tree of that depth; DuckDB takes up to 1,000.
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(_DEEP)
        try:
            return _read_tree(text, path, first_line, dialect)
        finally:
            sys.setrecursionlimit(usual)


_DEEP = 30_000


def _read_tree(text: str, path: str, first_line: int, dialect: str) -> tuple[SqlQuery, Tree]:
    text = without_trailing_semicolon(text)
    translated = to_duckdb(text, dialect, path, first_line)
    source, statement = _one_query(translated, path, first_line)
    is_translated = dialect != "duckdb"
    places = _Places(text if is_translated else source, first_line, knows_places=not is_translated)
    found = sorted(((places.place(read), read) for read in reads(statement, source.encode())), key=lambda pair: pair[0])
    placed = [(places.line(where), read) for where, read in found]
    query = SqlQuery(
        text=text,
        canonical=canonical_text(statement) + ("" if source == translated else _VALUES_IN_DATA),
        tables=_first_of_each([TableRef(read.what, line) for line, read in placed if read.kind == "table"]),
        files=_first_of_each([FileRef(read.what, read.function, line) for line, read in placed if read.kind == "file"]),
        notes=_first_of_each([Note(read.what, path, line) for line, read in placed if read.kind == "note"]),
    )
    return replace(query, notes=(*query.notes, *_times(query, path))), statement


def _times(query: SqlQuery, path: str) -> list[Note]:
    """A note where a query may show when a file was written: that is no part of what the file holds."""
    asked = '"last_modified"' in query.canonical or '"class":"STAR"' in query.canonical
    whole = [file for file in query.files if file.function in {"read_text", "read_blob"}]
    return [Note(f"{file.function}() tells when a file was written", path, file.line) for file in whole if asked]


Ref = TypeVar("Ref", TableRef, FileRef, Note)
_ANY_VALUE = "'any'"
_OTHERS = """Write DuckDB's SQL, or name the dialect in the comment at the top: dialect = "postgres"."""
_VALUES_IN_DATA = " and its PIVOT takes its values from the data"


def _one_query(text: str, path: str, first_line: int) -> tuple[str, Tree]:
    """The text whose tree it is, and the tree; DefinitionError when `text` is not exactly one query."""
    parsed = parse(text) if text else None
    is_statement = parsed is not None and parsed.problem is not None and not parsed.is_syntax_error
    if is_statement and statement_kinds(text) == ["MULTI"]:
        text = with_pivot_values(text, _ANY_VALUE)
        parsed = replace(parse(text), is_syntax_error=False)  # if it is one now, what was put in is to blame
    wrong = _why_not_one(text, parsed, first_line)
    if wrong is not None:
        message, line, hint = wrong
        raise DefinitionError(message, path=path, line=line, hint=hint)
    assert parsed is not None
    (statement,) = parsed.statements
    return text, statement


def _why_not_one(text: str, parsed: Parsed | None, first_line: int) -> tuple[str, int, str | None] | None:
    """Why a text is not exactly one query that can be run as it is: what is wrong, in which line, and what to do."""
    if parsed is None:
        return "there is no query in this file", first_line, "Write one SELECT; its tables are the upstreams."
    if parsed.is_syntax_error:
        place = len(text.encode()[: parsed.position or 0].decode(errors="ignore"))
        line = first_line + text.count("\n", 0, place)
        return f"the SQL does not parse: {parsed.problem}\n{shown(text, place)}", line, hint_for(text) or _OTHERS
    kinds = statement_kinds(text) if parsed.problem is not None else []
    if kinds == ["MULTI"]:
        return "the columns of a PIVOT are not known", first_line, "Give it values: PIVOT t ON x IN (1, 2)."
    if len(kinds) == 1:
        hint = "Write the SELECT alone: assetflow makes and fills the table."
        return f"an asset is one query, and this is {kinds[0]}", _line_of_first_code(text, first_line), hint
    if len(parsed.statements) != 1:
        hint = "Keep one SELECT; put each other query into a file of its own."
        return "there is more than one statement in this file", _line_of_second_statement(text, first_line), hint
    change = _change_within(parsed.statements[0]) if _CHANGES.search(text) else None
    if change is not None:
        line = next((token.line for token in code_tokens(text, first_line) if token.is_word(change)), first_line)
        hint = "Write SELECTs alone: what it reads is made and changed by its own file."
        return f"an asset is one query that changes nothing, and there is {change} in this one", line, hint
    names = [each["key"] for each in parsed.statements[0]["named_param_map"]]
    unknown = next((name for name in names if not is_of_partition(name)), None)
    if unknown is None:
        return None
    line = next((token.line for token in code_tokens(text, first_line) if token.text in "$?"), first_line)
    return f"the query has a parameter, ${unknown}, and nothing gives it a value", line, None


def _change_within(part: object) -> str | None:
    """`DELETE`, of WITH d AS (DELETE FROM t RETURNING x), which DuckDB parses as a part of a query."""
    if isinstance(part, dict):
        kind = str(part.get("type", ""))
        return kind.removesuffix(_CHANGING) if kind.endswith(_CHANGING) else _change_within(list(part.values()))
    if isinstance(part, list):
        return next((found for each in part if (found := _change_within(each)) is not None), None)
    return None


_CHANGING = "_QUERY_NODE"
_CHANGES = re.compile(r"\b(?:DELETE|INSERT|UPDATE|COPY)\b", re.IGNORECASE)
"""A tree is searched only where one of these words stands somewhere."""


def shown(text: str, place: int, around: int = 60) -> str:
    """The line in which a place is, with a caret below it; of a long line, what is near."""
    begin, end = text.rfind("\n", 0, place) + 1, text.find("\n", place)
    first, last = max(begin, place - around), min(len(text) if end < 0 else end, place + around)
    before = ("…" if first > begin else "") + printable(text[first:place])
    return f"  {before}{printable(text[place:last].rstrip())}\n  {' ' * len(before)}^"


def is_of_partition(name: str) -> bool:
    """True for a parameter that is given to the SQL of a partition."""
    return name.lower() == "partition" or name.lower().startswith("partition_")


def partition_parameters(text: str, first_line: int = 1) -> dict[str, int]:
    """The parameters of a query that speak of its partition, in lower case, with the line where each first stands."""
    found: dict[str, int] = {}
    if "$" not in text:  # most have none, and taking a text apart takes a hundredth of a first build
        return found
    for one, other in itertools.pairwise(code_tokens(text, first_line)):
        if one.text == "$" and one.end == other.start and is_of_partition(other.text):
            found.setdefault(other.text.lower(), one.line)
    return found


def _line_of_first_code(text: str, first_line: int) -> int:
    return code_tokens(text, first_line)[0].line


def _line_of_second_statement(text: str, first_line: int) -> int:
    code = code_tokens(text, first_line)
    ends = [index for index, token in enumerate(code) if token.text == ";"]
    return next((code[end + 1].line for end in ends if end + 1 < len(code) and code[end + 1].text != ";"), first_line)


class _Places:
    """Where in a text things stand, by the parser's word for it or else by looking for theirs."""

    def __init__(self, text: str, first_line: int, *, knows_places: bool) -> None:
        self.text, self.source, self.first_line, self.knows_places = text, text.encode(), first_line, knows_places

    def place(self, read: Read) -> int:
        """The offset of `read` in bytes."""
        if self.knows_places and read.place is not None:
            return read.place
        word = fold(read.word)
        for token in code_tokens(self.text):
            if fold(token.text.strip("\"'")) == word:
                return len(self.text[: token.start].encode())
        return 0

    def line(self, place: int) -> int:
        """The line of the file in which the byte at `place` stands."""
        return self.first_line + self.source[:place].count(b"\n")


def _first_of_each(refs: Iterable[Ref]) -> tuple[Ref, ...]:
    """`refs` without those that say the same of a later line."""
    first: dict[Ref, Ref] = {}
    for ref in refs:
        first.setdefault(ref._replace(line=0), ref)
    return tuple(first.values())
