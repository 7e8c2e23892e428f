"""The tables of the ledger, and the version of their form.

A partition of None is stored as '' (SQL keys cannot hold NULL). Times are UTC text, `2026-11-20T02:00:00.123456Z`.
"""

from __future__ import annotations

APPLICATION_ID = 0x61666C77
"""`aflw`: what makes a SQLite file one of ours."""

FORMAT_VERSION = 6

TABLES = """
CREATE TABLE runs (
    number      INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    env         TEXT NOT NULL,
    status      TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    finished_at TEXT,
    selection   TEXT NOT NULL,
    host        TEXT NOT NULL,
    pid         INTEGER NOT NULL
);

CREATE TABLE snapshots (
    id      TEXT PRIMARY KEY,
    asset   TEXT NOT NULL,
    digest  TEXT NOT NULL,
    columns TEXT NOT NULL,   -- JSON [[name, type, stored type or null]]
    files   TEXT NOT NULL,   -- JSON [[path, sha256, rows, bytes]], and the partition, where it holds one
    paths   TEXT NOT NULL,   -- the same paths, one a line, for whoever only asks whether they exist
    rows    INTEGER,
    bytes   INTEGER NOT NULL,
    sql     TEXT
) WITHOUT ROWID;

CREATE TABLE materializations (
    number           INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    asset            TEXT NOT NULL,
    partition        TEXT NOT NULL,
    run_id           TEXT NOT NULL,
    fingerprint_hash TEXT NOT NULL,
    read_hash        TEXT NOT NULL,   -- like it, of the columns that are read alone; '' where these are not known
    code             TEXT NOT NULL,
    config           TEXT NOT NULL,
    inputs           TEXT NOT NULL,   -- JSON: what the fingerprint holds of each upstream
    snapshot         TEXT NOT NULL REFERENCES snapshots (id),
    digest           TEXT NOT NULL,
    rows             INTEGER,
    bytes            INTEGER NOT NULL,
    built_at         TEXT NOT NULL,
    seconds          REAL NOT NULL,
    checks           TEXT NOT NULL,
    code_text        TEXT NOT NULL,
    code_parts       TEXT NOT NULL,   -- JSON [[name, version]]
    meaning          TEXT NOT NULL,   -- what its query meant, column by column, as its binder saw it
    reasons          TEXT NOT NULL    -- JSON, as shown by `plan --json`
);
CREATE INDEX materializations_made_from ON materializations (asset, partition, fingerprint_hash);
CREATE INDEX materializations_read ON materializations (asset, partition, read_hash);

CREATE TABLE inputs (
    materialization TEXT NOT NULL REFERENCES materializations (id),
    upstream        TEXT NOT NULL,
    digest          TEXT NOT NULL,
    snapshot        TEXT NOT NULL,
    columns         TEXT,             -- JSON [name], or null for all
    ordered         INTEGER NOT NULL, -- 1: the digest is of the rows in their order
    PRIMARY KEY (materialization, upstream)
) WITHOUT ROWID;

-- Of a table that is cut into partitions: which of them were last held against what a materialization was made from,
-- and which against what an older one was (`base`), since they were not to be made, or failed.
CREATE TABLE layers (
    materialization TEXT NOT NULL REFERENCES materializations (id),
    number          INTEGER NOT NULL,
    keys            TEXT NOT NULL,    -- JSON, a slice
    base            TEXT NOT NULL REFERENCES materializations (id),
    PRIMARY KEY (materialization, number)
) WITHOUT ROWID;

-- Digests of some columns of a snapshot: what is compared for those who read only these.
CREATE TABLE projections (
    snapshot TEXT NOT NULL,
    columns  TEXT NOT NULL,           -- JSON [name]
    ordered  INTEGER NOT NULL,
    digest   TEXT NOT NULL,
    PRIMARY KEY (snapshot, columns, ordered)
) WITHOUT ROWID;

-- What digests are made of, by file: the digest of a snapshot that shares files with another adds them up.
CREATE TABLE file_sums (
    file TEXT NOT NULL,               -- its SHA-256
    key  TEXT NOT NULL,               -- which columns were summed up, and how
    rows INTEGER NOT NULL,
    low  TEXT NOT NULL,               -- the sum of the hashes: more digits than an INTEGER has
    high TEXT NOT NULL,               -- their exclusive or
    PRIMARY KEY (file, key)
) WITHOUT ROWID;

-- Between which values the columns of a file lie: which ones need not be looked into.
CREATE TABLE file_bounds (
    file    TEXT PRIMARY KEY,         -- its SHA-256
    columns TEXT NOT NULL             -- JSON {column: [type, least or null, greatest or null, nulls]}
) WITHOUT ROWID;

-- The Parquet files that were made of files of a source, so that these are parsed once.
CREATE TABLE parts (
    reading TEXT NOT NULL,            -- how the source was read
    types   TEXT NOT NULL,            -- JSON {column: type}, of all its files together
    tags    TEXT NOT NULL,            -- JSON [hash of each file], in their order
    file    TEXT NOT NULL,            -- JSON [path, sha256, rows, bytes]
    PRIMARY KEY (reading, types, tags)
) WITHOUT ROWID;

-- The types of the columns of a source, when its files were last looked at.
CREATE TABLE sniffed (
    source  TEXT PRIMARY KEY,
    reading TEXT NOT NULL,
    types   TEXT NOT NULL,
    tags    TEXT NOT NULL             -- JSON [hash of each file]
) WITHOUT ROWID;

-- Incremental refreshes that were compared with a full one.
CREATE TABLE shadows (
    asset      TEXT NOT NULL,
    code       TEXT NOT NULL,
    is_right   INTEGER NOT NULL,
    run_id     TEXT NOT NULL,
    PRIMARY KEY (asset, code)
) WITHOUT ROWID;

-- Files that nothing needs any more: noted first, removed later, unless somebody claimed them meanwhile.
CREATE TABLE condemned (
    path         TEXT PRIMARY KEY,
    bytes        INTEGER NOT NULL,
    condemned_at TEXT NOT NULL,
    after_run    INTEGER NOT NULL,    -- the newest run then: older ones at work may be about to use it
    removed_at   TEXT
) WITHOUT ROWID;

-- What the journal is told, until it is on the disk there; the last one stays, for its number.
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    entry  TEXT NOT NULL
);

-- Assets that were rolled back: no run moves them before they are let go.
CREATE TABLE pins (
    env             TEXT NOT NULL,
    asset           TEXT NOT NULL,
    materialization TEXT NOT NULL REFERENCES materializations (id),
    pinned_at       TEXT NOT NULL,
    PRIMARY KEY (env, asset)
) WITHOUT ROWID;

-- What an environment was made from: the other one as it was then.
CREATE TABLE bases (
    env        TEXT PRIMARY KEY,
    target     TEXT NOT NULL,
    generation INTEGER NOT NULL
) WITHOUT ROWID;

-- What a blocking check kept from being published, to look at.
CREATE TABLE rejected (
    env      TEXT NOT NULL,
    asset    TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    run_id   TEXT NOT NULL,
    PRIMARY KEY (env, asset)
) WITHOUT ROWID;

-- Why something was left as it is though what it was made from has changed: what was compared, then and now.
CREATE TABLE proofs (
    number           INTEGER PRIMARY KEY,
    env              TEXT NOT NULL,
    asset            TEXT NOT NULL,
    partition        TEXT NOT NULL,
    materialization  TEXT NOT NULL REFERENCES materializations (id),
    run_id           TEXT NOT NULL,
    proven_at        TEXT NOT NULL,
    fingerprint_hash TEXT NOT NULL,
    same_code        TEXT NOT NULL,   -- why another code version is the same code; '' where it is the same version
    compared         TEXT NOT NULL    -- JSON [[upstream, columns, ordered, snapshot then, digest, snapshot now]]
);
CREATE INDEX proofs_of_asset ON proofs (env, asset, partition, number);

CREATE TABLE environments (
    name         TEXT PRIMARY KEY,
    generation   INTEGER NOT NULL,    -- counts its publications
    published_at TEXT NOT NULL
) WITHOUT ROWID;

-- What is current. Beside the key stands all that planning asks for, copied from the tables above by `publish`, so that
-- ten thousand of them are read in one pass. `fingerprint_hash` is that of the newest proof, where there is one.
CREATE TABLE pointers (
    env              TEXT NOT NULL,
    asset            TEXT NOT NULL,
    partition        TEXT NOT NULL,
    materialization  TEXT NOT NULL REFERENCES materializations (id),
    fingerprint_hash TEXT NOT NULL,
    digest           TEXT NOT NULL,
    snapshot         TEXT NOT NULL,
    rows             INTEGER,
    published_at     TEXT NOT NULL,
    checks           TEXT NOT NULL,
    paths            TEXT NOT NULL,
    PRIMARY KEY (env, asset, partition)
) WITHOUT ROWID;

CREATE TABLE publications (
    number          INTEGER PRIMARY KEY,
    env             TEXT NOT NULL,
    asset           TEXT NOT NULL,
    partition       TEXT NOT NULL,
    materialization TEXT REFERENCES materializations (id),   -- null: withdrawn
    generation      INTEGER NOT NULL,
    published_at    TEXT NOT NULL,
    run_id          TEXT NOT NULL
);
CREATE INDEX publications_of_generation ON publications (env, generation);
CREATE INDEX publications_of_asset ON publications (env, asset, partition, number);

CREATE TABLE steps (
    number      INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL REFERENCES runs (id),
    asset       TEXT NOT NULL,
    partition   TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    mode        TEXT,
    reasons     TEXT NOT NULL,        -- JSON, as shown by `plan --json`
    rows        INTEGER,
    seconds     REAL NOT NULL,
    snapshot    TEXT,
    error       TEXT,
    mode_reason TEXT,                 -- by which rule it was made incrementally, or why it was not
    UNIQUE (run_id, asset, partition)
);
CREATE INDEX steps_failed ON steps (asset, partition, number) WHERE outcome = 'failed';
CREATE INDEX steps_of_asset ON steps (asset, partition, number);

CREATE TABLE check_results (
    run_id    TEXT NOT NULL REFERENCES runs (id),
    asset     TEXT NOT NULL,
    partition TEXT NOT NULL,
    name      TEXT NOT NULL,
    severity  TEXT NOT NULL,
    failures  INTEGER NOT NULL,
    column    TEXT,
    sample    TEXT,
    error     TEXT,
    PRIMARY KEY (run_id, asset, partition, name)
) WITHOUT ROWID;
CREATE INDEX check_results_of_asset ON check_results (asset, partition);
"""
