"""How people write checks: an element of `checks = [...]` in TOML, or a tag behind a column.

    kind               in TOML                                                        as a tag
    not_null           { not_null = "a" }  { not_null = ["a", "b"] }                  @not_null
    unique             { unique = "a" }  { unique = ["a", "b"] } (the two together)   @unique
    accepted_values    { accepted_values = { column = "a", values = ["x", "y"] } }    @accepted_values('x', 'y')
    min, max           { min = { column = "a", value = 0 } }                          @min(0)
    relationships      { relationships = { column = "a", to = "products.id" } }       @relationships("products.id")
    row_count          { row_count = { min = 1, max = 100 } }
    freshness          { freshness = { column = "a", within = "2 days" } }            @freshness("2 days")
    expression         "a > b"  { expression = "a > b" }                              @expression("a > b")
    sql                { sql = "SELECT * FROM {table} WHERE ...", upstreams = [] }

Each takes `severity = "warn"` and `name = "..."` besides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from assetflow.check import Check, Severity
from assetflow.checks import columns, tables
from assetflow.checks.arguments import Arguments, WrongFormError
from assetflow.errors import DefinitionError, did_you_mean


def check_from_option(value: object, *, asset: str, path: str, line: int) -> tuple[Check, ...]:
    """The checks that one element of `checks = [...]` declares; DefinitionError when it is not written right."""
    place = _Place(f"of {asset}", path, line)
    element = {"expression": value} if isinstance(value, str) else value
    if not isinstance(element, Mapping):
        raise place.error(f"a check {place.whose} is {value!r}", 'Write an SQL condition, or { not_null = "column" }.')
    name = _kind_named(element, place)
    kind = KINDS[name]
    given = element[name]
    try:
        arguments = dict(given) if isinstance(given, Mapping) else _short(kind, given)
        if name == "sql":
            arguments |= {"asset": asset, "upstreams": element.get("upstreams", ())}
        return _finished(kind.make(Arguments(arguments)), element, place)
    except WrongFormError as wrong:
        raise place.error(f"the check {name} {place.whose} {wrong}", f"Write: {kind.form}") from wrong


def check_from_tag(
    column: str, name: str, arguments: Sequence[object], options: Mapping[str, object], *, path: str, line: int
) -> Check | None:
    """The check that a tag behind a column declares: `@min(0)`; None when the tag is not a check but a plain tag.

    DefinitionError when its arguments are wrong, or when it looks like a check misspelt.
    """
    place = _Place(f"of column {column}", path, line)
    kind = KINDS.get(name.lower())
    if kind is None:
        _refuse_misspelt(name, arguments, options, place)
        return None
    if kind.tag is None:
        hint = f"Write in the comment on top of the file: checks = [{kind.form}]"
        raise place.error(f"@{name} is about the whole table and cannot stand behind a column", hint)
    try:
        given = _tag_arguments(kind, column, arguments, options)
        (check,) = _finished(kind.make(Arguments(given)), options, place)
    except WrongFormError as wrong:
        raise place.error(f"the check @{name} {place.whose} {wrong}", f"Write: {kind.tag}") from wrong
    return check._replace(column=column)


class _Kind(Struct, frozen=True):
    """One kind of check: how it is written, its arguments in the order of a tag (the column before them), its maker."""

    form: str
    tag: str | None
    parameters: tuple[str, ...]
    make: Callable[[Arguments], tuple[Check, ...]]


def _kind_named(element: Mapping[str, object], place: _Place) -> str:
    kinds = [key for key in element if key in KINDS]
    others = (*_BESIDES, "upstreams") if kinds == ["sql"] else _BESIDES
    unknown = [key for key in element if key not in KINDS and key not in others]
    if unknown:
        hint = did_you_mean(unknown[0], [*KINDS, *others]) or f"Known: {', '.join(KINDS)}."
        raise place.error(f'a check {place.whose} has the unknown key "{unknown[0]}"', hint)
    if len(kinds) != 1:
        said = f"says {' and '.join(kinds)} at once" if kinds else "does not say what to check"
        raise place.error(f"a check {place.whose} {said}", 'Write a table for each check: { not_null = "column" }.')
    return kinds[0]


def _short(kind: _Kind, given: object) -> dict[str, object]:
    if not kind.parameters:
        raise WrongFormError(f"is not told by {given!r} alone")
    return {kind.parameters[0]: given}


def _tag_arguments(
    kind: _Kind, column: str, arguments: Sequence[object], options: Mapping[str, object]
) -> dict[str, object]:
    parameters = [parameter for parameter in kind.parameters if parameter != "column"]
    named = {key: value for key, value in options.items() if key not in _BESIDES}
    if "values" in parameters and arguments:
        arguments = [list(arguments)]
    if len(arguments) > len(parameters):
        raise WrongFormError("has too many arguments")
    own = {} if "expression" in parameters else {"column": column}
    return own | dict(zip(parameters, arguments, strict=False)) | named


def _finished(checks: tuple[Check, ...], beside: Mapping[str, object], place: _Place) -> tuple[Check, ...]:
    """The checks with the severity, the name and the place that were said."""
    name = beside.get("name")
    severity: Severity = "error"
    if "severity" in beside:
        if beside["severity"] not in ("error", "warn"):
            raise place.error(f"the severity is {beside['severity']!r}", 'Write severity = "error" or "warn".')
        severity = "warn" if beside["severity"] == "warn" else "error"
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise place.error(f"the name of a check {place.whose} is {name!r}", 'Write a text: name = "margin_sane".')
    if name is not None and len(checks) > 1:
        raise place.error(f'the name "{name}" stands for {len(checks)} checks', "Write a table for each of them.")
    return tuple(
        check._replace(name=name or check.name, severity=severity, path=place.path, line=place.line) for check in checks
    )


def _refuse_misspelt(name: str, arguments: Sequence[object], options: Mapping[str, object], place: _Place) -> None:
    import difflib  # only for a tag that is no check

    near = difflib.get_close_matches(name.lower(), KINDS, n=1, cutoff=0.85)
    if near or arguments or options:
        hint = f"Did you mean @{near[0]}?" if near else f"Checks: {', '.join(f'@{kind}' for kind in KINDS)}."
        why = "; a plain tag has no arguments" if arguments or options else ""
        raise place.error(f"@{name} {place.whose} is no check{why}", hint)


class _Place(Struct, frozen=True):
    whose: str
    path: str
    line: int

    def error(self, message: str, hint: str) -> DefinitionError:
        return DefinitionError(message, path=self.path, line=self.line, hint=hint)


def _not_null(arguments: Arguments) -> tuple[Check, ...]:
    return tuple(columns.not_null(column) for column in arguments.only("column").texts("column"))


def _unique(arguments: Arguments) -> tuple[Check, ...]:
    return (columns.unique(*arguments.only("column").texts("column")),)


def _accepted_values(arguments: Arguments) -> tuple[Check, ...]:
    arguments.only("column", "values")
    return (columns.accepted_values(arguments.text("column"), arguments.values("values")),)


def _minimum(arguments: Arguments) -> tuple[Check, ...]:
    arguments.only("column", "value")
    return (columns.minimum(arguments.text("column"), arguments.value("value")),)


def _maximum(arguments: Arguments) -> tuple[Check, ...]:
    arguments.only("column", "value")
    return (columns.maximum(arguments.text("column"), arguments.value("value")),)


def _relationships(arguments: Arguments) -> tuple[Check, ...]:
    arguments.only("column", "to")
    column, to = arguments.text("column"), arguments.text("to")
    table, dot, key = to.partition(".")
    if not table or (dot and not key):
        raise WrongFormError(f'leads to "{to}", which is no column of a table')
    return (columns.relationships(column, table, key or column),)


def _row_count(arguments: Arguments) -> tuple[Check, ...]:
    arguments.only("min", "max")
    least, most = arguments.count("min"), arguments.count("max")
    if least is None and most is None:
        raise WrongFormError("has no bound")
    if least is not None and most is not None and least > most:
        raise WrongFormError(f"can never pass: min {least} is above max {most}")
    return (tables.row_count(least, most),)


def _freshness(arguments: Arguments) -> tuple[Check, ...]:
    arguments.only("column", "within")
    within = arguments.text("within")
    if not _SPAN.fullmatch(within.strip()):
        raise WrongFormError(f'cannot read "{within}" as a time span')
    return (tables.freshness(arguments.text("column"), within.strip()),)


def _expression(arguments: Arguments) -> tuple[Check, ...]:
    return (tables.expression(arguments.only("expression").text("expression").strip()),)


def _sql(arguments: Arguments) -> tuple[Check, ...]:
    arguments.only("sql", "asset", "upstreams")
    upstreams = arguments.texts("upstreams") if arguments.given["upstreams"] else ()
    return (tables.sql(arguments.text("asset"), arguments.text("sql"), upstreams),)


_SPAN = re.compile(r"\d+ ?(second|minute|hour|day|week|month|year)s?")

_BESIDES = ("severity", "name")

KINDS = {
    "not_null": _Kind('{ not_null = "a" } or { not_null = ["a", "b"] }', "@not_null", ("column",), _not_null),
    "unique": _Kind('{ unique = "a" } or { unique = ["a", "b"] }', "@unique", ("column",), _unique),
    "accepted_values": _Kind(
        '{ accepted_values = { column = "a", values = ["x", "y"] } }',
        "@accepted_values('x', 'y')",
        ("column", "values"),
        _accepted_values,
    ),
    "min": _Kind('{ min = { column = "a", value = 0 } }', "@min(0)", ("column", "value"), _minimum),
    "max": _Kind('{ max = { column = "a", value = 100 } }', "@max(100)", ("column", "value"), _maximum),
    "relationships": _Kind(
        '{ relationships = { column = "product_id", to = "products.product_id" } }',
        "@relationships('products.product_id')",
        ("column", "to"),
        _relationships,
    ),
    "row_count": _Kind("{ row_count = { min = 1, max = 1000 } }", None, (), _row_count),
    "freshness": _Kind(
        '{ freshness = { column = "sold_at", within = "2 days" } }',
        "@freshness('2 days')",
        ("column", "within"),
        _freshness,
    ),
    "expression": _Kind('{ expression = "margin < 1" }', "@expression('margin < 1')", ("expression",), _expression),
    "sql": _Kind('{ sql = "SELECT * FROM {table} WHERE margin > 1" }', None, ("sql",), _sql),
}
