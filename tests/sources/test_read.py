"""What is read from files: the same rows and types whether they come together or one by one."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetflow.sources.files import Files, files

CONNECTION = duckdb.connect()
Row = tuple[Any, ...]


def write(root: Path, **texts: str) -> None:
    """Files by name; `__` stands for a dot, and a folder may come before a slash."""
    for name, text in texts.items():
        put(root / name.replace("__", "."), text)


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, newline="")


def parquet(path: Path, query: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    CONNECTION.cursor().execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def read(root: Path, source: Files) -> tuple[dict[str, str], list[list[Row]]]:
    """The types over all files, and the rows of each file by itself, which must be those of all files together."""
    cursor = CONNECTION.cursor()
    paths = tuple(file.path for file in source.stat_files(str(root)))
    types = source.sniff(cursor, paths)
    by_file = []
    for path in paths:
        query = source.read(cursor, (path,), types)
        described = {row[0]: row[1] for row in cursor.execute(f"DESCRIBE {query}").fetchall()}
        assert described == types
        by_file.append(cursor.execute(query).fetchall())
    together = cursor.execute(source.read(cursor, paths, types)).fetchall()
    assert sorted(map(repr, together)) == sorted(repr(row) for rows in by_file for row in rows)
    return types, by_file


@pytest.mark.parametrize(
    "name", ["a.csv", "a.tsv", "a.csv.gz", "a.json", "a.jsonl", "a.ndjson", "a.json.gz", "a.parquet"]
)
def test_every_format_reads_the_same_rows(tmp_path: Path, name: str) -> None:
    suffix = name.removesuffix(".gz").rpartition(".")[2]
    texts = {
        "csv": "id,name\n1,a\n2,\n",
        "tsv": "id\tname\n1\ta\n2\t\n",
        "json": '[{"id": 1, "name": "a"},\n {"id": 2}]',
        "jsonl": '{"id": 1, "name": "a"}\n{"id": 2}\n',
        "ndjson": '{"id": 1, "name": "a"}\n{"id": 2}\n',
    }
    if suffix == "parquet":
        parquet(tmp_path / name, "SELECT * FROM (VALUES (1::BIGINT, 'a'), (2, NULL)) AS t(id, name)")
    else:
        put(tmp_path / name, texts[suffix])
    types, rows = read(tmp_path, files("*"))
    assert types == {"id": "BIGINT", "name": "VARCHAR"}
    assert rows == [[(1, "a"), (2, None)]]


def test_types_are_those_of_all_files_together(tmp_path: Path) -> None:
    write(tmp_path, a__csv="id,v\n1,1\n", b__csv="id,v\n2,2.5\n", c__csv="id,v\nx,3\n")
    types, rows = read(tmp_path, files("*.csv"))
    assert types == {"id": "VARCHAR", "v": "DOUBLE"}
    assert rows == [[("1", 1.0)], [("2", 2.5)], [("x", 3.0)]]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_column_that_a_file_lacks_is_null(tmp_path: Path, suffix: str) -> None:
    if suffix == "csv":
        write(tmp_path, a__csv="id,old\n1,x\n", b__csv="New,ID\n2.5,2\n")
    elif suffix == "jsonl":
        write(tmp_path, a__jsonl='{"id": 1, "old": "x"}\n', b__jsonl='{"New": 2.5, "id": 2}\n')
    else:
        parquet(tmp_path / "a.parquet", "SELECT 1::BIGINT AS id, 'x' AS old")
        parquet(tmp_path / "b.parquet", "SELECT 2.5::DOUBLE AS New, 2::BIGINT AS ID")
    types, rows = read(tmp_path, files(f"*.{suffix}"))
    assert types == {"id": "BIGINT", "old": "VARCHAR", "New": "DOUBLE"}
    assert rows == [[(1, "x", None)], [(2, None, 2.5)]]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_declared_columns_have_their_types_and_are_always_there(tmp_path: Path, suffix: str) -> None:
    if suffix == "csv":
        write(tmp_path, a__csv="zip,n\n01234,1\n")
    elif suffix == "jsonl":
        write(tmp_path, a__jsonl='{"zip": "01234", "n": 1}\n')
    else:
        parquet(tmp_path / "a.parquet", "SELECT '01234' AS zip, 1::BIGINT AS n")
    types, rows = read(tmp_path, files(f"a.{suffix}", columns={"day": "DATE", "ZIP": "VARCHAR", "n": "DECIMAL(5,2)"}))
    assert types == {"zip": "VARCHAR", "n": "DECIMAL(5,2)", "day": "DATE"}
    assert rows == [[("01234", Decimal("1.00"), None)]]


def test_integers_of_several_parquet_files_do_not_round_the_fractions_of_others(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", "SELECT 1::INTEGER AS v")
    parquet(tmp_path / "b.parquet", "SELECT 2.5::DOUBLE AS v")
    source = files("*.parquet")
    assert read(tmp_path, source) == ({"v": "DOUBLE"}, [[(1.0,)], [(2.5,)]])
    paths = tuple(file.path for file in source.stat_files(str(tmp_path)))
    assert CONNECTION.cursor().execute(source.scan(paths)).fetchall() == [(1.0,), (2.5,)]


def test_no_row_is_too_far_down_to_count(tmp_path: Path) -> None:
    many = 30_000
    write(
        tmp_path,
        number__csv="v\n" + "1\n" * many + "2.5\n",
        quote__csv="id,v\n" + "1,a\n" * many + '2,"b, c"\n3,"d"\n',
        late__jsonl='{"id": 1}\n' * many + '{"id": 2, "late": true}\n',
    )
    types, (rows,) = read(tmp_path, files("number.csv"))
    assert (types, rows[-1]) == ({"v": "DOUBLE"}, (2.5,))
    types, (rows,) = read(tmp_path, files("quote.csv"))
    assert rows[-2:] == [(2, "b, c"), (3, "d")]
    types, (rows,) = read(tmp_path, files("late.jsonl"))
    assert (types, rows[-1]) == ({"id": "BIGINT", "late": "BOOLEAN"}, (2, True))


def test_folders_of_keys_are_columns(tmp_path: Path) -> None:
    for day, shop in (("2024-01-01", 1), ("2024-01-02", 12)):
        put(tmp_path / f"data/dt={day}/shop={shop}/x.csv", f"id\n{shop}\n")
    types, rows = read(tmp_path, files("data"))
    assert types == {"id": "BIGINT", "dt": "DATE", "shop": "BIGINT"}
    assert rows == [[(1, datetime.date(2024, 1, 1), 1)], [(12, datetime.date(2024, 1, 2), 12)]]

    types, rows = read(tmp_path, files("data/*/*/*.csv", columns={"shop": "VARCHAR"}))
    assert types["shop"] == "VARCHAR"
    assert rows[0][0][-1] == "1"

    types, rows = read(tmp_path, files("data", options={"hive_partitioning": False}))
    assert types == {"id": "BIGINT"}


def test_keys_of_folders_need_every_file_and_stand_right_above_it(tmp_path: Path) -> None:
    root = tmp_path / "run=3/shop"
    put(root / "plain/x.csv", "id\n1\n")
    put(root / "days/dt=2024-01-01/x.csv", "id\n1\n")
    put(root / "some/dt=1/x.csv", "id\n1\n")
    put(root / "some/y.csv", "id\n1\n")
    assert read(root, files("plain"))[0] == {"id": "BIGINT"}
    assert read(root, files("days"))[0] == {"id": "BIGINT", "dt": "DATE"}
    assert read(root, files("some"))[0] == {"id": "BIGINT"}
    source = files("days")
    (day,) = source.stat_files(str(root))
    assert len(CONNECTION.cursor().execute(source.scan((day.path,))).fetchall()[0]) == 2


def test_keys_of_folders_reach_parquet_and_json(tmp_path: Path) -> None:
    parquet(tmp_path / "p/k=a/x.parquet", "SELECT 1 AS id")
    put(tmp_path / "j/k=a/x.jsonl", '{"id": 1}\n')
    assert read(tmp_path, files("p", columns={"id": "BIGINT"})) == ({"id": "BIGINT", "k": "VARCHAR"}, [[(1, "a")]])
    assert read(tmp_path, files("j")) == ({"id": "BIGINT", "k": "VARCHAR"}, [[(1, "a")]])


def test_reader_options(tmp_path: Path) -> None:
    write(tmp_path, a__csv="from the till\nid;price;day\n1;3,50;31.12.2023\n2;NA;01.02.2023\n")
    options = {"skip": 1, "delim": ";", "nullstr": ["NA", ""], "decimal_separator": ",", "dateformat": "%d.%m.%Y"}
    types, rows = read(tmp_path, files("a.csv", options=options))
    assert types == {"id": "BIGINT", "price": "DOUBLE", "day": "DATE"}
    assert rows == [[(1, 3.5, datetime.date(2023, 12, 31)), (2, None, datetime.date(2023, 2, 1))]]

    types, rows = read(tmp_path, files("a.csv", options={**options, "FileName": True}))
    assert rows[0][0][-1] == str(tmp_path / "a.csv")


def test_an_empty_file_among_others_has_no_rows(tmp_path: Path) -> None:
    write(tmp_path, a__csv="id\n1\n", b__csv="", c__csv="id\n")
    assert read(tmp_path, files("*.csv")) == ({"id": "BIGINT"}, [[(1,)], [], []])
    write(tmp_path, none__json="[]", nothing__csv="")
    assert read(tmp_path, files("none.json", columns={"id": "BIGINT"})) == ({"id": "BIGINT"}, [[]])
    assert read(tmp_path, files("nothing.csv", columns={"id": "BIGINT"})) == ({"id": "BIGINT"}, [[]])


@pytest.mark.parametrize("name", ["[a].csv", "s*r.csv", "q?.csv", "{a,b}.csv", "it's.csv", 'a"b.csv', "a b;--.csv"])
def test_odd_file_names_are_names(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, "id\n1\n")
    put(tmp_path / "a.csv", "id\n2\n")
    put(tmp_path / "sour.csv", "id\n2\n")
    put(tmp_path / "qq.csv", "id\n2\n")
    assert read(tmp_path, files(name))[1] == [[(1,)]]


def test_parquet_is_read_in_place_only_where_that_shows_the_same(tmp_path: Path) -> None:
    parquet(tmp_path / "same/a.parquet", "SELECT 1 AS id")
    parquet(tmp_path / "same/b.parquet", "SELECT 2 AS id")
    parquet(tmp_path / "differ/a.parquet", "SELECT 1 AS id")
    parquet(tmp_path / "differ/b.parquet", "SELECT 2.5 AS id")
    parquet(tmp_path / "keys/k=1/a.parquet", "SELECT 1 AS id")
    put(tmp_path / "a.csv", "id\n1\n")
    answers = {
        pattern: (source.in_place, source.columns_in_place(CONNECTION.cursor(), paths))
        for pattern, source in {
            "same/*.parquet": files("same/*.parquet"),
            "same": files("same"),
            "differ/*.parquet": files("differ/*.parquet"),
            "keys/*/a.parquet": files("keys/*/a.parquet"),
            "keys/k=1/a.parquet": files("keys/k=1/a.parquet"),
            "declared": files("same/*.parquet", columns={"id": "BIGINT"}),
            "a.csv": files("a.csv"),
        }.items()
        for paths in [tuple(file.path for file in source.stat_files(str(tmp_path)))]
    }
    assert answers == {
        "same/*.parquet": (True, {"id": "INTEGER"}),
        "same": (False, {"id": "INTEGER"}),
        "differ/*.parquet": (True, None),
        "keys/*/a.parquet": (False, None),
        "keys/k=1/a.parquet": (False, None),
        "declared": (False, None),
        "a.csv": (False, None),
    }


def test_what_is_recorded_of_a_file_stands_for_it_where_the_others_have_the_same(tmp_path: Path) -> None:
    """It is looked at itself where they have not: then a type is called otherwise by now, or a file differs."""
    parquet(tmp_path / "new.parquet", "SELECT 1 AS id")
    parquet(tmp_path / "old.parquet", "SELECT 2 AS id")
    parquet(tmp_path / "other.parquet", "SELECT 2.5 AS id")

    def columns(*names: str, recorded: dict[str, str]) -> dict[str, str] | None:
        paths = tuple(str(tmp_path / f"{name}.parquet") for name in names)
        return files("*.parquet").columns_in_place(CONNECTION.cursor(), paths, recorded)

    assert columns("gone", "new", recorded={"id": "INTEGER"}) == {"id": "INTEGER"}
    assert columns("old", "new", recorded={"id": "INT4"}) == {"id": "INTEGER"}
    assert columns("old", "other", recorded={"id": "INTEGER"}) is None


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=6)
CELLS = st.one_of(st.none(), st.integers(-(2**40), 2**40), TEXTS.filter(str.strip))
TABLES = st.lists(
    st.lists(
        st.fixed_dictionaries({"id": st.integers(0, 9)}, optional={"b": CELLS, "c": CELLS}), min_size=1, max_size=4
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables=TABLES, suffix=st.sampled_from(["csv", "jsonl", "json"]))
def test_any_files_read_one_by_one_or_together(
    tmp_path_factory: pytest.TempPathFactory, tables: list[list[dict[str, Any]]], suffix: str
) -> None:
    root = tmp_path_factory.mktemp("files")
    for number, rows in enumerate(tables):
        put(root / f"{number}.{suffix}", written(rows, suffix))
    types, by_file = read(root, files(f"*.{suffix}"))
    assert rows_of(types, by_file, "id") == [[row["id"] for row in rows] for rows in tables]

    types, by_file = read(root, files(f"*.{suffix}", columns={"b": "VARCHAR"}))
    assert rows_of(types, by_file, "b") == [[shown(row.get("b")) for row in rows] for rows in tables]


def rows_of(types: dict[str, str], by_file: list[list[Row]], column: str) -> list[list[Any]]:
    place = list(types).index(column)
    return [[row[place] for row in rows] for rows in by_file]


def shown(value: object) -> str | None:
    return None if value is None else str(value)


def written(rows: list[dict[str, Any]], suffix: str) -> str:
    if suffix == "json":
        return json.dumps(rows)
    if suffix == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, ["id", *sorted({name for row in rows for name in row} - {"id"})], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
