"""Walks plans: of DuckDB for queries, of Polars for functions; each tells where every column comes from."""
