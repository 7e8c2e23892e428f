"""Keeps: immutable Parquet snapshots, the ledger of what was made and published, and the catalog of views.

    ledger.db                     the transactional record (SQLite)
    <environment>.duckdb          the catalog: views onto the current snapshots, derived and replaceable
    objects/<ab>/<sha256>.parquet immutable files, named by their bytes
    staging/<run>/                files of a run that are not kept yet
    cache/  locks/                what can be lost; what says who is at work
    spill/                        what does not fit into memory; DuckDB removes it, also after a kill

`disk/` puts files there and takes them away, `content/` names them by what they hold, `ledger/` records them, `sweep/`
removes them. The warehouse knows no graph: it is told what to keep and what to publish.
"""
