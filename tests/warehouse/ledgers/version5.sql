PRAGMA application_id = 1634102391;
PRAGMA user_version = 5;
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
INSERT INTO "environments" VALUES('prod',1,'2026-11-23T05:16:18.379010Z');
CREATE TABLE file_sums (
    file TEXT NOT NULL,               -- its SHA-256
    key  TEXT NOT NULL,               -- which columns were summed up, and how
    rows INTEGER NOT NULL,
    low  TEXT NOT NULL,               -- the sum of the hashes: more digits than an INTEGER has
    high TEXT NOT NULL,               -- their exclusive or
    PRIMARY KEY (file, key)
) WITHOUT ROWID;
INSERT INTO "file_sums" VALUES('16168061b1e821ca43901ffba6c4431bf906c756c79a8437c0f8ddd207b9eafa','c19a8efe68b1da6d99e212d0d22ff036',4,'8635890848806384157','2485373963775608030');
INSERT INTO "file_sums" VALUES('2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0','2cfe5aec3a7bd4812414641124e61b99',3,'22384413837871078069','13704746288769548899');
INSERT INTO "file_sums" VALUES('2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0','c19a8efe68b1da6d99e212d0d22ff036',3,'8131918977296948958','3423084321058988704');
INSERT INTO "file_sums" VALUES('5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139','88066c3ff3167c9883049a18761fc019',2,'12071532064048511971','12613626561879537607');
INSERT INTO "file_sums" VALUES('e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37','402db567bff46101897a0aae32ba83d2',1,'402931699243767766','805863398487535533');
INSERT INTO "file_sums" VALUES('e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879','c19a8efe68b1da6d99e212d0d22ff036',2,'4777592879669819161','8257585957099302186');
CREATE TABLE inputs (
    materialization TEXT NOT NULL REFERENCES materializations (id),
    upstream        TEXT NOT NULL,
    digest          TEXT NOT NULL,
    snapshot        TEXT NOT NULL,
    columns         TEXT,             -- JSON [name], or null for all
    ordered         INTEGER NOT NULL, -- 1: the digest is of the rows in their order
    PRIMARY KEY (materialization, upstream)
) WITHOUT ROWID;
INSERT INTO "inputs" VALUES('20261123-051618-372ae4.big','sales','bag4/duckdb-2.0:6e123123ea775466c72ddd9dcd6aa75b0bb2ff5c4ffe19a039ff060bcd494ac9','c8a83da53664fac81053','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261123-051618-372ae4.by_city','sales','bag4/duckdb-2.0:ff2475235b91019e66b09d2c79c2afae9d222bb7b8645eebbe0b0cdd64af81c5','c8a83da53664fac81053','["amount","city"]',0);
INSERT INTO "inputs" VALUES('20261123-051618-372ae4.sales','orders','bag4/duckdb-2.0:6edb9865d1632f228741fab7e2407955b02fdc4a46e5bec48579dbf6d7028663','7d048575f6e07150ffdd','["amount","city","customer","id"]',0);
CREATE TABLE journal (
    number INTEGER PRIMARY KEY,
    entry  TEXT NOT NULL
);
INSERT INTO "journal" VALUES(4,'{"number":4,"kind":"finished","format":5,"gone":[],"rows":{"runs":{"columns":["number","id","env","status","started_at","finished_at","selection","host","pid"],"rows":[[1,"20261123-051618-372ae4","prod","succeeded","2026-11-23T05:16:18.295644Z","2026-11-23T05:16:18.393774Z","","",0]]},"steps":{"columns":["number","run_id","asset","partition","outcome","mode","reasons","rows","seconds","snapshot","error","mode_reason"],"rows":[[3,"20261123-051618-372ae4","big","","materialized","full","[{\"kind\":\"never_made\",\"upstream\":null,\"columns\":[],\"detail\":\"never made\"}]",2,0.030124,"8ffc15cb3bd664735f74",null,"it is a Python function, which makes its whole table"],[4,"20261123-051618-372ae4","by_city","","materialized","full","[{\"kind\":\"never_made\",\"upstream\":null,\"columns\":[],\"detail\":\"never made\"}]",2,0.00607,"9d80d410053374aea85d",null,"never made"],[1,"20261123-051618-372ae4","people","","materialized","full","[{\"kind\":\"never_made\",\"upstream\":null,\"columns\":[],\"detail\":\"never made\"}]",1,0.004238,"f5c855660523c28780dc",null,"never made"],[2,"20261123-051618-372ae4","sales","","materialized","full","[{\"kind\":\"never_made\",\"upstream\":null,\"columns\":[],\"detail\":\"never made\"}]",3,0.004589,"c8a83da53664fac81053",null,"never made"]]}}}');
CREATE TABLE layers (
    materialization TEXT NOT NULL REFERENCES materializations (id),
    number          INTEGER NOT NULL,
    keys            TEXT NOT NULL,    -- JSON, a slice
    base            TEXT NOT NULL REFERENCES materializations (id),
    PRIMARY KEY (materialization, number)
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
INSERT INTO "materializations" VALUES(1,'20261123-051618-372ae4.orders','orders','','20261123-051618-372ae4','3d69f817ee46dc7d8661eea32a0874cdf51089a8155ea4a14fdfc7f1a7807281','','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc','','{}','7d048575f6e07150ffdd','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc',4,693,'2026-11-23T05:16:18.322993Z',0.016354,'','','[]','','[]');
INSERT INTO "materializations" VALUES(2,'20261123-051618-372ae4.people','people','','20261123-051618-372ae4','67bf072d3447251cda61e1920afcf4444ef3cdc81b04e400e5f638894d297f3c','','6fe6ec4269a52b57c03f273ff3673b8d7ca6353875fc95df3a5f9d607aeadc35','','{}','f5c855660523c28780dc','bag4/duckdb-2.0:45791951b03f8d480900ac2480a50d91d04ad73370105f8392eab00bb0fe72bb',1,315,'2026-11-23T05:16:18.332340Z',0.004238,'','SELECT 1 AS id, ''ann'' AS name','[]','["duckdb-2.0/2:1397edf646b97029fbcf", [["id", "INTEGER", "73649ee538b143b220e4"], ["name", "VARCHAR", "35ee98c9cdc25dc7fc7c"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(3,'20261123-051618-372ae4.sales','sales','','20261123-051618-372ae4','1232f331cd6b1406859810f5843f825c4890dba28a0571cf7852f50502b3c706','2df6d2bcfc92cac2092c91a208e93de71060154c54491aa0025216e0ed22dcc3','97c1bfe511ce080875fa3761831d79d7d3362e9c7993db9395a0a7ea4a7f96c6','','{"orders":"b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc"}','c8a83da53664fac81053','bag4/duckdb-2.0:6e123123ea775466c72ddd9dcd6aa75b0bb2ff5c4ffe19a039ff060bcd494ac9',3,659,'2026-11-23T05:16:18.336096Z',0.004589,'','SELECT id, customer, city, amount FROM orders WHERE amount > 5','[]','["duckdb-2.0/2:0a308bf89f7d5f62ec95", [["id", "BIGINT", "a4f7b9643e2997abe591"], ["customer", "VARCHAR", "c29b223431e340ce0f06"], ["city", "VARCHAR", "ca8b6fa40b37f2eee5c3"], ["amount", "BIGINT", "a5bf8c14b70167e0113c"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(4,'20261123-051618-372ae4.big','big','','20261123-051618-372ae4','71db333e009b1db543fd59572025cfdbdbbcfa7af11bba26b9e13d7c903767eb','4e3e668de4fb7974810b9e0f022bd2a89d5e390466558c99d411c0278bcd5219','b848bf88653a4338df4997af7ed688c68f5918c8e1102a34f9f271a0ef0463e1','{"least": 20}','{"sales":"c8a83da53664fac81053"}','8ffc15cb3bd664735f74','bag4/duckdb-2.0:56c5d920811f4af9eef2c229ebf0ad0db606d3890e22e7ffd485e4de39088d46',2,1572,'2026-11-23T05:16:18.367667Z',0.030124,'','','[["assets.big.big","c979ae2d412fd24c8e17034eed5d690aa01b2d753e458fae4029a72638223fb8"]]','["polars-2.1.0/3:be10165af1f09d275e8c", [["id", "BIGINT", "51c284a0174060c1bb0b"], ["customer", "VARCHAR", "16dc424f928983f7b23f"], ["city", "VARCHAR", "86d76d028a803a1daf1c"], ["amount", "BIGINT", "e14351274d6fb4d1e1da"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(5,'20261123-051618-372ae4.by_city','by_city','','20261123-051618-372ae4','287c90ded3b50c86b7b6e198cb047fa1303db109c26187495ec883c6cd855bbf','b694b3996790690c9fd5f7ff5d8bc7a8febdd354bfc221fd0ac469dc629a422f','5f8008badaf25343d95ae67b9a377a85e35c772ca09371e38da91133addf1a06','','{"sales":"bag4/duckdb-2.0:6e123123ea775466c72ddd9dcd6aa75b0bb2ff5c4ffe19a039ff060bcd494ac9"}','9d80d410053374aea85d','bag4/duckdb-2.0:9199cb0baee637d85155d3324641cf6fc9da81f250f3385b495b5d3bb9e234f2',2,412,'2026-11-23T05:16:18.375566Z',0.00607,'','SELECT city, sum(amount) AS total FROM sales GROUP BY city','[]','["duckdb-2.0/2:f642d5259e5e6231bf33", [["city", "VARCHAR", "39654c135220073631d4"], ["total", "HUGEINT", "9cd402f159f5f2ef697b"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
CREATE TABLE parts (
    reading TEXT NOT NULL,            -- how the source was read
    types   TEXT NOT NULL,            -- JSON {column: type}, of all its files together
    tags    TEXT NOT NULL,            -- JSON [hash of each file], in their order
    file    TEXT NOT NULL,            -- JSON [path, sha256, rows, bytes]
    PRIMARY KEY (reading, types, tags)
) WITHOUT ROWID;
INSERT INTO "parts" VALUES('165b2bbe8d7217cac2db56b8c22afb4d','{"id":"BIGINT","customer":"VARCHAR","city":"VARCHAR","amount":"BIGINT"}','["da1d2c568bdbd84043e6c945528e3844c1e66266721e914a05320b2c03a4f533"]','["objects/16/16168061b1e821ca43901ffba6c4431bf906c756c79a8437c0f8ddd207b9eafa.parquet","16168061b1e821ca43901ffba6c4431bf906c756c79a8437c0f8ddd207b9eafa",4,693,null]');
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
INSERT INTO "pointers" VALUES('prod','big','','20261123-051618-372ae4.big','71db333e009b1db543fd59572025cfdbdbbcfa7af11bba26b9e13d7c903767eb','bag4/duckdb-2.0:56c5d920811f4af9eef2c229ebf0ad0db606d3890e22e7ffd485e4de39088d46','8ffc15cb3bd664735f74',2,'2026-11-23T05:16:18.379010Z','','objects/e9/e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879.parquet');
INSERT INTO "pointers" VALUES('prod','by_city','','20261123-051618-372ae4.by_city','287c90ded3b50c86b7b6e198cb047fa1303db109c26187495ec883c6cd855bbf','bag4/duckdb-2.0:9199cb0baee637d85155d3324641cf6fc9da81f250f3385b495b5d3bb9e234f2','9d80d410053374aea85d',2,'2026-11-23T05:16:18.379010Z','','objects/5e/5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139.parquet');
INSERT INTO "pointers" VALUES('prod','orders','','20261123-051618-372ae4.orders','3d69f817ee46dc7d8661eea32a0874cdf51089a8155ea4a14fdfc7f1a7807281','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc','7d048575f6e07150ffdd',4,'2026-11-23T05:16:18.379010Z','','objects/16/16168061b1e821ca43901ffba6c4431bf906c756c79a8437c0f8ddd207b9eafa.parquet');
INSERT INTO "pointers" VALUES('prod','people','','20261123-051618-372ae4.people','67bf072d3447251cda61e1920afcf4444ef3cdc81b04e400e5f638894d297f3c','bag4/duckdb-2.0:45791951b03f8d480900ac2480a50d91d04ad73370105f8392eab00bb0fe72bb','f5c855660523c28780dc',1,'2026-11-23T05:16:18.379010Z','','objects/e9/e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37.parquet');
INSERT INTO "pointers" VALUES('prod','sales','','20261123-051618-372ae4.sales','1232f331cd6b1406859810f5843f825c4890dba28a0571cf7852f50502b3c706','bag4/duckdb-2.0:6e123123ea775466c72ddd9dcd6aa75b0bb2ff5c4ffe19a039ff060bcd494ac9','c8a83da53664fac81053',3,'2026-11-23T05:16:18.379010Z','','objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet');
CREATE TABLE projections (
    snapshot TEXT NOT NULL,
    columns  TEXT NOT NULL,           -- JSON [name]
    ordered  INTEGER NOT NULL,
    digest   TEXT NOT NULL,
    PRIMARY KEY (snapshot, columns, ordered)
) WITHOUT ROWID;
INSERT INTO "projections" VALUES('7d048575f6e07150ffdd','["amount","city","customer","id"]',0,'bag4/duckdb-2.0:6edb9865d1632f228741fab7e2407955b02fdc4a46e5bec48579dbf6d7028663');
INSERT INTO "projections" VALUES('c8a83da53664fac81053','["amount","city","customer","id"]',0,'bag4/duckdb-2.0:6e123123ea775466c72ddd9dcd6aa75b0bb2ff5c4ffe19a039ff060bcd494ac9');
INSERT INTO "projections" VALUES('c8a83da53664fac81053','["amount","city"]',0,'bag4/duckdb-2.0:ff2475235b91019e66b09d2c79c2afae9d222bb7b8645eebbe0b0cdd64af81c5');
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
INSERT INTO "publications" VALUES(1,'prod','orders','','20261123-051618-372ae4.orders',1,'2026-11-23T05:16:18.379010Z','20261123-051618-372ae4');
INSERT INTO "publications" VALUES(2,'prod','people','','20261123-051618-372ae4.people',1,'2026-11-23T05:16:18.379010Z','20261123-051618-372ae4');
INSERT INTO "publications" VALUES(3,'prod','sales','','20261123-051618-372ae4.sales',1,'2026-11-23T05:16:18.379010Z','20261123-051618-372ae4');
INSERT INTO "publications" VALUES(4,'prod','big','','20261123-051618-372ae4.big',1,'2026-11-23T05:16:18.379010Z','20261123-051618-372ae4');
INSERT INTO "publications" VALUES(5,'prod','by_city','','20261123-051618-372ae4.by_city',1,'2026-11-23T05:16:18.379010Z','20261123-051618-372ae4');
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
INSERT INTO "runs" VALUES(1,'20261123-051618-372ae4','prod','succeeded','2026-11-23T05:16:18.295644Z','2026-11-23T05:16:18.393774Z','','',0);
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
    files   TEXT NOT NULL,   -- JSON [[path, sha256, rows, bytes]], and the partition, where it holds one
    paths   TEXT NOT NULL,   -- the same paths, one a line, for whoever only asks whether they exist
    rows    INTEGER,
    bytes   INTEGER NOT NULL,
    sql     TEXT
) WITHOUT ROWID;
INSERT INTO "snapshots" VALUES('7d048575f6e07150ffdd','orders','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/16/16168061b1e821ca43901ffba6c4431bf906c756c79a8437c0f8ddd207b9eafa.parquet","16168061b1e821ca43901ffba6c4431bf906c756c79a8437c0f8ddd207b9eafa",4,693]]','objects/16/16168061b1e821ca43901ffba6c4431bf906c756c79a8437c0f8ddd207b9eafa.parquet',4,693,NULL);
INSERT INTO "snapshots" VALUES('8ffc15cb3bd664735f74','big','bag4/duckdb-2.0:56c5d920811f4af9eef2c229ebf0ad0db606d3890e22e7ffd485e4de39088d46','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/e9/e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879.parquet","e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879",2,1572]]','objects/e9/e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879.parquet',2,1572,NULL);
INSERT INTO "snapshots" VALUES('9d80d410053374aea85d','by_city','bag4/duckdb-2.0:9199cb0baee637d85155d3324641cf6fc9da81f250f3385b495b5d3bb9e234f2','[["city","VARCHAR",null],["total","HUGEINT","DECIMAL(38,0)"]]','[["objects/5e/5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139.parquet","5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139",2,412]]','objects/5e/5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139.parquet',2,412,NULL);
INSERT INTO "snapshots" VALUES('c8a83da53664fac81053','sales','bag4/duckdb-2.0:6e123123ea775466c72ddd9dcd6aa75b0bb2ff5c4ffe19a039ff060bcd494ac9','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet","2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0",3,659]]','objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet',3,659,NULL);
INSERT INTO "snapshots" VALUES('f5c855660523c28780dc','people','bag4/duckdb-2.0:45791951b03f8d480900ac2480a50d91d04ad73370105f8392eab00bb0fe72bb','[["id","INTEGER",null],["name","VARCHAR",null]]','[["objects/e9/e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37.parquet","e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37",1,315]]','objects/e9/e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37.parquet',1,315,NULL);
CREATE TABLE sniffed (
    source  TEXT PRIMARY KEY,
    reading TEXT NOT NULL,
    types   TEXT NOT NULL,
    tags    TEXT NOT NULL             -- JSON [hash of each file]
) WITHOUT ROWID;
INSERT INTO "sniffed" VALUES('orders','165b2bbe8d7217cac2db56b8c22afb4d','{"id":"BIGINT","customer":"VARCHAR","city":"VARCHAR","amount":"BIGINT"}','["da1d2c568bdbd84043e6c945528e3844c1e66266721e914a05320b2c03a4f533"]');
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
INSERT INTO "steps" VALUES(1,'20261123-051618-372ae4','people','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',1,0.004238,'f5c855660523c28780dc',NULL,'never made');
INSERT INTO "steps" VALUES(2,'20261123-051618-372ae4','sales','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',3,0.004589,'c8a83da53664fac81053',NULL,'never made');
INSERT INTO "steps" VALUES(3,'20261123-051618-372ae4','big','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.030124,'8ffc15cb3bd664735f74',NULL,'it is a Python function, which makes its whole table');
INSERT INTO "steps" VALUES(4,'20261123-051618-372ae4','by_city','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.00607,'9d80d410053374aea85d',NULL,'never made');
CREATE INDEX materializations_made_from ON materializations (asset, partition, fingerprint_hash);
CREATE INDEX materializations_read ON materializations (asset, partition, read_hash);
CREATE INDEX proofs_of_asset ON proofs (env, asset, partition, number);
CREATE INDEX publications_of_generation ON publications (env, generation);
CREATE INDEX publications_of_asset ON publications (env, asset, partition, number);
CREATE INDEX steps_failed ON steps (asset, partition, number) WHERE outcome = 'failed';
CREATE INDEX steps_of_asset ON steps (asset, partition, number);
CREATE INDEX check_results_of_asset ON check_results (asset, partition);
COMMIT;
