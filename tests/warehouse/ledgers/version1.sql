PRAGMA application_id = 1634102391;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
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
INSERT INTO "check_results" VALUES('20261121-042210-047742','sales','','not_null(id)','error',0,'id',NULL,NULL);
INSERT INTO "check_results" VALUES('20261121-042210-2078c9','sales','','not_null(id)','error',0,'id',NULL,NULL);
INSERT INTO "check_results" VALUES('20261121-042210-368c89','sales','','not_null(id)','error',0,'id',NULL,NULL);
CREATE TABLE environments (
    name         TEXT PRIMARY KEY,
    generation   INTEGER NOT NULL,    -- counts its publications
    published_at TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "environments" VALUES('dev',1,'2026-11-21T04:22:10.861997Z');
INSERT INTO "environments" VALUES('prod',3,'2026-11-21T04:22:10.797861Z');
CREATE TABLE inputs (
    materialization TEXT NOT NULL REFERENCES materializations (id),
    upstream        TEXT NOT NULL,
    digest          TEXT NOT NULL,
    snapshot        TEXT NOT NULL,
    columns         TEXT,             -- JSON [name], or null for all
    PRIMARY KEY (materialization, upstream)
) WITHOUT ROWID;
INSERT INTO "inputs" VALUES('20261121-042210-2078c9.big','sales','4fd56d320fd626f8ebed','4fd56d320fd626f8ebed',NULL);
INSERT INTO "inputs" VALUES('20261121-042210-2078c9.by_city','sales','bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f','4fd56d320fd626f8ebed',NULL);
INSERT INTO "inputs" VALUES('20261121-042210-2078c9.sales','orders','ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2','1077b048bc1a67c5aa20',NULL);
INSERT INTO "inputs" VALUES('20261121-042210-2078c9.seen','sales','4fd56d320fd626f8ebed','4fd56d320fd626f8ebed',NULL);
INSERT INTO "inputs" VALUES('20261121-042210-368c89.big','sales','c8a83da53664fac81053','c8a83da53664fac81053',NULL);
INSERT INTO "inputs" VALUES('20261121-042210-368c89.by_city','sales','bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774','c8a83da53664fac81053',NULL);
INSERT INTO "inputs" VALUES('20261121-042210-368c89.sales','orders','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc','19d17789a6fb35006618',NULL);
INSERT INTO "inputs" VALUES('20261121-042210-368c89.seen','sales','c8a83da53664fac81053','c8a83da53664fac81053',NULL);
INSERT INTO "inputs" VALUES('20261121-042210-a2a760.by_city','sales','bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f','4fd56d320fd626f8ebed',NULL);
CREATE TABLE materializations (
    number           INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    asset            TEXT NOT NULL,
    partition        TEXT NOT NULL,
    run_id           TEXT NOT NULL,
    fingerprint_hash TEXT NOT NULL,
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
    reasons          TEXT NOT NULL    -- JSON, as shown by `plan --json`
);
INSERT INTO "materializations" VALUES(1,'20261121-042210-368c89.orders','orders','','20261121-042210-368c89','3d69f817ee46dc7d8661eea32a0874cdf51089a8155ea4a14fdfc7f1a7807281','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc','','{}','19d17789a6fb35006618','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc',4,689,'2026-11-21T04:22:10.367903Z',0.062754,'','','[]','[]');
INSERT INTO "materializations" VALUES(2,'20261121-042210-368c89.people','people','','20261121-042210-368c89','67bf072d3447251cda61e1920afcf4444ef3cdc81b04e400e5f638894d297f3c','6fe6ec4269a52b57c03f273ff3673b8d7ca6353875fc95df3a5f9d607aeadc35','','{}','f5c855660523c28780dc','bag1/duckdb-2.0:cc85bc0b781a3d9727c263fc5df7dbf9731104acb5f96d97d905fd4c146784bf',1,315,'2026-11-21T04:22:10.377632Z',0.007281,'','SELECT 1 AS id, ''ann'' AS name','[]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(3,'20261121-042210-368c89.sales','sales','','20261121-042210-368c89','1232f331cd6b1406859810f5843f825c4890dba28a0571cf7852f50502b3c706','97c1bfe511ce080875fa3761831d79d7d3362e9c7993db9395a0a7ea4a7f96c6','','{"orders":"b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc"}','c8a83da53664fac81053','bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774',3,659,'2026-11-21T04:22:10.387465Z',0.007242,'c5692c21acf3341297d9886946f82381dcc07dde7abed35cc76ea78ba731694b','SELECT id, -- @not_null
 customer, city, amount FROM orders WHERE amount > 5','[]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(4,'20261121-042210-368c89.big','big','','20261121-042210-368c89','71db333e009b1db543fd59572025cfdbdbbcfa7af11bba26b9e13d7c903767eb','b848bf88653a4338df4997af7ed688c68f5918c8e1102a34f9f271a0ef0463e1','{"least": 20}','{"sales":"c8a83da53664fac81053"}','8ffc15cb3bd664735f74','bag1/duckdb-2.0:bbdc8edf7a548d76c5eb36ef47746a1c36926da35b1d4991bef4761d7e62e950',2,1572,'2026-11-21T04:22:10.479801Z',0.088304,'','','[["assets.big.big","c979ae2d412fd24c8e17034eed5d690aa01b2d753e458fae4029a72638223fb8"]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(5,'20261121-042210-368c89.by_city','by_city','','20261121-042210-368c89','5f099360e76b1aa0428158c7908b027f6125a51abfc03e6ca8a415ffd22b85d5','5f8008badaf25343d95ae67b9a377a85e35c772ca09371e38da91133addf1a06','','{"sales":"bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774"}','9d80d410053374aea85d','bag1/duckdb-2.0:b48e6b9e1487ee6feaa43bd77b05acf7a2e2658692f0f705c0192f4abcb1c968',2,412,'2026-11-21T04:22:10.505776Z',0.018085,'','SELECT city, sum(amount) AS total FROM sales GROUP BY city','[]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(6,'20261121-042210-368c89.seen','seen','','20261121-042210-368c89','8b5ed109aa1157038eb1345beaf7ded9f71f659cd44dcaae8dc71e0471376468','463b7e19204635fe9f9e8aea8f2768b36e711227a32f5004478b12db66389058','','{"sales":"c8a83da53664fac81053"}','0a7ed112bda8dc841595','8b5ed109aa1157038eb1345beaf7ded9f71f659cd44dcaae8dc71e0471376468',NULL,0,'2026-11-21T04:22:10.510210Z',0.001753,'','FROM sales','[]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(7,'20261121-042210-2078c9.orders','orders','','20261121-042210-2078c9','71d844311a1cfe24e817f4a4dae0fe6a9a4824bcb424f05650cabc9ecbef3b47','ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2','','{}','1077b048bc1a67c5aa20','ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2',5,702,'2026-11-21T04:22:10.637806Z',0.053031,'','','[]','[]');
INSERT INTO "materializations" VALUES(8,'20261121-042210-2078c9.sales','sales','','20261121-042210-2078c9','279f732d08eeedfd8363e12e869e1e94ae3208dda0e73eb365b2adb02bcf6629','97c1bfe511ce080875fa3761831d79d7d3362e9c7993db9395a0a7ea4a7f96c6','','{"orders":"ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2"}','4fd56d320fd626f8ebed','bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f',4,661,'2026-11-21T04:22:10.647604Z',0.007347,'c5692c21acf3341297d9886946f82381dcc07dde7abed35cc76ea78ba731694b','SELECT id, -- @not_null
 customer, city, amount FROM orders WHERE amount > 5','[]','[{"kind":"input_changed","upstream":"orders","columns":[],"detail":"orders holds other rows than it was made from"}]');
INSERT INTO "materializations" VALUES(9,'20261121-042210-2078c9.big','big','','20261121-042210-2078c9','70f0a74346b46c120362d6d9b29d9a2408c8a59b0b8141cb0f70baee8d9a874c','b848bf88653a4338df4997af7ed688c68f5918c8e1102a34f9f271a0ef0463e1','{"least": 20}','{"sales":"4fd56d320fd626f8ebed"}','8ae00e33b559c581fb5a','bag1/duckdb-2.0:505622c49e7287ec1ebd027a121d0795906cc9403991c1cde8f0ce0eeb64e4a8',3,1590,'2026-11-21T04:22:10.659868Z',0.009836,'','','[["assets.big.big","c979ae2d412fd24c8e17034eed5d690aa01b2d753e458fae4029a72638223fb8"]]','[{"kind":"input_changed","upstream":"sales","columns":[],"detail":"sales holds other rows than it was made from"}]');
INSERT INTO "materializations" VALUES(10,'20261121-042210-2078c9.by_city','by_city','','20261121-042210-2078c9','667a0396009823bd85b06cd67b7d0f810086c087e81db4ec2f0b90192ed40bb7','5f8008badaf25343d95ae67b9a377a85e35c772ca09371e38da91133addf1a06','','{"sales":"bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f"}','173571498dd9f27e6287','bag1/duckdb-2.0:471a4e79e8a1d9382b81ded9ade2042dfc22479a2547ca775fbbb274b259dc38',2,412,'2026-11-21T04:22:10.668762Z',0.006291,'','SELECT city, sum(amount) AS total FROM sales GROUP BY city','[]','[{"kind":"input_changed","upstream":"sales","columns":[],"detail":"sales holds other rows than it was made from"}]');
INSERT INTO "materializations" VALUES(11,'20261121-042210-2078c9.seen','seen','','20261121-042210-2078c9','e3a2c8b1c47e8de75fbadba295e7997df90ccf0b6194bc8cf65d122586b52fb4','463b7e19204635fe9f9e8aea8f2768b36e711227a32f5004478b12db66389058','','{"sales":"4fd56d320fd626f8ebed"}','0a7ed112bda8dc841595','e3a2c8b1c47e8de75fbadba295e7997df90ccf0b6194bc8cf65d122586b52fb4',NULL,0,'2026-11-21T04:22:10.670861Z',0.00149,'','FROM sales','[]','[{"kind":"input_changed","upstream":"sales","columns":[],"detail":"sales holds other rows than it was made from"}]');
INSERT INTO "materializations" VALUES(12,'20261121-042210-a2a760.by_city','by_city','','20261121-042210-a2a760','0759e78f0ca485c6eda8c098ab87ac70cf6c5fd299f7f83e8c64ca663eeec334','55e4cd73254eec87d39410f6bc96f313f464b26aac262da70106767ec1bc0748','','{"sales":"bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f"}','2a7ebdf2f001926a18e8','bag1/duckdb-2.0:4b7c83a6c0477eb297dbed4c55a1a0420f18bae82a12e041200dcdb046922afd',2,370,'2026-11-21T04:22:10.797142Z',0.023285,'','SELECT city, max(amount) AS total FROM sales GROUP BY city','[]','[{"kind":"code_changed","upstream":null,"columns":[],"detail":"assets/by_city.sql changed"}]');
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
INSERT INTO "pointers" VALUES('dev','big','','20261121-042210-2078c9.big','70f0a74346b46c120362d6d9b29d9a2408c8a59b0b8141cb0f70baee8d9a874c','bag1/duckdb-2.0:505622c49e7287ec1ebd027a121d0795906cc9403991c1cde8f0ce0eeb64e4a8','8ae00e33b559c581fb5a',3,'2026-11-21T04:22:10.861997Z','','objects/3c/3c8df922b8d9d035f3067efe488f493768e420356fb9646870bc409d65f5cdf4.parquet');
INSERT INTO "pointers" VALUES('dev','by_city','','20261121-042210-a2a760.by_city','0759e78f0ca485c6eda8c098ab87ac70cf6c5fd299f7f83e8c64ca663eeec334','bag1/duckdb-2.0:4b7c83a6c0477eb297dbed4c55a1a0420f18bae82a12e041200dcdb046922afd','2a7ebdf2f001926a18e8',2,'2026-11-21T04:22:10.861997Z','','objects/cb/cb19c996d844b6753e3034ec8ab937b4694f0243c768b01b1193790190a87ac5.parquet');
INSERT INTO "pointers" VALUES('dev','orders','','20261121-042210-2078c9.orders','71d844311a1cfe24e817f4a4dae0fe6a9a4824bcb424f05650cabc9ecbef3b47','ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2','1077b048bc1a67c5aa20',5,'2026-11-21T04:22:10.861997Z','','objects/2c/2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6.parquet');
INSERT INTO "pointers" VALUES('dev','sales','','20261121-042210-2078c9.sales','279f732d08eeedfd8363e12e869e1e94ae3208dda0e73eb365b2adb02bcf6629','bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f','4fd56d320fd626f8ebed',4,'2026-11-21T04:22:10.861997Z','c5692c21acf3341297d9886946f82381dcc07dde7abed35cc76ea78ba731694b','objects/bf/bf74f8d3a6ce52fccff155acb3316d2623cee8a967426b67215fca34402dfdf5.parquet');
INSERT INTO "pointers" VALUES('dev','seen','','20261121-042210-2078c9.seen','e3a2c8b1c47e8de75fbadba295e7997df90ccf0b6194bc8cf65d122586b52fb4','e3a2c8b1c47e8de75fbadba295e7997df90ccf0b6194bc8cf65d122586b52fb4','0a7ed112bda8dc841595',NULL,'2026-11-21T04:22:10.861997Z','','');
INSERT INTO "pointers" VALUES('prod','big','','20261121-042210-2078c9.big','70f0a74346b46c120362d6d9b29d9a2408c8a59b0b8141cb0f70baee8d9a874c','bag1/duckdb-2.0:505622c49e7287ec1ebd027a121d0795906cc9403991c1cde8f0ce0eeb64e4a8','8ae00e33b559c581fb5a',3,'2026-11-21T04:22:10.671779Z','','objects/3c/3c8df922b8d9d035f3067efe488f493768e420356fb9646870bc409d65f5cdf4.parquet');
INSERT INTO "pointers" VALUES('prod','by_city','','20261121-042210-a2a760.by_city','0759e78f0ca485c6eda8c098ab87ac70cf6c5fd299f7f83e8c64ca663eeec334','bag1/duckdb-2.0:4b7c83a6c0477eb297dbed4c55a1a0420f18bae82a12e041200dcdb046922afd','2a7ebdf2f001926a18e8',2,'2026-11-21T04:22:10.797861Z','','objects/cb/cb19c996d844b6753e3034ec8ab937b4694f0243c768b01b1193790190a87ac5.parquet');
INSERT INTO "pointers" VALUES('prod','orders','','20261121-042210-2078c9.orders','71d844311a1cfe24e817f4a4dae0fe6a9a4824bcb424f05650cabc9ecbef3b47','ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2','1077b048bc1a67c5aa20',5,'2026-11-21T04:22:10.671779Z','','objects/2c/2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6.parquet');
INSERT INTO "pointers" VALUES('prod','sales','','20261121-042210-2078c9.sales','279f732d08eeedfd8363e12e869e1e94ae3208dda0e73eb365b2adb02bcf6629','bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f','4fd56d320fd626f8ebed',4,'2026-11-21T04:22:10.671779Z','c5692c21acf3341297d9886946f82381dcc07dde7abed35cc76ea78ba731694b','objects/bf/bf74f8d3a6ce52fccff155acb3316d2623cee8a967426b67215fca34402dfdf5.parquet');
INSERT INTO "pointers" VALUES('prod','seen','','20261121-042210-2078c9.seen','e3a2c8b1c47e8de75fbadba295e7997df90ccf0b6194bc8cf65d122586b52fb4','e3a2c8b1c47e8de75fbadba295e7997df90ccf0b6194bc8cf65d122586b52fb4','0a7ed112bda8dc841595',NULL,'2026-11-21T04:22:10.671779Z','','');
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
INSERT INTO "publications" VALUES(1,'prod','orders','','20261121-042210-368c89.orders',1,'2026-11-21T04:22:10.513618Z','20261121-042210-368c89');
INSERT INTO "publications" VALUES(2,'prod','people','','20261121-042210-368c89.people',1,'2026-11-21T04:22:10.513618Z','20261121-042210-368c89');
INSERT INTO "publications" VALUES(3,'prod','sales','','20261121-042210-368c89.sales',1,'2026-11-21T04:22:10.513618Z','20261121-042210-368c89');
INSERT INTO "publications" VALUES(4,'prod','big','','20261121-042210-368c89.big',1,'2026-11-21T04:22:10.513618Z','20261121-042210-368c89');
INSERT INTO "publications" VALUES(5,'prod','by_city','','20261121-042210-368c89.by_city',1,'2026-11-21T04:22:10.513618Z','20261121-042210-368c89');
INSERT INTO "publications" VALUES(6,'prod','seen','','20261121-042210-368c89.seen',1,'2026-11-21T04:22:10.513618Z','20261121-042210-368c89');
INSERT INTO "publications" VALUES(7,'prod','orders','','20261121-042210-2078c9.orders',2,'2026-11-21T04:22:10.671779Z','20261121-042210-2078c9');
INSERT INTO "publications" VALUES(8,'prod','sales','','20261121-042210-2078c9.sales',2,'2026-11-21T04:22:10.671779Z','20261121-042210-2078c9');
INSERT INTO "publications" VALUES(9,'prod','big','','20261121-042210-2078c9.big',2,'2026-11-21T04:22:10.671779Z','20261121-042210-2078c9');
INSERT INTO "publications" VALUES(10,'prod','by_city','','20261121-042210-2078c9.by_city',2,'2026-11-21T04:22:10.671779Z','20261121-042210-2078c9');
INSERT INTO "publications" VALUES(11,'prod','seen','','20261121-042210-2078c9.seen',2,'2026-11-21T04:22:10.671779Z','20261121-042210-2078c9');
INSERT INTO "publications" VALUES(12,'prod','by_city','','20261121-042210-a2a760.by_city',3,'2026-11-21T04:22:10.797861Z','20261121-042210-a2a760');
INSERT INTO "publications" VALUES(13,'prod','people','',NULL,3,'2026-11-21T04:22:10.797861Z','20261121-042210-a2a760');
INSERT INTO "publications" VALUES(14,'dev','orders','','20261121-042210-2078c9.orders',1,'2026-11-21T04:22:10.861997Z','20261121-042210-047742');
INSERT INTO "publications" VALUES(15,'dev','sales','','20261121-042210-2078c9.sales',1,'2026-11-21T04:22:10.861997Z','20261121-042210-047742');
INSERT INTO "publications" VALUES(16,'dev','big','','20261121-042210-2078c9.big',1,'2026-11-21T04:22:10.861997Z','20261121-042210-047742');
INSERT INTO "publications" VALUES(17,'dev','by_city','','20261121-042210-a2a760.by_city',1,'2026-11-21T04:22:10.861997Z','20261121-042210-047742');
INSERT INTO "publications" VALUES(18,'dev','seen','','20261121-042210-2078c9.seen',1,'2026-11-21T04:22:10.861997Z','20261121-042210-047742');
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
INSERT INTO "runs" VALUES(1,'20261121-042210-368c89','prod','succeeded','2026-11-21T04:22:10.289823Z','2026-11-21T04:22:10.558235Z','','',0);
INSERT INTO "runs" VALUES(2,'20261121-042210-2078c9','prod','succeeded','2026-11-21T04:22:10.583112Z','2026-11-21T04:22:10.697184Z','','',0);
INSERT INTO "runs" VALUES(3,'20261121-042210-2b99f3','prod','failed','2026-11-21T04:22:10.726387Z','2026-11-21T04:22:10.743995Z','','',0);
INSERT INTO "runs" VALUES(4,'20261121-042210-a2a760','prod','succeeded','2026-11-21T04:22:10.769625Z','2026-11-21T04:22:10.820691Z','','',0);
INSERT INTO "runs" VALUES(5,'20261121-042210-047742','dev','succeeded','2026-11-21T04:22:10.842598Z','2026-11-21T04:22:10.896200Z','','',0);
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
INSERT INTO "snapshots" VALUES('0a7ed112bda8dc841595','seen','e3a2c8b1c47e8de75fbadba295e7997df90ccf0b6194bc8cf65d122586b52fb4','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[]','',NULL,0,'FROM sales');
INSERT INTO "snapshots" VALUES('1077b048bc1a67c5aa20','orders','ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/2c/2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6.parquet","2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6",5,702]]','objects/2c/2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6.parquet',5,702,NULL);
INSERT INTO "snapshots" VALUES('173571498dd9f27e6287','by_city','bag1/duckdb-2.0:471a4e79e8a1d9382b81ded9ade2042dfc22479a2547ca775fbbb274b259dc38','[["city","VARCHAR",null],["total","HUGEINT","DECIMAL(38,0)"]]','[["objects/56/56d245bcff720a3dceed8f0a24498c4c68697f472b79264b9e5549276a7f58d2.parquet","56d245bcff720a3dceed8f0a24498c4c68697f472b79264b9e5549276a7f58d2",2,412]]','objects/56/56d245bcff720a3dceed8f0a24498c4c68697f472b79264b9e5549276a7f58d2.parquet',2,412,NULL);
INSERT INTO "snapshots" VALUES('19d17789a6fb35006618','orders','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/fd/fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0.parquet","fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0",4,689]]','objects/fd/fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0.parquet',4,689,NULL);
INSERT INTO "snapshots" VALUES('2a7ebdf2f001926a18e8','by_city','bag1/duckdb-2.0:4b7c83a6c0477eb297dbed4c55a1a0420f18bae82a12e041200dcdb046922afd','[["city","VARCHAR",null],["total","BIGINT",null]]','[["objects/cb/cb19c996d844b6753e3034ec8ab937b4694f0243c768b01b1193790190a87ac5.parquet","cb19c996d844b6753e3034ec8ab937b4694f0243c768b01b1193790190a87ac5",2,370]]','objects/cb/cb19c996d844b6753e3034ec8ab937b4694f0243c768b01b1193790190a87ac5.parquet',2,370,NULL);
INSERT INTO "snapshots" VALUES('4fd56d320fd626f8ebed','sales','bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/bf/bf74f8d3a6ce52fccff155acb3316d2623cee8a967426b67215fca34402dfdf5.parquet","bf74f8d3a6ce52fccff155acb3316d2623cee8a967426b67215fca34402dfdf5",4,661]]','objects/bf/bf74f8d3a6ce52fccff155acb3316d2623cee8a967426b67215fca34402dfdf5.parquet',4,661,NULL);
INSERT INTO "snapshots" VALUES('8ae00e33b559c581fb5a','big','bag1/duckdb-2.0:505622c49e7287ec1ebd027a121d0795906cc9403991c1cde8f0ce0eeb64e4a8','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/3c/3c8df922b8d9d035f3067efe488f493768e420356fb9646870bc409d65f5cdf4.parquet","3c8df922b8d9d035f3067efe488f493768e420356fb9646870bc409d65f5cdf4",3,1590]]','objects/3c/3c8df922b8d9d035f3067efe488f493768e420356fb9646870bc409d65f5cdf4.parquet',3,1590,NULL);
INSERT INTO "snapshots" VALUES('8ffc15cb3bd664735f74','big','bag1/duckdb-2.0:bbdc8edf7a548d76c5eb36ef47746a1c36926da35b1d4991bef4761d7e62e950','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/e9/e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879.parquet","e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879",2,1572]]','objects/e9/e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879.parquet',2,1572,NULL);
INSERT INTO "snapshots" VALUES('9d80d410053374aea85d','by_city','bag1/duckdb-2.0:b48e6b9e1487ee6feaa43bd77b05acf7a2e2658692f0f705c0192f4abcb1c968','[["city","VARCHAR",null],["total","HUGEINT","DECIMAL(38,0)"]]','[["objects/5e/5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139.parquet","5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139",2,412]]','objects/5e/5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139.parquet',2,412,NULL);
INSERT INTO "snapshots" VALUES('c8a83da53664fac81053','sales','bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet","2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0",3,659]]','objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet',3,659,NULL);
INSERT INTO "snapshots" VALUES('f5c855660523c28780dc','people','bag1/duckdb-2.0:cc85bc0b781a3d9727c263fc5df7dbf9731104acb5f96d97d905fd4c146784bf','[["id","INTEGER",null],["name","VARCHAR",null]]','[["objects/e9/e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37.parquet","e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37",1,315]]','objects/e9/e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37.parquet',1,315,NULL);
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
    UNIQUE (run_id, asset, partition)
);
INSERT INTO "steps" VALUES(1,'20261121-042210-368c89','people','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',1,0.007281,'f5c855660523c28780dc',NULL);
INSERT INTO "steps" VALUES(2,'20261121-042210-368c89','sales','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',3,0.007242,'c8a83da53664fac81053',NULL);
INSERT INTO "steps" VALUES(3,'20261121-042210-368c89','big','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.088304,'8ffc15cb3bd664735f74',NULL);
INSERT INTO "steps" VALUES(4,'20261121-042210-368c89','by_city','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.018085,'9d80d410053374aea85d',NULL);
INSERT INTO "steps" VALUES(5,'20261121-042210-368c89','seen','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',NULL,0.001753,'0a7ed112bda8dc841595',NULL);
INSERT INTO "steps" VALUES(6,'20261121-042210-2078c9','sales','','materialized','full','[{"kind":"input_changed","upstream":"orders","columns":[],"detail":"orders holds other rows than it was made from"}]',4,0.007347,'4fd56d320fd626f8ebed',NULL);
INSERT INTO "steps" VALUES(7,'20261121-042210-2078c9','big','','materialized','full','[{"kind":"input_changed","upstream":"sales","columns":[],"detail":"sales holds other rows than it was made from"}]',3,0.009836,'8ae00e33b559c581fb5a',NULL);
INSERT INTO "steps" VALUES(8,'20261121-042210-2078c9','by_city','','materialized','full','[{"kind":"input_changed","upstream":"sales","columns":[],"detail":"sales holds other rows than it was made from"}]',2,0.006291,'173571498dd9f27e6287',NULL);
INSERT INTO "steps" VALUES(9,'20261121-042210-2078c9','seen','','materialized','full','[{"kind":"input_changed","upstream":"sales","columns":[],"detail":"sales holds other rows than it was made from"}]',NULL,0.00149,'0a7ed112bda8dc841595',NULL);
INSERT INTO "steps" VALUES(10,'20261121-042210-2b99f3','by_city','','failed','full','[{"kind":"code_changed","upstream":null,"columns":[],"detail":"assets/by_city.sql changed"}]',NULL,0.0,NULL,'assets/by_city.sql:1: Binder Error: Referenced column "nothing" not found in FROM clause!
SELECT city, nothing FROM sales
             ^^^^^^^
Candidate bindings: "amount"');
INSERT INTO "steps" VALUES(11,'20261121-042210-a2a760','by_city','','materialized','full','[{"kind":"code_changed","upstream":null,"columns":[],"detail":"assets/by_city.sql changed"}]',2,0.023285,'2a7ebdf2f001926a18e8',NULL);
INSERT INTO "steps" VALUES(12,'20261121-042210-047742','sales','','restored',NULL,'[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',4,0.0,'4fd56d320fd626f8ebed',NULL);
INSERT INTO "steps" VALUES(13,'20261121-042210-047742','big','','restored',NULL,'[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',3,0.0,'8ae00e33b559c581fb5a',NULL);
INSERT INTO "steps" VALUES(14,'20261121-042210-047742','by_city','','restored',NULL,'[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.0,'2a7ebdf2f001926a18e8',NULL);
INSERT INTO "steps" VALUES(15,'20261121-042210-047742','seen','','restored',NULL,'[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',NULL,0.0,'0a7ed112bda8dc841595',NULL);
CREATE INDEX materializations_made_from ON materializations (asset, partition, fingerprint_hash);
CREATE INDEX publications_of_generation ON publications (env, generation);
CREATE INDEX publications_of_asset ON publications (env, asset, partition, number);
CREATE INDEX steps_failed ON steps (asset, partition, number) WHERE outcome = 'failed';
CREATE INDEX steps_of_asset ON steps (asset, partition, number);
CREATE INDEX check_results_of_asset ON check_results (asset, partition);
COMMIT;
