"""What tables must satisfy: one function here for each kind of check.

A check is a query that returns the rows which fail. To add one, write a function in `columns.py` or `tables.py`

    def not_null(column: str) -> Check:
        return Check(f"not_null({column})", f"SELECT * FROM {TABLE} WHERE {quote_identifier(column)} IS NULL")

and a line in the table of `declare.py`, which says how people write it in TOML and as a column tag. `{table}` stands
for the rows under check and `{now}` for the time of the run; `tables.run_sql` fills both in. NULL passes every check
but not_null. Names and values of people are quoted with `assetflow.quoting`.
"""
