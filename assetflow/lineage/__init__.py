"""Knows who depends on what: upstreams of queries and functions, the graph they make, what a code version is made of.

Pure: nothing here reads files, clocks or sockets. The one engine is the parser of an in-memory DuckDB, in `sql_tree`.
"""
