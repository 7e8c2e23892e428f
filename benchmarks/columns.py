"""What finding column lineage costs, beside `sqlglot.lineage` on the same queries in the same run.

    python -m benchmarks.columns             the corpus of tests/oracle, retail/, and 1,000 assets of 20 columns
    python -m benchmarks.columns FOLDER      the .sql files of a folder instead, or the paragraphs of its only one;
                                             schema.sql creates their tables

The queries of TPC-DS may not be handed on here: retail/ asks its tables as hard questions of our own, one for each
way in which its queries are hard; to measure the queries themselves, give the folder that your copy of them lies in.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage as sqlglot_lineage

from assetflow.lineage.sql_columns import sql_lineage
from tests.oracle.corpus import corpus, read
from tests.oracle.database import SCHEMAS

Schemas = Mapping[str, Sequence[tuple[str, str]]]
TIMES = 3
RETAIL = Path(__file__).parent / "retail"


def main() -> None:
    if len(sys.argv) > 1:
        compare(sys.argv[1], *of_folder(Path(sys.argv[1])))
        return
    compare("corpus of tests/oracle", [case.sql for case in corpus()], SCHEMAS)
    compare("retail, like TPC-DS (to reach: mean 8, worst 60)", *of_folder(RETAIL))
    print(f"1,000 assets of 20 columns, cold: {many_assets():.2f} s (to reach: 3 s)")


def compare(name: str, queries: Sequence[str], schemas: Schemas) -> None:
    ours = [best(sql, schemas) for sql in queries]
    theirs = [time_of_sqlglot(sql, schemas) for sql in queries]
    answered = [seconds for seconds in theirs if seconds is not None]
    exact = sum(sql_lineage(sql, schemas).exact for sql in queries)
    print(f"{name}: {len(queries)} queries, milliseconds of processor time each: median, mean, worst")
    print(f"  assetflow        {line(ours)}   ({exact} exact)")
    print(f"  sqlglot.lineage  {line(answered)}   ({len(queries) - len(answered)} not answered)")
    both = [(one, other) for one, other in zip(ours, theirs, strict=True) if other is not None]
    ratio = sum(one for one, _ in both) / sum(other for _, other in both)
    print(f"  assetflow took {ratio:.2f} of the time of sqlglot for what both answered", flush=True)


def line(seconds: Sequence[float]) -> str:
    values = (statistics.median(seconds), statistics.mean(seconds), max(seconds))
    return "  ".join(f"{value * 1000:6.2f}" for value in values)


def best(sql: str, schemas: Schemas) -> float:
    found = []
    for _ in range(TIMES):
        began = time.process_time()
        sql_lineage(sql, schemas)
        found.append(time.process_time() - began)
    return min(found)


def time_of_sqlglot(sql: str, schemas: Schemas) -> float | None:
    """All columns at once; None where it gives no answer."""
    known: dict[str, object] = {table: dict(columns) for table, columns in schemas.items()}
    found = []
    for _ in range(TIMES):
        began = time.process_time()
        try:
            sqlglot_lineage(None, sql, schema=known, dialect="duckdb")
        except (SqlglotError, LookupError, ValueError, AttributeError, TypeError, AssertionError, RecursionError):
            return None
        found.append(time.process_time() - began)
    return min(found)


def many_assets() -> float:
    """A chain of layers: each asset reads two of the layer before, joins, filters and sums up."""
    schemas: dict[str, Sequence[tuple[str, str]]] = {"asset_0": [(f"c{n}", "BIGINT") for n in range(20)]}
    began = time.process_time()
    for number in range(1, 1001):
        one, other = f"asset_{(number - 1) // 2}", f"asset_{(number - 1) // 3}"
        listed = ", ".join(f"a.c{n} + b.c{n} AS c{n}" for n in range(1, 19))
        sql = (
            f"SELECT a.c0, {listed}, sum(b.c19) OVER (PARTITION BY a.c0) AS c19 "
            f"FROM {one} a JOIN {other} b ON a.c0 = b.c0 WHERE a.c1 > {number}"
        )
        found = sql_lineage(sql, {one: schemas[one], other: schemas[other]})
        schemas[f"asset_{number}"] = [(column.name, column.type) for column in found.columns]
    return time.process_time() - began


def of_folder(folder: Path) -> tuple[list[str], Schemas]:
    with duckdb.connect() as connection:
        connection.execute((folder / "schema.sql").read_text(encoding="utf-8"))
        rows = connection.execute("SELECT table_name, column_name, data_type FROM duckdb_columns()").fetchall()
    schemas: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in rows:
        schemas.setdefault(table, []).append((column, kind))
    files = sorted(path for path in folder.glob("*.sql") if path.name != "schema.sql")
    if len(files) == 1:
        return [case.sql for case in read(files[0])], schemas
    return [path.read_text(encoding="utf-8").rstrip().rstrip(";") for path in files], schemas


if __name__ == "__main__":
    main()
