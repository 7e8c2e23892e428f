PRAGMA application_id = 1634102391;
PRAGMA user_version = 4;
BEGIN TRANSACTION;
CREATE TABLE bases (
    env        TEXT PRIMARY KEY,
    target     TEXT NOT NULL,
    generation INTEGER NOT NULL
) WITHOUT ROWID;
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
CREATE TABLE condemned (
    path         TEXT PRIMARY KEY,
    bytes        INTEGER NOT NULL,
    condemned_at TEXT NOT NULL,
    after_run    INTEGER NOT NULL,    -- the newest run then: older ones at work may be about to use it
    removed_at   TEXT
) WITHOUT ROWID;
CREATE TABLE environments (
    name         TEXT PRIMARY KEY,
    generation   INTEGER NOT NULL,    -- counts its publications
    published_at TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "environments" VALUES('prod',1,'2026-11-21T10:12:29.427677Z');
CREATE TABLE file_sums (
    file TEXT NOT NULL,               -- its SHA-256
    key  TEXT NOT NULL,               -- which columns were summed up, and how
    rows INTEGER NOT NULL,
    low  TEXT NOT NULL,               -- more digits than an INTEGER has
    high TEXT NOT NULL,
    PRIMARY KEY (file, key)
) WITHOUT ROWID;
INSERT INTO "file_sums" VALUES('b40151e23a40aa5a565decac959592ee270be0e18b12c7b7c4e04ae34816aa55','65012fc34fcf66dbcacf7acb7d885bee',2,'14426065726014094649','9980023518719257177');
INSERT INTO "file_sums" VALUES('b40151e23a40aa5a565decac959592ee270be0e18b12c7b7c4e04ae34816aa55','89b4a659577902a7ad81863c3a66bec9',2,'26413170822739821641','21671763225314494111');
INSERT INTO "file_sums" VALUES('c5d11433a71e13c6433b636e6f9c5bcd7f28c9fee3f9e9b91587b8690d80750f','65012fc34fcf66dbcacf7acb7d885bee',2,'14426065726014094649','9980023518719257177');
INSERT INTO "file_sums" VALUES('f2162bc0e5ee952c064c779a7aa07ea34425d9a925b954b002688bebc349c9b9','ec5a89820a609c684c8ee7f91b6b6d00',2,'26413170822739821641','21671763225314494111');
CREATE TABLE inputs (
    materialization TEXT NOT NULL REFERENCES materializations (id),
    upstream        TEXT NOT NULL,
    digest          TEXT NOT NULL,
    snapshot        TEXT NOT NULL,
    columns         TEXT,             -- JSON [name], or null for all
    ordered         INTEGER NOT NULL, -- 1: the digest is of the rows in their order
    PRIMARY KEY (materialization, upstream)
) WITHOUT ROWID;
INSERT INTO "inputs" VALUES('20261121-101228-f54bcb.by_city','sales','bag1/duckdb-2.0:048a2e520caa9c15629c8bfef51cea8e251bec5e78e6386776e75e6dfb9e3229','bb8e6126113c8b01d143','["amount","city"]',0);
INSERT INTO "inputs" VALUES('20261121-101228-f54bcb.sales','orders','bag1/duckdb-2.0:75bf530140c8015d1a2bee7173106b1a4fd4031893d99a7f474f579fbfb25d04','48939ab07f06549c37a4','["amount","city","customer","id"]',0);
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    entry  TEXT NOT NULL
);
INSERT INTO "journal" VALUES(5,'{"number":5,"kind":"finished","format":4,"gone":[],"rows":{"runs":{"columns":["number","id","env","status","started_at","finished_at","selection","host","pid"],"rows":[[1,"20261121-101228-f54bcb","prod","succeeded","2026-11-21T10:12:28.730360Z","2026-11-21T10:12:29.748633Z","","",0]]},"steps":{"columns":["number","run_id","asset","partition","outcome","mode","reasons","rows","seconds","snapshot","error","mode_reason"],"rows":[[2,"20261121-101228-f54bcb","by_city","","materialized","full","[{\"kind\":\"never_made\",\"upstream\":null,\"columns\":[],\"detail\":\"never made\"}]",2,0.045379,"e7176dab181df449eb56",null,"never made"],[1,"20261121-101228-f54bcb","sales","","materialized","full","[{\"kind\":\"never_made\",\"upstream\":null,\"columns\":[],\"detail\":\"never made\"}]",2,0.035484,"bb8e6126113c8b01d143",null,"never made"]]}}}');
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
INSERT INTO "materializations" VALUES(1,'20261121-101228-f54bcb.orders','orders','','20261121-101228-f54bcb','c466187d1bf6360e0c7208ae8c4ac010fbf5d581bad04120c2304d6e6564ed12','','c61e0995fd002e7e5e115fb1f5bc366d43551e78e82ba996b9e8bcdebd5af460','','{}','48939ab07f06549c37a4','c61e0995fd002e7e5e115fb1f5bc366d43551e78e82ba996b9e8bcdebd5af460',2,654,'2026-11-21T10:12:29.180721Z',0.229218,'','','[]','','[]');
INSERT INTO "materializations" VALUES(2,'20261121-101228-f54bcb.sales','sales','','20261121-101228-f54bcb','187b0023f131ea059e0366438485dc7b02b766d595b1576bac242e09ab9e8d33','a193abb4588e1d574f7c18691829ae9060e6f448cc17812aa6be90072eae8ddf','97c1bfe511ce080875fa3761831d79d7d3362e9c7993db9395a0a7ea4a7f96c6','','{"orders":"c61e0995fd002e7e5e115fb1f5bc366d43551e78e82ba996b9e8bcdebd5af460"}','bb8e6126113c8b01d143','bag1/duckdb-2.0:75bf530140c8015d1a2bee7173106b1a4fd4031893d99a7f474f579fbfb25d04',2,630,'2026-11-21T10:12:29.240918Z',0.035484,'','SELECT id, customer, city, amount FROM orders WHERE amount > 5','[]','["duckdb-2.0/2:0a308bf89f7d5f62ec95", [["id", "BIGINT", "a4f7b9643e2997abe591"], ["customer", "VARCHAR", "c29b223431e340ce0f06"], ["city", "VARCHAR", "ca8b6fa40b37f2eee5c3"], ["amount", "BIGINT", "a5bf8c14b70167e0113c"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(3,'20261121-101228-f54bcb.by_city','by_city','','20261121-101228-f54bcb','96f4e419d6f658466d88739ad51d61dbb58390309e9a6b10852e5584d4059a90','069e9794de10c0bad7208e2fff469df17b0f9d9a3929bcba45a3e03b3a3f4ad6','5f8008badaf25343d95ae67b9a377a85e35c772ca09371e38da91133addf1a06','','{"sales":"bag1/duckdb-2.0:75bf530140c8015d1a2bee7173106b1a4fd4031893d99a7f474f579fbfb25d04"}','e7176dab181df449eb56','bag1/duckdb-2.0:82eded753f2ba896730a20315d58df6b29febca7d0624be91f0504f6a0f51a9a',2,412,'2026-11-21T10:12:29.391867Z',0.045379,'','SELECT city, sum(amount) AS total FROM sales GROUP BY city','[]','["duckdb-2.0/2:f642d5259e5e6231bf33", [["city", "VARCHAR", "39654c135220073631d4"], ["total", "HUGEINT", "9cd402f159f5f2ef697b"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
CREATE TABLE parts (
    reading TEXT NOT NULL,            -- how the source was read
    types   TEXT NOT NULL,            -- JSON {column: type}, of all its files together
    tags    TEXT NOT NULL,            -- JSON [hash of each file], in their order
    file    TEXT NOT NULL,            -- JSON [path, sha256, rows, bytes]
    PRIMARY KEY (reading, types, tags)
) WITHOUT ROWID;
INSERT INTO "parts" VALUES('165b2bbe8d7217cac2db56b8c22afb4d','{"id":"BIGINT","customer":"VARCHAR","city":"VARCHAR","amount":"BIGINT"}','["172e24e2b3249e4f44ce03fa78fa027e1825b791df5d527bc10fc6bfc2aac8e8"]','["objects/c5/c5d11433a71e13c6433b636e6f9c5bcd7f28c9fee3f9e9b91587b8690d80750f.parquet","c5d11433a71e13c6433b636e6f9c5bcd7f28c9fee3f9e9b91587b8690d80750f",2,654]');
CREATE TABLE pins (
    env             TEXT NOT NULL,
    asset           TEXT NOT NULL,
    materialization TEXT NOT NULL REFERENCES materializations (id),
    pinned_at       TEXT NOT NULL,
    PRIMARY KEY (env, asset)
) WITHOUT ROWID;
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
INSERT INTO "pointers" VALUES('prod','by_city','','20261121-101228-f54bcb.by_city','96f4e419d6f658466d88739ad51d61dbb58390309e9a6b10852e5584d4059a90','bag1/duckdb-2.0:82eded753f2ba896730a20315d58df6b29febca7d0624be91f0504f6a0f51a9a','e7176dab181df449eb56',2,'2026-11-21T10:12:29.427677Z','','objects/f2/f2162bc0e5ee952c064c779a7aa07ea34425d9a925b954b002688bebc349c9b9.parquet');
INSERT INTO "pointers" VALUES('prod','orders','','20261121-101228-f54bcb.orders','c466187d1bf6360e0c7208ae8c4ac010fbf5d581bad04120c2304d6e6564ed12','c61e0995fd002e7e5e115fb1f5bc366d43551e78e82ba996b9e8bcdebd5af460','48939ab07f06549c37a4',2,'2026-11-21T10:12:29.427677Z','','objects/c5/c5d11433a71e13c6433b636e6f9c5bcd7f28c9fee3f9e9b91587b8690d80750f.parquet');
INSERT INTO "pointers" VALUES('prod','sales','','20261121-101228-f54bcb.sales','187b0023f131ea059e0366438485dc7b02b766d595b1576bac242e09ab9e8d33','bag1/duckdb-2.0:75bf530140c8015d1a2bee7173106b1a4fd4031893d99a7f474f579fbfb25d04','bb8e6126113c8b01d143',2,'2026-11-21T10:12:29.427677Z','','objects/b4/b40151e23a40aa5a565decac959592ee270be0e18b12c7b7c4e04ae34816aa55.parquet');
CREATE TABLE projections (
    snapshot TEXT NOT NULL,
    columns  TEXT NOT NULL,           -- JSON [name]
    ordered  INTEGER NOT NULL,
    digest   TEXT NOT NULL,
    PRIMARY KEY (snapshot, columns, ordered)
) WITHOUT ROWID;
INSERT INTO "projections" VALUES('48939ab07f06549c37a4','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:75bf530140c8015d1a2bee7173106b1a4fd4031893d99a7f474f579fbfb25d04');
INSERT INTO "projections" VALUES('bb8e6126113c8b01d143','["amount","city"]',0,'bag1/duckdb-2.0:048a2e520caa9c15629c8bfef51cea8e251bec5e78e6386776e75e6dfb9e3229');
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
INSERT INTO "publications" VALUES(1,'prod','orders','','20261121-101228-f54bcb.orders',1,'2026-11-21T10:12:29.427677Z','20261121-101228-f54bcb');
INSERT INTO "publications" VALUES(2,'prod','sales','','20261121-101228-f54bcb.sales',1,'2026-11-21T10:12:29.427677Z','20261121-101228-f54bcb');
INSERT INTO "publications" VALUES(3,'prod','by_city','','20261121-101228-f54bcb.by_city',1,'2026-11-21T10:12:29.427677Z','20261121-101228-f54bcb');
CREATE TABLE rejected (
    env      TEXT NOT NULL,
    asset    TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    run_id   TEXT NOT NULL,
    PRIMARY KEY (env, asset)
) WITHOUT ROWID;
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
INSERT INTO "runs" VALUES(1,'20261121-101228-f54bcb','prod','succeeded','2026-11-21T10:12:28.730360Z','2026-11-21T10:12:29.748633Z','','host',1);
CREATE TABLE shadows (
    asset      TEXT NOT NULL,
    code       TEXT NOT NULL,
    is_right   INTEGER NOT NULL,
    run_id     TEXT NOT NULL,
    PRIMARY KEY (asset, code)
) WITHOUT ROWID;
CREATE TABLE snapshots (
    id      TEXT PRIMARY KEY,
    asset   TEXT NOT NULL,
    digest  TEXT NOT NULL,
    columns TEXT NOT NULL,   -- JSON [[name, type, stored type or null]]
    files   TEXT NOT NULL,   -- JSON [[path, sha256, rows, bytes]]
    paths   TEXT NOT NULL,   -- the same paths, one a line, for whoever only asks whether they exist
    rows    INTEGER,
    bytes   INTEGER NOT NULL,
    sql     TEXT
) WITHOUT ROWID;
INSERT INTO "snapshots" VALUES('48939ab07f06549c37a4','orders','c61e0995fd002e7e5e115fb1f5bc366d43551e78e82ba996b9e8bcdebd5af460','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/c5/c5d11433a71e13c6433b636e6f9c5bcd7f28c9fee3f9e9b91587b8690d80750f.parquet","c5d11433a71e13c6433b636e6f9c5bcd7f28c9fee3f9e9b91587b8690d80750f",2,654]]','objects/c5/c5d11433a71e13c6433b636e6f9c5bcd7f28c9fee3f9e9b91587b8690d80750f.parquet',2,654,NULL);
INSERT INTO "snapshots" VALUES('bb8e6126113c8b01d143','sales','bag1/duckdb-2.0:75bf530140c8015d1a2bee7173106b1a4fd4031893d99a7f474f579fbfb25d04','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/b4/b40151e23a40aa5a565decac959592ee270be0e18b12c7b7c4e04ae34816aa55.parquet","b40151e23a40aa5a565decac959592ee270be0e18b12c7b7c4e04ae34816aa55",2,630]]','objects/b4/b40151e23a40aa5a565decac959592ee270be0e18b12c7b7c4e04ae34816aa55.parquet',2,630,NULL);
INSERT INTO "snapshots" VALUES('e7176dab181df449eb56','by_city','bag1/duckdb-2.0:82eded753f2ba896730a20315d58df6b29febca7d0624be91f0504f6a0f51a9a','[["city","VARCHAR",null],["total","HUGEINT","DECIMAL(38,0)"]]','[["objects/f2/f2162bc0e5ee952c064c779a7aa07ea34425d9a925b954b002688bebc349c9b9.parquet","f2162bc0e5ee952c064c779a7aa07ea34425d9a925b954b002688bebc349c9b9",2,412]]','objects/f2/f2162bc0e5ee952c064c779a7aa07ea34425d9a925b954b002688bebc349c9b9.parquet',2,412,NULL);
CREATE TABLE sniffed (
    source  TEXT PRIMARY KEY,
    reading TEXT NOT NULL,
    types   TEXT NOT NULL,
    tags    TEXT NOT NULL             -- JSON [hash of each file]
) WITHOUT ROWID;
INSERT INTO "sniffed" VALUES('orders','165b2bbe8d7217cac2db56b8c22afb4d','{"id":"BIGINT","customer":"VARCHAR","city":"VARCHAR","amount":"BIGINT"}','["172e24e2b3249e4f44ce03fa78fa027e1825b791df5d527bc10fc6bfc2aac8e8"]');
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
INSERT INTO "steps" VALUES(1,'20261121-101228-f54bcb','sales','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.035484,'bb8e6126113c8b01d143',NULL,'never made');
INSERT INTO "steps" VALUES(2,'20261121-101228-f54bcb','by_city','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.045379,'e7176dab181df449eb56',NULL,'never made');
CREATE INDEX materializations_made_from ON materializations (asset, partition, fingerprint_hash);
CREATE INDEX materializations_read ON materializations (asset, partition, read_hash);
CREATE INDEX proofs_of_asset ON proofs (env, asset, partition, number);
CREATE INDEX publications_of_generation ON publications (env, generation);
CREATE INDEX publications_of_asset ON publications (env, asset, partition, number);
CREATE INDEX steps_failed ON steps (asset, partition, number) WHERE outcome = 'failed';
CREATE INDEX steps_of_asset ON steps (asset, partition, number);
CREATE INDEX check_results_of_asset ON check_results (asset, partition);
COMMIT;
