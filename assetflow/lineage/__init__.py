"""Knows who depends on what: upstreams of queries and functions, the graph they make, what a code version is made of.

Pure: nothing here reads files, clocks or sockets, and an engine is asked what a query means, never for rows: DuckDB
parses (`sql/tree.py`) and binds (`plans/binder.py`) in memory, Polars shows its plans.
"""
