PRAGMA application_id = 1634102391;
PRAGMA user_version = 2;
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
CREATE TABLE environments (
    name         TEXT PRIMARY KEY,
    generation   INTEGER NOT NULL,    -- counts its publications
    published_at TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "environments" VALUES('prod',4,'2026-11-21T06:02:14.878943Z');
CREATE TABLE inputs (
    materialization TEXT NOT NULL REFERENCES materializations (id),
    upstream        TEXT NOT NULL,
    digest          TEXT NOT NULL,
    snapshot        TEXT NOT NULL,
    columns         TEXT,             -- JSON [name], or null for all
    ordered         INTEGER NOT NULL, -- 1: the digest is of the rows in their order
    PRIMARY KEY (materialization, upstream)
) WITHOUT ROWID;
INSERT INTO "inputs" VALUES('20261121-060214-6aac91.by_city','sales','bag1/duckdb-2.0:48f19473cce8319cd5bd7c9e9722f3a369de7a71067d410ec01309b393757c82','d4232627fbf357873a4f','["amount","city"]',0);
INSERT INTO "inputs" VALUES('20261121-060214-7b07e3.big','sales','bag1/duckdb-2.0:ba4d3127df3dd147cf27409da1bfed5d5ad13637bed52609860830dbe057ccc3','d4232627fbf357873a4f','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-060214-7b07e3.sales','orders','bag1/duckdb-2.0:02af1e5a433bcbf843f3491d268838b48d7420dc26152e1408f762640aeb3c49','26d35fc173b667b57be7','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-060214-7b07e3.seen','sales','bag1/duckdb-2.0:355b8ddb8411bc423f3b4f13814fb51fb32e15a6999747d6f07a7350d735aa5e','d4232627fbf357873a4f','["amount","city","customer","id"]',1);
INSERT INTO "inputs" VALUES('20261121-060214-9d2356.big','sales','bag1/duckdb-2.0:985e2cf6bd6c0071871332ceb2e0230835550d1bdb75cd45c183f9116a646b26','a1ce945c805b0b9db14f','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-060214-9d2356.by_city','sales','bag1/duckdb-2.0:48f19473cce8319cd5bd7c9e9722f3a369de7a71067d410ec01309b393757c82','a1ce945c805b0b9db14f','["amount","city"]',0);
INSERT INTO "inputs" VALUES('20261121-060214-9d2356.sales','orders','bag1/duckdb-2.0:1d1359ae5db4f5d76fd902a0290b01057668406ba1f546eb3ce53bd0a6005796','54e1321b4b5ad9514911','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-060214-9d2356.seen','sales','bag1/duckdb-2.0:76a4fd43df75d30accf1c2ee4cd0eb7d82bb41cb5215b995dbd31caea6dc5c63','a1ce945c805b0b9db14f','["amount","city","customer","id"]',1);
INSERT INTO "inputs" VALUES('20261121-060214-fc7f3f.big','sales','bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774','c8a83da53664fac81053','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-060214-fc7f3f.by_city','sales','bag1/duckdb-2.0:7d3d97eae0dcbbc450073c61248de551c6d8b41edbc58031ba44f553775b17f2','c8a83da53664fac81053','["amount","city"]',0);
INSERT INTO "inputs" VALUES('20261121-060214-fc7f3f.sales','orders','bag1/duckdb-2.0:14b8c3e9ff8f7b204d725434a7ad69f9a2382468ac01f5d9380947064760ab38','19d17789a6fb35006618','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-060214-fc7f3f.seen','sales','bag1/duckdb-2.0:1598430ccd9d9ccb0e01ece75e3ca90d789882e6935ff312cd2c8c8bc9e9cb63','c8a83da53664fac81053','["amount","city","customer","id"]',1);
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
INSERT INTO "materializations" VALUES(1,'20261121-060214-fc7f3f.orders','orders','','20261121-060214-fc7f3f','3d69f817ee46dc7d8661eea32a0874cdf51089a8155ea4a14fdfc7f1a7807281','','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc','','{}','19d17789a6fb35006618','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc',4,689,'2026-11-21T06:02:14.424653Z',0.02912,'','','[]','','[]');
INSERT INTO "materializations" VALUES(2,'20261121-060214-fc7f3f.people','people','','20261121-060214-fc7f3f','67bf072d3447251cda61e1920afcf4444ef3cdc81b04e400e5f638894d297f3c','','6fe6ec4269a52b57c03f273ff3673b8d7ca6353875fc95df3a5f9d607aeadc35','','{}','f5c855660523c28780dc','bag1/duckdb-2.0:cc85bc0b781a3d9727c263fc5df7dbf9731104acb5f96d97d905fd4c146784bf',1,315,'2026-11-21T06:02:14.430218Z',0.003788,'','SELECT 1 AS id, ''ann'' AS name','[]','["duckdb-2.0/2:1397edf646b97029fbcf", [["id", "INTEGER", "73649ee538b143b220e4"], ["name", "VARCHAR", "35ee98c9cdc25dc7fc7c"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(3,'20261121-060214-fc7f3f.sales','sales','','20261121-060214-fc7f3f','1232f331cd6b1406859810f5843f825c4890dba28a0571cf7852f50502b3c706','da742f447124f03d28dff90f5689da0936dc86361aa2e3179646731944badf98','97c1bfe511ce080875fa3761831d79d7d3362e9c7993db9395a0a7ea4a7f96c6','','{"orders":"b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc"}','c8a83da53664fac81053','bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774',3,659,'2026-11-21T06:02:14.541696Z',0.004165,'','SELECT id, customer, city, amount FROM orders WHERE amount > 5','[]','["duckdb-2.0/2:0a308bf89f7d5f62ec95", [["id", "BIGINT", "a4f7b9643e2997abe591"], ["customer", "VARCHAR", "c29b223431e340ce0f06"], ["city", "VARCHAR", "ca8b6fa40b37f2eee5c3"], ["amount", "BIGINT", "a5bf8c14b70167e0113c"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(4,'20261121-060214-fc7f3f.big','big','','20261121-060214-fc7f3f','71db333e009b1db543fd59572025cfdbdbbcfa7af11bba26b9e13d7c903767eb','036ac54df838e01412b22186344b389c3fe00f43cd8fcaf0643b1b3f6b39d55d','b848bf88653a4338df4997af7ed688c68f5918c8e1102a34f9f271a0ef0463e1','{"least": 20}','{"sales":"c8a83da53664fac81053"}','8ffc15cb3bd664735f74','bag1/duckdb-2.0:bbdc8edf7a548d76c5eb36ef47746a1c36926da35b1d4991bef4761d7e62e950',2,1572,'2026-11-21T06:02:14.558049Z',0.015303,'','','[["assets.big.big","c979ae2d412fd24c8e17034eed5d690aa01b2d753e458fae4029a72638223fb8"]]','["polars-2.1.0/2:be10165af1f09d275e8c", [["id", "BIGINT", "51c284a0174060c1bb0b"], ["customer", "VARCHAR", "16dc424f928983f7b23f"], ["city", "VARCHAR", "86d76d028a803a1daf1c"], ["amount", "BIGINT", "e14351274d6fb4d1e1da"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(5,'20261121-060214-fc7f3f.by_city','by_city','','20261121-060214-fc7f3f','5f099360e76b1aa0428158c7908b027f6125a51abfc03e6ca8a415ffd22b85d5','3c4db22a8c3158e85d72e6917cb95c9121ab2d37bfa9712c98fe23d3a4b7999e','5f8008badaf25343d95ae67b9a377a85e35c772ca09371e38da91133addf1a06','','{"sales":"bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774"}','9d80d410053374aea85d','bag1/duckdb-2.0:b48e6b9e1487ee6feaa43bd77b05acf7a2e2658692f0f705c0192f4abcb1c968',2,412,'2026-11-21T06:02:14.562722Z',0.003586,'','SELECT city, sum(amount) AS total FROM sales GROUP BY city','[]','["duckdb-2.0/2:f642d5259e5e6231bf33", [["city", "VARCHAR", "39654c135220073631d4"], ["total", "HUGEINT", "9cd402f159f5f2ef697b"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(6,'20261121-060214-fc7f3f.seen','seen','','20261121-060214-fc7f3f','8b5ed109aa1157038eb1345beaf7ded9f71f659cd44dcaae8dc71e0471376468','bc41375b78c3973e71fadfb6018f8eea43d073eea5dd206ce5200a2eb8aab176','463b7e19204635fe9f9e8aea8f2768b36e711227a32f5004478b12db66389058','','{"sales":"c8a83da53664fac81053"}','43ec9f59534f5361afd9','8b5ed109aa1157038eb1345beaf7ded9f71f659cd44dcaae8dc71e0471376468',NULL,0,'2026-11-21T06:02:14.563469Z',0.000367,'','SELECT * FROM sales','[]','["duckdb-2.0/2:e372f93b5a07c0ba5fb2", [["id", "BIGINT", "51c284a0174060c1bb0b"], ["customer", "VARCHAR", "16dc424f928983f7b23f"], ["city", "VARCHAR", "86d76d028a803a1daf1c"], ["amount", "BIGINT", "e14351274d6fb4d1e1da"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(7,'20261121-060214-9d2356.orders','orders','','20261121-060214-9d2356','9b0bd5d9bdc0dbdb233acf13ec4d472de5544ca7c9f04ce058cf8fa32f6a3600','','51e802f89acd2ec2ed946abad3cca2b7f028d8f4040ef41145acb36fff0de326','','{}','54e1321b4b5ad9514911','51e802f89acd2ec2ed946abad3cca2b7f028d8f4040ef41145acb36fff0de326',5,702,'2026-11-21T06:02:14.675300Z',0.024872,'','','[]','','[]');
INSERT INTO "materializations" VALUES(8,'20261121-060214-9d2356.sales','sales','','20261121-060214-9d2356','c9b0889b95a236414eaad809b200a46310c5b4359fbe35e4ede919c9887bf8f4','7f388780c80d8e656786a02bd6b312af3af3d1d3d038f28635cc8c904e679a33','97c1bfe511ce080875fa3761831d79d7d3362e9c7993db9395a0a7ea4a7f96c6','','{"orders":"51e802f89acd2ec2ed946abad3cca2b7f028d8f4040ef41145acb36fff0de326"}','a1ce945c805b0b9db14f','bag1/duckdb-2.0:985e2cf6bd6c0071871332ceb2e0230835550d1bdb75cd45c183f9116a646b26',4,661,'2026-11-21T06:02:14.680118Z',0.003359,'','SELECT id, customer, city, amount FROM orders WHERE amount > 5','[]','["duckdb-2.0/2:0a308bf89f7d5f62ec95", [["id", "BIGINT", "a4f7b9643e2997abe591"], ["customer", "VARCHAR", "c29b223431e340ce0f06"], ["city", "VARCHAR", "ca8b6fa40b37f2eee5c3"], ["amount", "BIGINT", "a5bf8c14b70167e0113c"]]]','[{"kind":"input_changed","upstream":"orders","columns":["amount","city","customer","id"],"detail":"what it reads of orders changed (amount, city, customer, id)"}]');
INSERT INTO "materializations" VALUES(9,'20261121-060214-9d2356.big','big','','20261121-060214-9d2356','1f352879338090add251800a18cd29bc4164cd530c87e372cfa4e2f0c9c296d8','b281150d8d7fa61d7c100b6f3056cb0cb5bb7427e865cd5623e00b4558981c63','b848bf88653a4338df4997af7ed688c68f5918c8e1102a34f9f271a0ef0463e1','{"least": 20}','{"sales":"a1ce945c805b0b9db14f"}','48e4279df15a660a1805','bag1/duckdb-2.0:57632d56aa1d64f0803bf13d0b6251de6dd04fadfb968577dda891870480b618',3,1590,'2026-11-21T06:02:14.687914Z',0.006598,'','','[["assets.big.big","c979ae2d412fd24c8e17034eed5d690aa01b2d753e458fae4029a72638223fb8"]]','["polars-2.1.0/2:be10165af1f09d275e8c", [["id", "BIGINT", "51c284a0174060c1bb0b"], ["customer", "VARCHAR", "16dc424f928983f7b23f"], ["city", "VARCHAR", "86d76d028a803a1daf1c"], ["amount", "BIGINT", "e14351274d6fb4d1e1da"]]]','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]');
INSERT INTO "materializations" VALUES(10,'20261121-060214-9d2356.by_city','by_city','','20261121-060214-9d2356','094be20306edf03b7fb0108d6d2d55f7b0d8011690e1bf5ec337001430604566','ec0d987fd2ab00a02013bc420f7c6c5110b9684653ab622ae711cb518df1f84e','5f8008badaf25343d95ae67b9a377a85e35c772ca09371e38da91133addf1a06','','{"sales":"bag1/duckdb-2.0:985e2cf6bd6c0071871332ceb2e0230835550d1bdb75cd45c183f9116a646b26"}','370109a957114b5213ab','bag1/duckdb-2.0:55b20f1f05c70c154ce1f2bc4abb9415c4f56c1bef26291eefe77da300050c99',2,412,'2026-11-21T06:02:14.692601Z',0.003568,'','SELECT city, sum(amount) AS total FROM sales GROUP BY city','[]','["duckdb-2.0/2:f642d5259e5e6231bf33", [["city", "VARCHAR", "39654c135220073631d4"], ["total", "HUGEINT", "9cd402f159f5f2ef697b"]]]','[{"kind":"input_changed","upstream":"sales","columns":["amount","city"],"detail":"what it reads of sales changed (amount, city)"}]');
INSERT INTO "materializations" VALUES(11,'20261121-060214-9d2356.seen','seen','','20261121-060214-9d2356','c04d6565065a3a46760a18885d3bc2891662e6915feaf1c438ff28f34a41371a','9ff5b534639105347060a68322f8f66a88198277c3e0eeacbbb5ffa0e44d4316','463b7e19204635fe9f9e8aea8f2768b36e711227a32f5004478b12db66389058','','{"sales":"a1ce945c805b0b9db14f"}','43ec9f59534f5361afd9','c04d6565065a3a46760a18885d3bc2891662e6915feaf1c438ff28f34a41371a',NULL,0,'2026-11-21T06:02:14.693546Z',0.00038,'','SELECT * FROM sales','[]','["duckdb-2.0/2:e372f93b5a07c0ba5fb2", [["id", "BIGINT", "51c284a0174060c1bb0b"], ["customer", "VARCHAR", "16dc424f928983f7b23f"], ["city", "VARCHAR", "86d76d028a803a1daf1c"], ["amount", "BIGINT", "e14351274d6fb4d1e1da"]]]','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]');
INSERT INTO "materializations" VALUES(12,'20261121-060214-7b07e3.orders','orders','','20261121-060214-7b07e3','6845b11f56ccb80bb2af791351ba2731907bd6e0993d8164ed3e359f33ea2c9d','','6c1a766029bd444122a6b75fd59917f3446c5cc0e70e51515743055d41a4528e','','{}','26d35fc173b667b57be7','6c1a766029bd444122a6b75fd59917f3446c5cc0e70e51515743055d41a4528e',5,702,'2026-11-21T06:02:14.797037Z',0.025885,'','','[]','','[]');
INSERT INTO "materializations" VALUES(13,'20261121-060214-7b07e3.sales','sales','','20261121-060214-7b07e3','6905f1b35ba155cfc04a904112c96301e5c7dce924b1fe42b150135af67ecf43','86a4eff693b476d2998e22062c997ad81ec5a700426a6b40854757ce4e40f5c3','97c1bfe511ce080875fa3761831d79d7d3362e9c7993db9395a0a7ea4a7f96c6','','{"orders":"6c1a766029bd444122a6b75fd59917f3446c5cc0e70e51515743055d41a4528e"}','d4232627fbf357873a4f','bag1/duckdb-2.0:ba4d3127df3dd147cf27409da1bfed5d5ad13637bed52609860830dbe057ccc3',4,666,'2026-11-21T06:02:14.802265Z',0.003606,'','SELECT id, customer, city, amount FROM orders WHERE amount > 5','[]','["duckdb-2.0/2:0a308bf89f7d5f62ec95", [["id", "BIGINT", "a4f7b9643e2997abe591"], ["customer", "VARCHAR", "c29b223431e340ce0f06"], ["city", "VARCHAR", "ca8b6fa40b37f2eee5c3"], ["amount", "BIGINT", "a5bf8c14b70167e0113c"]]]','[{"kind":"input_changed","upstream":"orders","columns":["amount","city","customer","id"],"detail":"what it reads of orders changed (amount, city, customer, id)"}]');
INSERT INTO "materializations" VALUES(14,'20261121-060214-7b07e3.big','big','','20261121-060214-7b07e3','6dba95d7c8b1b97d43057d129f38005100aaaa53793bad29442c20bb590fff95','26742a336b29f77e6d120d7e43413c2cf03516e3548f1b4aaef313587a218d72','b848bf88653a4338df4997af7ed688c68f5918c8e1102a34f9f271a0ef0463e1','{"least": 20}','{"sales":"d4232627fbf357873a4f"}','48e4279df15a660a1805','bag1/duckdb-2.0:57632d56aa1d64f0803bf13d0b6251de6dd04fadfb968577dda891870480b618',3,1590,'2026-11-21T06:02:14.809570Z',0.006661,'','','[["assets.big.big","c979ae2d412fd24c8e17034eed5d690aa01b2d753e458fae4029a72638223fb8"]]','["polars-2.1.0/2:be10165af1f09d275e8c", [["id", "BIGINT", "51c284a0174060c1bb0b"], ["customer", "VARCHAR", "16dc424f928983f7b23f"], ["city", "VARCHAR", "86d76d028a803a1daf1c"], ["amount", "BIGINT", "e14351274d6fb4d1e1da"]]]','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]');
INSERT INTO "materializations" VALUES(15,'20261121-060214-7b07e3.seen','seen','','20261121-060214-7b07e3','1df3766e8a3abaa803bec58038ef5a3024e96c8365fc12e6f46a30047d1b216c','2d73e7a18e42652fdfc9d7e145fffaacf482998fc51485e5b46950b9e230de55','463b7e19204635fe9f9e8aea8f2768b36e711227a32f5004478b12db66389058','','{"sales":"d4232627fbf357873a4f"}','43ec9f59534f5361afd9','1df3766e8a3abaa803bec58038ef5a3024e96c8365fc12e6f46a30047d1b216c',NULL,0,'2026-11-21T06:02:14.810780Z',0.000375,'','SELECT * FROM sales','[]','["duckdb-2.0/2:e372f93b5a07c0ba5fb2", [["id", "BIGINT", "51c284a0174060c1bb0b"], ["customer", "VARCHAR", "16dc424f928983f7b23f"], ["city", "VARCHAR", "86d76d028a803a1daf1c"], ["amount", "BIGINT", "e14351274d6fb4d1e1da"]]]','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]');
INSERT INTO "materializations" VALUES(16,'20261121-060214-6aac91.by_city','by_city','','20261121-060214-6aac91','44dfba5c32b8e090073a0ea62ef200b426ca2f5a46e22ce0806cb875103d8d50','706921bfcda4c13b5ed416c4bb09339fdc4d73d7606657391bb1e1fe6bc58c25','db7b5d5b99ee674e5de7b49561ccc9c6c1782752c27c57cb06f77e33f8b80180','','{"sales":"bag1/duckdb-2.0:ba4d3127df3dd147cf27409da1bfed5d5ad13637bed52609860830dbe057ccc3"}','ee076d0113aa58250766','bag1/duckdb-2.0:695f2c2bf50212eeb3171a38cf3e91099358f13fca21a793d18e5ec009f7b6ad',2,553,'2026-11-21T06:02:14.878250Z',0.004891,'','SELECT city, sum(amount) AS total, count(*) AS n FROM sales GROUP BY city','[]','["duckdb-2.0/2:f642d5259e5e6231bf33", [["city", "VARCHAR", "39654c135220073631d4"], ["total", "HUGEINT", "9cd402f159f5f2ef697b"], ["n", "BIGINT", "be88cb3a82368b10ee1a"]]]','[{"kind":"code_changed","upstream":null,"columns":[],"detail":"assets/by_city.sql changed"}]');
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
INSERT INTO "pointers" VALUES('prod','big','','20261121-060214-7b07e3.big','6dba95d7c8b1b97d43057d129f38005100aaaa53793bad29442c20bb590fff95','bag1/duckdb-2.0:57632d56aa1d64f0803bf13d0b6251de6dd04fadfb968577dda891870480b618','48e4279df15a660a1805',3,'2026-11-21T06:02:14.811622Z','','objects/1f/1f18a4ad610d07ec545d27fc08a9205cbb63f4cc901b795f9aaa510d22e0602e.parquet');
INSERT INTO "pointers" VALUES('prod','by_city','','20261121-060214-6aac91.by_city','44dfba5c32b8e090073a0ea62ef200b426ca2f5a46e22ce0806cb875103d8d50','bag1/duckdb-2.0:695f2c2bf50212eeb3171a38cf3e91099358f13fca21a793d18e5ec009f7b6ad','ee076d0113aa58250766',2,'2026-11-21T06:02:14.878943Z','','objects/77/7711ffbd9bd0984203900c9b935f8abe7c7324e3a2c5cebc1028bad60c39f0af.parquet');
INSERT INTO "pointers" VALUES('prod','orders','','20261121-060214-7b07e3.orders','6845b11f56ccb80bb2af791351ba2731907bd6e0993d8164ed3e359f33ea2c9d','6c1a766029bd444122a6b75fd59917f3446c5cc0e70e51515743055d41a4528e','26d35fc173b667b57be7',5,'2026-11-21T06:02:14.811622Z','','objects/f1/f13ef032646ef8f43566b03a1b230bb151936d475ed4a969d9575b0c45661429.parquet');
INSERT INTO "pointers" VALUES('prod','people','','20261121-060214-fc7f3f.people','67bf072d3447251cda61e1920afcf4444ef3cdc81b04e400e5f638894d297f3c','bag1/duckdb-2.0:cc85bc0b781a3d9727c263fc5df7dbf9731104acb5f96d97d905fd4c146784bf','f5c855660523c28780dc',1,'2026-11-21T06:02:14.564444Z','','objects/e9/e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37.parquet');
INSERT INTO "pointers" VALUES('prod','sales','','20261121-060214-7b07e3.sales','6905f1b35ba155cfc04a904112c96301e5c7dce924b1fe42b150135af67ecf43','bag1/duckdb-2.0:ba4d3127df3dd147cf27409da1bfed5d5ad13637bed52609860830dbe057ccc3','d4232627fbf357873a4f',4,'2026-11-21T06:02:14.811622Z','','objects/98/98cf3653961e2dd5e8be99eea959fde12318f138611ef00967354cff55662670.parquet');
INSERT INTO "pointers" VALUES('prod','seen','','20261121-060214-7b07e3.seen','1df3766e8a3abaa803bec58038ef5a3024e96c8365fc12e6f46a30047d1b216c','1df3766e8a3abaa803bec58038ef5a3024e96c8365fc12e6f46a30047d1b216c','43ec9f59534f5361afd9',NULL,'2026-11-21T06:02:14.811622Z','','');
CREATE TABLE projections (
    snapshot TEXT NOT NULL,
    columns  TEXT NOT NULL,           -- JSON [name]
    ordered  INTEGER NOT NULL,
    digest   TEXT NOT NULL,
    PRIMARY KEY (snapshot, columns, ordered)
) WITHOUT ROWID;
INSERT INTO "projections" VALUES('19d17789a6fb35006618','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:14b8c3e9ff8f7b204d725434a7ad69f9a2382468ac01f5d9380947064760ab38');
INSERT INTO "projections" VALUES('26d35fc173b667b57be7','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:02af1e5a433bcbf843f3491d268838b48d7420dc26152e1408f762640aeb3c49');
INSERT INTO "projections" VALUES('54e1321b4b5ad9514911','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:1d1359ae5db4f5d76fd902a0290b01057668406ba1f546eb3ce53bd0a6005796');
INSERT INTO "projections" VALUES('a1ce945c805b0b9db14f','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:985e2cf6bd6c0071871332ceb2e0230835550d1bdb75cd45c183f9116a646b26');
INSERT INTO "projections" VALUES('a1ce945c805b0b9db14f','["amount","city","customer","id"]',1,'bag1/duckdb-2.0:76a4fd43df75d30accf1c2ee4cd0eb7d82bb41cb5215b995dbd31caea6dc5c63');
INSERT INTO "projections" VALUES('a1ce945c805b0b9db14f','["amount","city"]',0,'bag1/duckdb-2.0:48f19473cce8319cd5bd7c9e9722f3a369de7a71067d410ec01309b393757c82');
INSERT INTO "projections" VALUES('c8a83da53664fac81053','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774');
INSERT INTO "projections" VALUES('c8a83da53664fac81053','["amount","city","customer","id"]',1,'bag1/duckdb-2.0:1598430ccd9d9ccb0e01ece75e3ca90d789882e6935ff312cd2c8c8bc9e9cb63');
INSERT INTO "projections" VALUES('c8a83da53664fac81053','["amount","city"]',0,'bag1/duckdb-2.0:7d3d97eae0dcbbc450073c61248de551c6d8b41edbc58031ba44f553775b17f2');
INSERT INTO "projections" VALUES('d4232627fbf357873a4f','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:ba4d3127df3dd147cf27409da1bfed5d5ad13637bed52609860830dbe057ccc3');
INSERT INTO "projections" VALUES('d4232627fbf357873a4f','["amount","city","customer","id"]',1,'bag1/duckdb-2.0:355b8ddb8411bc423f3b4f13814fb51fb32e15a6999747d6f07a7350d735aa5e');
INSERT INTO "projections" VALUES('d4232627fbf357873a4f','["amount","city"]',0,'bag1/duckdb-2.0:48f19473cce8319cd5bd7c9e9722f3a369de7a71067d410ec01309b393757c82');
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
INSERT INTO "proofs" VALUES(1,'prod','by_city','','20261121-060214-9d2356.by_city','20261121-060214-7b07e3','2026-11-21T06:02:14.812097Z','c888bdd2685f2877b9326f52139e0ec400bda162b26ac2d5bcfebf5b67aeccab','','[["sales",["amount","city"],false,"a1ce945c805b0b9db14f","bag1/duckdb-2.0:48f19473cce8319cd5bd7c9e9722f3a369de7a71067d410ec01309b393757c82","d4232627fbf357873a4f"]]');
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
INSERT INTO "publications" VALUES(1,'prod','orders','','20261121-060214-fc7f3f.orders',1,'2026-11-21T06:02:14.564444Z','20261121-060214-fc7f3f');
INSERT INTO "publications" VALUES(2,'prod','people','','20261121-060214-fc7f3f.people',1,'2026-11-21T06:02:14.564444Z','20261121-060214-fc7f3f');
INSERT INTO "publications" VALUES(3,'prod','sales','','20261121-060214-fc7f3f.sales',1,'2026-11-21T06:02:14.564444Z','20261121-060214-fc7f3f');
INSERT INTO "publications" VALUES(4,'prod','big','','20261121-060214-fc7f3f.big',1,'2026-11-21T06:02:14.564444Z','20261121-060214-fc7f3f');
INSERT INTO "publications" VALUES(5,'prod','by_city','','20261121-060214-fc7f3f.by_city',1,'2026-11-21T06:02:14.564444Z','20261121-060214-fc7f3f');
INSERT INTO "publications" VALUES(6,'prod','seen','','20261121-060214-fc7f3f.seen',1,'2026-11-21T06:02:14.564444Z','20261121-060214-fc7f3f');
INSERT INTO "publications" VALUES(7,'prod','orders','','20261121-060214-9d2356.orders',2,'2026-11-21T06:02:14.694352Z','20261121-060214-9d2356');
INSERT INTO "publications" VALUES(8,'prod','sales','','20261121-060214-9d2356.sales',2,'2026-11-21T06:02:14.694352Z','20261121-060214-9d2356');
INSERT INTO "publications" VALUES(9,'prod','big','','20261121-060214-9d2356.big',2,'2026-11-21T06:02:14.694352Z','20261121-060214-9d2356');
INSERT INTO "publications" VALUES(10,'prod','by_city','','20261121-060214-9d2356.by_city',2,'2026-11-21T06:02:14.694352Z','20261121-060214-9d2356');
INSERT INTO "publications" VALUES(11,'prod','seen','','20261121-060214-9d2356.seen',2,'2026-11-21T06:02:14.694352Z','20261121-060214-9d2356');
INSERT INTO "publications" VALUES(12,'prod','orders','','20261121-060214-7b07e3.orders',3,'2026-11-21T06:02:14.811622Z','20261121-060214-7b07e3');
INSERT INTO "publications" VALUES(13,'prod','sales','','20261121-060214-7b07e3.sales',3,'2026-11-21T06:02:14.811622Z','20261121-060214-7b07e3');
INSERT INTO "publications" VALUES(14,'prod','big','','20261121-060214-7b07e3.big',3,'2026-11-21T06:02:14.811622Z','20261121-060214-7b07e3');
INSERT INTO "publications" VALUES(15,'prod','seen','','20261121-060214-7b07e3.seen',3,'2026-11-21T06:02:14.811622Z','20261121-060214-7b07e3');
INSERT INTO "publications" VALUES(16,'prod','by_city','','20261121-060214-6aac91.by_city',4,'2026-11-21T06:02:14.878943Z','20261121-060214-6aac91');
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
INSERT INTO "runs" VALUES(1,'20261121-060214-fc7f3f','prod','succeeded','2026-11-21T06:02:14.390181Z','2026-11-21T06:02:14.590593Z','','',0);
INSERT INTO "runs" VALUES(2,'20261121-060214-9d2356','prod','succeeded','2026-11-21T06:02:14.648811Z','2026-11-21T06:02:14.712046Z','','',0);
INSERT INTO "runs" VALUES(3,'20261121-060214-7b07e3','prod','succeeded','2026-11-21T06:02:14.769303Z','2026-11-21T06:02:14.835701Z','','',0);
INSERT INTO "runs" VALUES(4,'20261121-060214-6aac91','prod','succeeded','2026-11-21T06:02:14.869759Z','2026-11-21T06:02:14.893894Z','','',0);
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
INSERT INTO "snapshots" VALUES('19d17789a6fb35006618','orders','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/fd/fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0.parquet","fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0",4,689]]','objects/fd/fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0.parquet',4,689,NULL);
INSERT INTO "snapshots" VALUES('26d35fc173b667b57be7','orders','6c1a766029bd444122a6b75fd59917f3446c5cc0e70e51515743055d41a4528e','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/f1/f13ef032646ef8f43566b03a1b230bb151936d475ed4a969d9575b0c45661429.parquet","f13ef032646ef8f43566b03a1b230bb151936d475ed4a969d9575b0c45661429",5,702]]','objects/f1/f13ef032646ef8f43566b03a1b230bb151936d475ed4a969d9575b0c45661429.parquet',5,702,NULL);
INSERT INTO "snapshots" VALUES('370109a957114b5213ab','by_city','bag1/duckdb-2.0:55b20f1f05c70c154ce1f2bc4abb9415c4f56c1bef26291eefe77da300050c99','[["city","VARCHAR",null],["total","HUGEINT","DECIMAL(38,0)"]]','[["objects/44/4474176bb611fbf6225492162f52279977f1768e4614f142e826163b91a44e91.parquet","4474176bb611fbf6225492162f52279977f1768e4614f142e826163b91a44e91",2,412]]','objects/44/4474176bb611fbf6225492162f52279977f1768e4614f142e826163b91a44e91.parquet',2,412,NULL);
INSERT INTO "snapshots" VALUES('43ec9f59534f5361afd9','seen','1df3766e8a3abaa803bec58038ef5a3024e96c8365fc12e6f46a30047d1b216c','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[]','',NULL,0,'SELECT * FROM sales');
INSERT INTO "snapshots" VALUES('48e4279df15a660a1805','big','bag1/duckdb-2.0:57632d56aa1d64f0803bf13d0b6251de6dd04fadfb968577dda891870480b618','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/1f/1f18a4ad610d07ec545d27fc08a9205cbb63f4cc901b795f9aaa510d22e0602e.parquet","1f18a4ad610d07ec545d27fc08a9205cbb63f4cc901b795f9aaa510d22e0602e",3,1590]]','objects/1f/1f18a4ad610d07ec545d27fc08a9205cbb63f4cc901b795f9aaa510d22e0602e.parquet',3,1590,NULL);
INSERT INTO "snapshots" VALUES('54e1321b4b5ad9514911','orders','51e802f89acd2ec2ed946abad3cca2b7f028d8f4040ef41145acb36fff0de326','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/b9/b970493e774ea3c4a990b9504202729b9762cc59e04627ad886836f89b77bf94.parquet","b970493e774ea3c4a990b9504202729b9762cc59e04627ad886836f89b77bf94",5,702]]','objects/b9/b970493e774ea3c4a990b9504202729b9762cc59e04627ad886836f89b77bf94.parquet',5,702,NULL);
INSERT INTO "snapshots" VALUES('8ffc15cb3bd664735f74','big','bag1/duckdb-2.0:bbdc8edf7a548d76c5eb36ef47746a1c36926da35b1d4991bef4761d7e62e950','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/e9/e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879.parquet","e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879",2,1572]]','objects/e9/e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879.parquet',2,1572,NULL);
INSERT INTO "snapshots" VALUES('9d80d410053374aea85d','by_city','bag1/duckdb-2.0:b48e6b9e1487ee6feaa43bd77b05acf7a2e2658692f0f705c0192f4abcb1c968','[["city","VARCHAR",null],["total","HUGEINT","DECIMAL(38,0)"]]','[["objects/5e/5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139.parquet","5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139",2,412]]','objects/5e/5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139.parquet',2,412,NULL);
INSERT INTO "snapshots" VALUES('a1ce945c805b0b9db14f','sales','bag1/duckdb-2.0:985e2cf6bd6c0071871332ceb2e0230835550d1bdb75cd45c183f9116a646b26','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/25/25c922957cc1b8a88d3d51cdc9e84a5095d43d0f9f2dbf912d582ff1aad5b34f.parquet","25c922957cc1b8a88d3d51cdc9e84a5095d43d0f9f2dbf912d582ff1aad5b34f",4,661]]','objects/25/25c922957cc1b8a88d3d51cdc9e84a5095d43d0f9f2dbf912d582ff1aad5b34f.parquet',4,661,NULL);
INSERT INTO "snapshots" VALUES('c8a83da53664fac81053','sales','bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet","2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0",3,659]]','objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet',3,659,NULL);
INSERT INTO "snapshots" VALUES('d4232627fbf357873a4f','sales','bag1/duckdb-2.0:ba4d3127df3dd147cf27409da1bfed5d5ad13637bed52609860830dbe057ccc3','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/98/98cf3653961e2dd5e8be99eea959fde12318f138611ef00967354cff55662670.parquet","98cf3653961e2dd5e8be99eea959fde12318f138611ef00967354cff55662670",4,666]]','objects/98/98cf3653961e2dd5e8be99eea959fde12318f138611ef00967354cff55662670.parquet',4,666,NULL);
INSERT INTO "snapshots" VALUES('ee076d0113aa58250766','by_city','bag1/duckdb-2.0:695f2c2bf50212eeb3171a38cf3e91099358f13fca21a793d18e5ec009f7b6ad','[["city","VARCHAR",null],["total","HUGEINT","DECIMAL(38,0)"],["n","BIGINT",null]]','[["objects/77/7711ffbd9bd0984203900c9b935f8abe7c7324e3a2c5cebc1028bad60c39f0af.parquet","7711ffbd9bd0984203900c9b935f8abe7c7324e3a2c5cebc1028bad60c39f0af",2,553]]','objects/77/7711ffbd9bd0984203900c9b935f8abe7c7324e3a2c5cebc1028bad60c39f0af.parquet',2,553,NULL);
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
INSERT INTO "steps" VALUES(1,'20261121-060214-fc7f3f','people','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',1,0.003788,'f5c855660523c28780dc',NULL);
INSERT INTO "steps" VALUES(2,'20261121-060214-fc7f3f','sales','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',3,0.004165,'c8a83da53664fac81053',NULL);
INSERT INTO "steps" VALUES(3,'20261121-060214-fc7f3f','big','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.015303,'8ffc15cb3bd664735f74',NULL);
INSERT INTO "steps" VALUES(4,'20261121-060214-fc7f3f','by_city','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.003586,'9d80d410053374aea85d',NULL);
INSERT INTO "steps" VALUES(5,'20261121-060214-fc7f3f','seen','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',NULL,0.000367,'43ec9f59534f5361afd9',NULL);
INSERT INTO "steps" VALUES(6,'20261121-060214-9d2356','sales','','materialized','full','[{"kind":"input_changed","upstream":"orders","columns":["amount","city","customer","id"],"detail":"what it reads of orders changed (amount, city, customer, id)"}]',4,0.003359,'a1ce945c805b0b9db14f',NULL);
INSERT INTO "steps" VALUES(7,'20261121-060214-9d2356','big','','materialized','full','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]',3,0.006598,'48e4279df15a660a1805',NULL);
INSERT INTO "steps" VALUES(8,'20261121-060214-9d2356','by_city','','materialized','full','[{"kind":"input_changed","upstream":"sales","columns":["amount","city"],"detail":"what it reads of sales changed (amount, city)"}]',2,0.003568,'370109a957114b5213ab',NULL);
INSERT INTO "steps" VALUES(9,'20261121-060214-9d2356','seen','','materialized','full','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]',NULL,0.00038,'43ec9f59534f5361afd9',NULL);
INSERT INTO "steps" VALUES(10,'20261121-060214-7b07e3','sales','','materialized','full','[{"kind":"input_changed","upstream":"orders","columns":["amount","city","customer","id"],"detail":"what it reads of orders changed (amount, city, customer, id)"}]',4,0.003606,'d4232627fbf357873a4f',NULL);
INSERT INTO "steps" VALUES(11,'20261121-060214-7b07e3','big','','materialized','full','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]',3,0.006661,'48e4279df15a660a1805',NULL);
INSERT INTO "steps" VALUES(12,'20261121-060214-7b07e3','by_city','','skipped',NULL,'[{"kind":"input_changed","upstream":"sales","columns":[],"detail":"sales is made first: its rows may come out the same"}]',NULL,0.0,NULL,NULL);
INSERT INTO "steps" VALUES(13,'20261121-060214-7b07e3','seen','','materialized','full','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]',NULL,0.000375,'43ec9f59534f5361afd9',NULL);
INSERT INTO "steps" VALUES(14,'20261121-060214-6aac91','by_city','','materialized','full','[{"kind":"code_changed","upstream":null,"columns":[],"detail":"assets/by_city.sql changed"}]',2,0.004891,'ee076d0113aa58250766',NULL);
CREATE INDEX materializations_made_from ON materializations (asset, partition, fingerprint_hash);
CREATE INDEX materializations_read ON materializations (asset, partition, read_hash);
CREATE INDEX proofs_of_asset ON proofs (env, asset, partition, number);
CREATE INDEX publications_of_generation ON publications (env, generation);
CREATE INDEX publications_of_asset ON publications (env, asset, partition, number);
CREATE INDEX steps_failed ON steps (asset, partition, number) WHERE outcome = 'failed';
CREATE INDEX steps_of_asset ON steps (asset, partition, number);
CREATE INDEX check_results_of_asset ON check_results (asset, partition);
COMMIT;
