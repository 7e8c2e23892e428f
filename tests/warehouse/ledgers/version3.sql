PRAGMA application_id = 1634102391;
PRAGMA user_version = 3;
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
INSERT INTO "check_results" VALUES('20261121-074601-c0d231','by_city','','not_null(total)','error',0,'total',NULL,NULL);
INSERT INTO "check_results" VALUES('20261121-074603-7f1541','by_city','','not_null(total)','error',0,'total',NULL,NULL);
INSERT INTO "check_results" VALUES('20261121-074604-08da04','by_city','','not_null(total)','error',0,'total',NULL,NULL);
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
INSERT INTO "environments" VALUES('prod',3,'2026-11-21T07:46:04.632663Z');
CREATE TABLE file_sums (
    file TEXT NOT NULL,               -- its SHA-256
    key  TEXT NOT NULL,               -- which columns were summed up, and how
    rows INTEGER NOT NULL,
    low  TEXT NOT NULL,               -- more digits than an INTEGER has
    high TEXT NOT NULL,
    PRIMARY KEY (file, key)
) WITHOUT ROWID;
INSERT INTO "file_sums" VALUES('18e9660ae05ad2d6f07eda670b46f73fdc4bf9dec8c12dafcc68eba678a5cb19','65012fc34fcf66dbcacf7acb7d885bee',1,'17732311866047438174','4308509859539208190');
INSERT INTO "file_sums" VALUES('18e9660ae05ad2d6f07eda670b46f73fdc4bf9dec8c12dafcc68eba678a5cb19','89b4a659577902a7ad81863c3a66bec9',1,'11483044734155892600','6426999681958662464');
INSERT INTO "file_sums" VALUES('2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6','65012fc34fcf66dbcacf7acb7d885bee',5,'35004093563660206490','16343950178569746397');
INSERT INTO "file_sums" VALUES('2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0','65012fc34fcf66dbcacf7acb7d885bee',3,'16263837954593897918','11577859908768308187');
INSERT INTO "file_sums" VALUES('2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0','89b4a659577902a7ad81863c3a66bec9',3,'44768827675742156139','35880813984459578317');
INSERT INTO "file_sums" VALUES('3c8df922b8d9d035f3067efe488f493768e420356fb9646870bc409d65f5cdf4','65012fc34fcf66dbcacf7acb7d885bee',3,'27287497625387076498','11384899494228918169');
INSERT INTO "file_sums" VALUES('5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139','ec5a89820a609c684c8ee7f91b6b6d00',2,'19378224277764718065','14020314243337169995');
INSERT INTO "file_sums" VALUES('98b3d1f170af2cc3bdfcba54316181543d259b337d23ab24241196431558ce16','ec5a89820a609c684c8ee7f91b6b6d00',2,'19010763640774128463','7146437363533500933');
INSERT INTO "file_sums" VALUES('cb30037454f429d8b5b62734f27567a260a180b417e2811652bc3e3e61495558','65012fc34fcf66dbcacf7acb7d885bee',5,'35004093563660206490','16343950178569746397');
INSERT INTO "file_sums" VALUES('cb30037454f429d8b5b62734f27567a260a180b417e2811652bc3e3e61495558','89b4a659577902a7ad81863c3a66bec9',5,'65593384452175830204','47015095518097502330');
INSERT INTO "file_sums" VALUES('d1f209de5a80104293409b21e647b2a6aca3ea5ec3cc5cb44ff9fd3cf4991281','ec5a89820a609c684c8ee7f91b6b6d00',1,'9341512042277781465','4707281851679261549');
INSERT INTO "file_sums" VALUES('e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37','ad0c66ca5ba129abd1c585db7cac97b3',1,'805863398487535533','618055099177420665');
INSERT INTO "file_sums" VALUES('e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879','65012fc34fcf66dbcacf7acb7d885bee',2,'9555185759339638324','7076389634689709979');
INSERT INTO "file_sums" VALUES('fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0','65012fc34fcf66dbcacf7acb7d885bee',4,'17271781697612768316','12035440319030538207');
CREATE TABLE inputs (
    materialization TEXT NOT NULL REFERENCES materializations (id),
    upstream        TEXT NOT NULL,
    digest          TEXT NOT NULL,
    snapshot        TEXT NOT NULL,
    columns         TEXT,             -- JSON [name], or null for all
    ordered         INTEGER NOT NULL, -- 1: the digest is of the rows in their order
    PRIMARY KEY (materialization, upstream)
) WITHOUT ROWID;
INSERT INTO "inputs" VALUES('20261121-074601-c0d231.big','sales','bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774','c8a83da53664fac81053','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-074601-c0d231.by_city','sales','bag1/duckdb-2.0:7d3d97eae0dcbbc450073c61248de551c6d8b41edbc58031ba44f553775b17f2','c8a83da53664fac81053','["amount","city"]',0);
INSERT INTO "inputs" VALUES('20261121-074601-c0d231.sales','orders','bag1/duckdb-2.0:14b8c3e9ff8f7b204d725434a7ad69f9a2382468ac01f5d9380947064760ab38','19d17789a6fb35006618','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-074603-7f1541.big','sales','bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f','48e64e9c06f825b88ba0','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-074603-7f1541.by_city','sales','bag1/duckdb-2.0:4042fedaab5c3ca55f8c38cc9d716b5ab58e82782bac0236c395694580be79a2','48e64e9c06f825b88ba0','["amount","city"]',0);
INSERT INTO "inputs" VALUES('20261121-074603-7f1541.sales','orders','bag1/duckdb-2.0:861492d7fe751c8fd90f22c8b55ccbf335c7594419e3709e175beff207cd3edf','1077b048bc1a67c5aa20','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-074604-08da04.big','sales','bag1/duckdb-2.0:861492d7fe751c8fd90f22c8b55ccbf335c7594419e3709e175beff207cd3edf','8c97f9a1686ac637dfc2','["amount","city","customer","id"]',0);
INSERT INTO "inputs" VALUES('20261121-074604-08da04.by_city','sales','bag1/duckdb-2.0:27a6d7202f214f82fa6805cc67824eb37247439aa7172f9b4d6e1284f67794b8','8c97f9a1686ac637dfc2','["amount","city"]',0);
INSERT INTO "inputs" VALUES('20261121-074604-08da04.sales','orders','bag1/duckdb-2.0:861492d7fe751c8fd90f22c8b55ccbf335c7594419e3709e175beff207cd3edf','1077b048bc1a67c5aa20','["amount","city","customer","id"]',0);
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
INSERT INTO "materializations" VALUES(1,'20261121-074601-c0d231.orders','orders','','20261121-074601-c0d231','3d69f817ee46dc7d8661eea32a0874cdf51089a8155ea4a14fdfc7f1a7807281','','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc','','{}','19d17789a6fb35006618','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc',4,689,'2026-11-21T07:46:01.810985Z',0.238096,'','','[]','','[]');
INSERT INTO "materializations" VALUES(2,'20261121-074601-c0d231.people','people','','20261121-074601-c0d231','67bf072d3447251cda61e1920afcf4444ef3cdc81b04e400e5f638894d297f3c','','6fe6ec4269a52b57c03f273ff3673b8d7ca6353875fc95df3a5f9d607aeadc35','','{}','f5c855660523c28780dc','bag1/duckdb-2.0:cc85bc0b781a3d9727c263fc5df7dbf9731104acb5f96d97d905fd4c146784bf',1,315,'2026-11-21T07:46:02.046888Z',0.198882,'','SELECT 1 AS id, ''ann'' AS name','[]','["duckdb-2.0/2:1397edf646b97029fbcf", [["id", "INTEGER", "73649ee538b143b220e4"], ["name", "VARCHAR", "35ee98c9cdc25dc7fc7c"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(3,'20261121-074601-c0d231.sales','sales','','20261121-074601-c0d231','1232f331cd6b1406859810f5843f825c4890dba28a0571cf7852f50502b3c706','da742f447124f03d28dff90f5689da0936dc86361aa2e3179646731944badf98','97c1bfe511ce080875fa3761831d79d7d3362e9c7993db9395a0a7ea4a7f96c6','','{"orders":"b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc"}','c8a83da53664fac81053','bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774',3,659,'2026-11-21T07:46:02.834261Z',0.02237,'','SELECT id, customer, city, amount FROM orders WHERE amount > 5','[]','["duckdb-2.0/2:0a308bf89f7d5f62ec95", [["id", "BIGINT", "a4f7b9643e2997abe591"], ["customer", "VARCHAR", "c29b223431e340ce0f06"], ["city", "VARCHAR", "ca8b6fa40b37f2eee5c3"], ["amount", "BIGINT", "a5bf8c14b70167e0113c"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(4,'20261121-074601-c0d231.big','big','','20261121-074601-c0d231','71db333e009b1db543fd59572025cfdbdbbcfa7af11bba26b9e13d7c903767eb','036ac54df838e01412b22186344b389c3fe00f43cd8fcaf0643b1b3f6b39d55d','b848bf88653a4338df4997af7ed688c68f5918c8e1102a34f9f271a0ef0463e1','{"least": 20}','{"sales":"c8a83da53664fac81053"}','8ffc15cb3bd664735f74','bag1/duckdb-2.0:bbdc8edf7a548d76c5eb36ef47746a1c36926da35b1d4991bef4761d7e62e950',2,1572,'2026-11-21T07:46:02.891645Z',0.044452,'','','[["assets.big.big","c979ae2d412fd24c8e17034eed5d690aa01b2d753e458fae4029a72638223fb8"]]','["polars-2.1.0/2:be10165af1f09d275e8c", [["id", "BIGINT", "51c284a0174060c1bb0b"], ["customer", "VARCHAR", "16dc424f928983f7b23f"], ["city", "VARCHAR", "86d76d028a803a1daf1c"], ["amount", "BIGINT", "e14351274d6fb4d1e1da"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(5,'20261121-074601-c0d231.by_city','by_city','','20261121-074601-c0d231','5f099360e76b1aa0428158c7908b027f6125a51abfc03e6ca8a415ffd22b85d5','3c4db22a8c3158e85d72e6917cb95c9121ab2d37bfa9712c98fe23d3a4b7999e','5f8008badaf25343d95ae67b9a377a85e35c772ca09371e38da91133addf1a06','','{"sales":"bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774"}','9d80d410053374aea85d','bag1/duckdb-2.0:b48e6b9e1487ee6feaa43bd77b05acf7a2e2658692f0f705c0192f4abcb1c968',2,412,'2026-11-21T07:46:03.039126Z',0.013193,'953ec5a6fed7667302f961ce544387c3f0794172d0d4381fa2fd2aa39d90543f','SELECT city, sum(amount) AS total FROM sales GROUP BY city','[]','["duckdb-2.0/2:f642d5259e5e6231bf33", [["city", "VARCHAR", "39654c135220073631d4"], ["total", "HUGEINT", "9cd402f159f5f2ef697b"]]]','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]');
INSERT INTO "materializations" VALUES(6,'20261121-074603-7f1541.orders','orders','','20261121-074603-7f1541','71d844311a1cfe24e817f4a4dae0fe6a9a4824bcb424f05650cabc9ecbef3b47','','ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2','','{}','1077b048bc1a67c5aa20','ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2',5,702,'2026-11-21T07:46:03.632765Z',0.166777,'','','[]','','[]');
INSERT INTO "materializations" VALUES(7,'20261121-074603-7f1541.sales','sales','','20261121-074603-7f1541','279f732d08eeedfd8363e12e869e1e94ae3208dda0e73eb365b2adb02bcf6629','8d59fae8c1112595bf3d4eebf2cbd7a4311e2811ae0fe0a5df1b8c65093e867f','97c1bfe511ce080875fa3761831d79d7d3362e9c7993db9395a0a7ea4a7f96c6','','{"orders":"ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2"}','48e64e9c06f825b88ba0','bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f',4,1258,'2026-11-21T07:46:03.911282Z',0.258731,'','SELECT id, customer, city, amount FROM orders WHERE amount > 5','[]','["duckdb-2.0/2:0a308bf89f7d5f62ec95", [["id", "BIGINT", "a4f7b9643e2997abe591"], ["customer", "VARCHAR", "c29b223431e340ce0f06"], ["city", "VARCHAR", "ca8b6fa40b37f2eee5c3"], ["amount", "BIGINT", "a5bf8c14b70167e0113c"]]]','[{"kind":"input_changed","upstream":"orders","columns":["amount","city","customer","id"],"detail":"what it reads of orders changed (amount, city, customer, id)"}]');
INSERT INTO "materializations" VALUES(8,'20261121-074603-7f1541.big','big','','20261121-074603-7f1541','0aaad14d008911ddecae142b760d0f2603014bb2a6e47ad0d9f5510d125273c6','e2d8bd972ebf556b552e7a975f6670c19fc9d36c288eb935ed10952d8dda78d0','b848bf88653a4338df4997af7ed688c68f5918c8e1102a34f9f271a0ef0463e1','{"least": 20}','{"sales":"48e64e9c06f825b88ba0"}','8ae00e33b559c581fb5a','bag1/duckdb-2.0:505622c49e7287ec1ebd027a121d0795906cc9403991c1cde8f0ce0eeb64e4a8',3,1590,'2026-11-21T07:46:03.970698Z',0.032041,'','','[["assets.big.big","c979ae2d412fd24c8e17034eed5d690aa01b2d753e458fae4029a72638223fb8"]]','["polars-2.1.0/2:be10165af1f09d275e8c", [["id", "BIGINT", "51c284a0174060c1bb0b"], ["customer", "VARCHAR", "16dc424f928983f7b23f"], ["city", "VARCHAR", "86d76d028a803a1daf1c"], ["amount", "BIGINT", "e14351274d6fb4d1e1da"]]]','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]');
INSERT INTO "materializations" VALUES(9,'20261121-074603-7f1541.by_city','by_city','','20261121-074603-7f1541','667a0396009823bd85b06cd67b7d0f810086c087e81db4ec2f0b90192ed40bb7','30b9c5f9d4f06c9dedf9fcc64d29dbacdf6101abae5e73132d93f24785ea7a4d','5f8008badaf25343d95ae67b9a377a85e35c772ca09371e38da91133addf1a06','','{"sales":"bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f"}','2c6984291bcd1d3e9dc6','bag1/duckdb-2.0:471a4e79e8a1d9382b81ded9ade2042dfc22479a2547ca775fbbb274b259dc38',2,418,'2026-11-21T07:46:04.075169Z',0.052597,'953ec5a6fed7667302f961ce544387c3f0794172d0d4381fa2fd2aa39d90543f','SELECT city, sum(amount) AS total FROM sales GROUP BY city','[]','["duckdb-2.0/2:f642d5259e5e6231bf33", [["city", "VARCHAR", "39654c135220073631d4"], ["total", "HUGEINT", "9cd402f159f5f2ef697b"]]]','[{"kind":"input_changed","upstream":"sales","columns":["amount","city"],"detail":"what it reads of sales changed (amount, city)"}]');
INSERT INTO "materializations" VALUES(10,'20261121-074604-08da04.sales','sales','','20261121-074604-08da04','6c744f89a276296438d829cccdf647ad5bc841ffdb0069214c283537983c2f5a','fc9ff2e1ec93069a327387b36acd94dd2843a23ac9476ccbf49337c4625f2077','d95aff2e8b60c3103e2e5e172a99022296bb47494d4462ef29c056661db53e8f','','{"orders":"ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2"}','8c97f9a1686ac637dfc2','bag1/duckdb-2.0:861492d7fe751c8fd90f22c8b55ccbf335c7594419e3709e175beff207cd3edf',5,681,'2026-11-21T07:46:04.506545Z',0.027414,'','SELECT id, customer, city, amount FROM orders WHERE amount > 4','[]','["duckdb-2.0/2:9034555fa62a98969f3a", [["id", "BIGINT", "a4f7b9643e2997abe591"], ["customer", "VARCHAR", "c29b223431e340ce0f06"], ["city", "VARCHAR", "ca8b6fa40b37f2eee5c3"], ["amount", "BIGINT", "a5bf8c14b70167e0113c"]]]','[{"kind":"code_changed","upstream":null,"columns":[],"detail":"assets/sales.sql changed"}]');
INSERT INTO "materializations" VALUES(11,'20261121-074604-08da04.big','big','','20261121-074604-08da04','19c3d30763e0ae8c320448e69a55440a7d56d4b5a4c59c1c07a7efb5ee75b4a0','060a61b8575efdae331980654069fdb12425bced6b43a36f00c86c5438351e12','b848bf88653a4338df4997af7ed688c68f5918c8e1102a34f9f271a0ef0463e1','{"least": 20}','{"sales":"8c97f9a1686ac637dfc2"}','8ae00e33b559c581fb5a','bag1/duckdb-2.0:505622c49e7287ec1ebd027a121d0795906cc9403991c1cde8f0ce0eeb64e4a8',3,1590,'2026-11-21T07:46:04.557655Z',0.049791,'','','[["assets.big.big","c979ae2d412fd24c8e17034eed5d690aa01b2d753e458fae4029a72638223fb8"]]','["polars-2.1.0/2:be10165af1f09d275e8c", [["id", "BIGINT", "51c284a0174060c1bb0b"], ["customer", "VARCHAR", "16dc424f928983f7b23f"], ["city", "VARCHAR", "86d76d028a803a1daf1c"], ["amount", "BIGINT", "e14351274d6fb4d1e1da"]]]','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]');
INSERT INTO "materializations" VALUES(12,'20261121-074604-08da04.by_city','by_city','','20261121-074604-08da04','71fdc0ebc24d1cc67b277d2ba62343921516e12062a2000101eb8b3e2a9417c0','8e869420f47ed6d15ec48c4c224e29a184f3f4a0b1c2e0816690e970d4d608a9','5f8008badaf25343d95ae67b9a377a85e35c772ca09371e38da91133addf1a06','','{"sales":"bag1/duckdb-2.0:861492d7fe751c8fd90f22c8b55ccbf335c7594419e3709e175beff207cd3edf"}','1dc4e1d2fe372f620d02','bag1/duckdb-2.0:5f7f5df19703a2a7c17f0c0357da89b80798ce8fff3afef0aa1a893ba1c14532',3,789,'2026-11-21T07:46:04.621753Z',0.035195,'953ec5a6fed7667302f961ce544387c3f0794172d0d4381fa2fd2aa39d90543f','SELECT city, sum(amount) AS total FROM sales GROUP BY city','[]','["duckdb-2.0/2:f642d5259e5e6231bf33", [["city", "VARCHAR", "39654c135220073631d4"], ["total", "HUGEINT", "9cd402f159f5f2ef697b"]]]','[{"kind":"input_changed","upstream":"sales","columns":["amount","city"],"detail":"what it reads of sales changed (amount, city)"}]');
CREATE TABLE parts (
    reading TEXT NOT NULL,            -- how the source was read
    types   TEXT NOT NULL,            -- JSON {column: type}, of all its files together
    tags    TEXT NOT NULL,            -- JSON [hash of each file], in their order
    file    TEXT NOT NULL,            -- JSON [path, sha256, rows, bytes]
    PRIMARY KEY (reading, types, tags)
) WITHOUT ROWID;
INSERT INTO "parts" VALUES('165b2bbe8d7217cac2db56b8c22afb4d','{"id":"BIGINT","customer":"VARCHAR","city":"VARCHAR","amount":"BIGINT"}','["be8fbc487123da60d3381423dac6ecd5a1dece251b4922592d4ed8e9034c7eec"]','["objects/2c/2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6.parquet","2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6",5,702]');
INSERT INTO "parts" VALUES('165b2bbe8d7217cac2db56b8c22afb4d','{"id":"BIGINT","customer":"VARCHAR","city":"VARCHAR","amount":"BIGINT"}','["da1d2c568bdbd84043e6c945528e3844c1e66266721e914a05320b2c03a4f533"]','["objects/fd/fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0.parquet","fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0",4,689]');
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
INSERT INTO "pointers" VALUES('prod','big','','20261121-074604-08da04.big','19c3d30763e0ae8c320448e69a55440a7d56d4b5a4c59c1c07a7efb5ee75b4a0','bag1/duckdb-2.0:505622c49e7287ec1ebd027a121d0795906cc9403991c1cde8f0ce0eeb64e4a8','8ae00e33b559c581fb5a',3,'2026-11-21T07:46:04.632663Z','','objects/3c/3c8df922b8d9d035f3067efe488f493768e420356fb9646870bc409d65f5cdf4.parquet');
INSERT INTO "pointers" VALUES('prod','by_city','','20261121-074604-08da04.by_city','71fdc0ebc24d1cc67b277d2ba62343921516e12062a2000101eb8b3e2a9417c0','bag1/duckdb-2.0:5f7f5df19703a2a7c17f0c0357da89b80798ce8fff3afef0aa1a893ba1c14532','1dc4e1d2fe372f620d02',3,'2026-11-21T07:46:04.632663Z','953ec5a6fed7667302f961ce544387c3f0794172d0d4381fa2fd2aa39d90543f','objects/98/98b3d1f170af2cc3bdfcba54316181543d259b337d23ab24241196431558ce16.parquet
objects/d1/d1f209de5a80104293409b21e647b2a6aca3ea5ec3cc5cb44ff9fd3cf4991281.parquet');
INSERT INTO "pointers" VALUES('prod','orders','','20261121-074603-7f1541.orders','71d844311a1cfe24e817f4a4dae0fe6a9a4824bcb424f05650cabc9ecbef3b47','ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2','1077b048bc1a67c5aa20',5,'2026-11-21T07:46:04.093957Z','','objects/2c/2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6.parquet');
INSERT INTO "pointers" VALUES('prod','people','','20261121-074601-c0d231.people','67bf072d3447251cda61e1920afcf4444ef3cdc81b04e400e5f638894d297f3c','bag1/duckdb-2.0:cc85bc0b781a3d9727c263fc5df7dbf9731104acb5f96d97d905fd4c146784bf','f5c855660523c28780dc',1,'2026-11-21T07:46:03.049926Z','','objects/e9/e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37.parquet');
INSERT INTO "pointers" VALUES('prod','sales','','20261121-074604-08da04.sales','6c744f89a276296438d829cccdf647ad5bc841ffdb0069214c283537983c2f5a','bag1/duckdb-2.0:861492d7fe751c8fd90f22c8b55ccbf335c7594419e3709e175beff207cd3edf','8c97f9a1686ac637dfc2',5,'2026-11-21T07:46:04.632663Z','','objects/cb/cb30037454f429d8b5b62734f27567a260a180b417e2811652bc3e3e61495558.parquet');
CREATE TABLE projections (
    snapshot TEXT NOT NULL,
    columns  TEXT NOT NULL,           -- JSON [name]
    ordered  INTEGER NOT NULL,
    digest   TEXT NOT NULL,
    PRIMARY KEY (snapshot, columns, ordered)
) WITHOUT ROWID;
INSERT INTO "projections" VALUES('1077b048bc1a67c5aa20','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:861492d7fe751c8fd90f22c8b55ccbf335c7594419e3709e175beff207cd3edf');
INSERT INTO "projections" VALUES('19d17789a6fb35006618','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:14b8c3e9ff8f7b204d725434a7ad69f9a2382468ac01f5d9380947064760ab38');
INSERT INTO "projections" VALUES('48e64e9c06f825b88ba0','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f');
INSERT INTO "projections" VALUES('48e64e9c06f825b88ba0','["amount","city"]',0,'bag1/duckdb-2.0:4042fedaab5c3ca55f8c38cc9d716b5ab58e82782bac0236c395694580be79a2');
INSERT INTO "projections" VALUES('8c97f9a1686ac637dfc2','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:861492d7fe751c8fd90f22c8b55ccbf335c7594419e3709e175beff207cd3edf');
INSERT INTO "projections" VALUES('8c97f9a1686ac637dfc2','["amount","city"]',0,'bag1/duckdb-2.0:27a6d7202f214f82fa6805cc67824eb37247439aa7172f9b4d6e1284f67794b8');
INSERT INTO "projections" VALUES('c8a83da53664fac81053','["amount","city","customer","id"]',0,'bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774');
INSERT INTO "projections" VALUES('c8a83da53664fac81053','["amount","city"]',0,'bag1/duckdb-2.0:7d3d97eae0dcbbc450073c61248de551c6d8b41edbc58031ba44f553775b17f2');
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
INSERT INTO "publications" VALUES(1,'prod','orders','','20261121-074601-c0d231.orders',1,'2026-11-21T07:46:03.049926Z','20261121-074601-c0d231');
INSERT INTO "publications" VALUES(2,'prod','people','','20261121-074601-c0d231.people',1,'2026-11-21T07:46:03.049926Z','20261121-074601-c0d231');
INSERT INTO "publications" VALUES(3,'prod','sales','','20261121-074601-c0d231.sales',1,'2026-11-21T07:46:03.049926Z','20261121-074601-c0d231');
INSERT INTO "publications" VALUES(4,'prod','big','','20261121-074601-c0d231.big',1,'2026-11-21T07:46:03.049926Z','20261121-074601-c0d231');
INSERT INTO "publications" VALUES(5,'prod','by_city','','20261121-074601-c0d231.by_city',1,'2026-11-21T07:46:03.049926Z','20261121-074601-c0d231');
INSERT INTO "publications" VALUES(6,'prod','orders','','20261121-074603-7f1541.orders',2,'2026-11-21T07:46:04.093957Z','20261121-074603-7f1541');
INSERT INTO "publications" VALUES(7,'prod','sales','','20261121-074603-7f1541.sales',2,'2026-11-21T07:46:04.093957Z','20261121-074603-7f1541');
INSERT INTO "publications" VALUES(8,'prod','big','','20261121-074603-7f1541.big',2,'2026-11-21T07:46:04.093957Z','20261121-074603-7f1541');
INSERT INTO "publications" VALUES(9,'prod','by_city','','20261121-074603-7f1541.by_city',2,'2026-11-21T07:46:04.093957Z','20261121-074603-7f1541');
INSERT INTO "publications" VALUES(10,'prod','sales','','20261121-074604-08da04.sales',3,'2026-11-21T07:46:04.632663Z','20261121-074604-08da04');
INSERT INTO "publications" VALUES(11,'prod','big','','20261121-074604-08da04.big',3,'2026-11-21T07:46:04.632663Z','20261121-074604-08da04');
INSERT INTO "publications" VALUES(12,'prod','by_city','','20261121-074604-08da04.by_city',3,'2026-11-21T07:46:04.632663Z','20261121-074604-08da04');
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
INSERT INTO "runs" VALUES(1,'20261121-074601-c0d231','prod','succeeded','2026-11-21T07:46:01.485705Z','2026-11-21T07:46:03.263461Z','','',0);
INSERT INTO "runs" VALUES(2,'20261121-074603-7f1541','prod','succeeded','2026-11-21T07:46:03.444706Z','2026-11-21T07:46:04.239321Z','','',0);
INSERT INTO "runs" VALUES(3,'20261121-074604-08da04','prod','succeeded','2026-11-21T07:46:04.417377Z','2026-11-21T07:46:04.847069Z','','',0);
CREATE TABLE shadows (
    asset      TEXT NOT NULL,
    code       TEXT NOT NULL,
    is_right   INTEGER NOT NULL,
    run_id     TEXT NOT NULL,
    PRIMARY KEY (asset, code)
) WITHOUT ROWID;
INSERT INTO "shadows" VALUES('by_city','5f8008badaf25343d95ae67b9a377a85e35c772ca09371e38da91133addf1a06',1,'20261121-074603-7f1541');
INSERT INTO "shadows" VALUES('sales','97c1bfe511ce080875fa3761831d79d7d3362e9c7993db9395a0a7ea4a7f96c6',1,'20261121-074603-7f1541');
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
INSERT INTO "snapshots" VALUES('1077b048bc1a67c5aa20','orders','ec18793f99afbc1e7185f532e5a9449826894785949729e94aa0d75e9a0636d2','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/2c/2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6.parquet","2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6",5,702]]','objects/2c/2c474493152c5f77a23aad1fc93142b2a684c7cd52ac3211acf10ec06b8f67d6.parquet',5,702,NULL);
INSERT INTO "snapshots" VALUES('19d17789a6fb35006618','orders','b0d13534caa75475490c461c5552364c1e306f92dee8f82b23d6e9331581facc','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/fd/fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0.parquet","fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0",4,689]]','objects/fd/fdaf62bc3784d48af4c6925dbf0e89eb4d1fcbb1b2f61803795677a0ce312af0.parquet',4,689,NULL);
INSERT INTO "snapshots" VALUES('1dc4e1d2fe372f620d02','by_city','bag1/duckdb-2.0:5f7f5df19703a2a7c17f0c0357da89b80798ce8fff3afef0aa1a893ba1c14532','[["city","VARCHAR",null],["total","HUGEINT","DECIMAL(38,0)"]]','[["objects/98/98b3d1f170af2cc3bdfcba54316181543d259b337d23ab24241196431558ce16.parquet","98b3d1f170af2cc3bdfcba54316181543d259b337d23ab24241196431558ce16",2,418],["objects/d1/d1f209de5a80104293409b21e647b2a6aca3ea5ec3cc5cb44ff9fd3cf4991281.parquet","d1f209de5a80104293409b21e647b2a6aca3ea5ec3cc5cb44ff9fd3cf4991281",1,371]]','objects/98/98b3d1f170af2cc3bdfcba54316181543d259b337d23ab24241196431558ce16.parquet
objects/d1/d1f209de5a80104293409b21e647b2a6aca3ea5ec3cc5cb44ff9fd3cf4991281.parquet',3,789,NULL);
INSERT INTO "snapshots" VALUES('2c6984291bcd1d3e9dc6','by_city','bag1/duckdb-2.0:471a4e79e8a1d9382b81ded9ade2042dfc22479a2547ca775fbbb274b259dc38','[["city","VARCHAR",null],["total","HUGEINT","DECIMAL(38,0)"]]','[["objects/98/98b3d1f170af2cc3bdfcba54316181543d259b337d23ab24241196431558ce16.parquet","98b3d1f170af2cc3bdfcba54316181543d259b337d23ab24241196431558ce16",2,418]]','objects/98/98b3d1f170af2cc3bdfcba54316181543d259b337d23ab24241196431558ce16.parquet',2,418,NULL);
INSERT INTO "snapshots" VALUES('48e64e9c06f825b88ba0','sales','bag1/duckdb-2.0:4777e73aa40bb05fb3e93ff88f85bca057c6a167e20bb1b52cd2b544599b135f','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet","2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0",3,659],["objects/18/18e9660ae05ad2d6f07eda670b46f73fdc4bf9dec8c12dafcc68eba678a5cb19.parquet","18e9660ae05ad2d6f07eda670b46f73fdc4bf9dec8c12dafcc68eba678a5cb19",1,599]]','objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet
objects/18/18e9660ae05ad2d6f07eda670b46f73fdc4bf9dec8c12dafcc68eba678a5cb19.parquet',4,1258,NULL);
INSERT INTO "snapshots" VALUES('8ae00e33b559c581fb5a','big','bag1/duckdb-2.0:505622c49e7287ec1ebd027a121d0795906cc9403991c1cde8f0ce0eeb64e4a8','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/3c/3c8df922b8d9d035f3067efe488f493768e420356fb9646870bc409d65f5cdf4.parquet","3c8df922b8d9d035f3067efe488f493768e420356fb9646870bc409d65f5cdf4",3,1590]]','objects/3c/3c8df922b8d9d035f3067efe488f493768e420356fb9646870bc409d65f5cdf4.parquet',3,1590,NULL);
INSERT INTO "snapshots" VALUES('8c97f9a1686ac637dfc2','sales','bag1/duckdb-2.0:861492d7fe751c8fd90f22c8b55ccbf335c7594419e3709e175beff207cd3edf','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/cb/cb30037454f429d8b5b62734f27567a260a180b417e2811652bc3e3e61495558.parquet","cb30037454f429d8b5b62734f27567a260a180b417e2811652bc3e3e61495558",5,681]]','objects/cb/cb30037454f429d8b5b62734f27567a260a180b417e2811652bc3e3e61495558.parquet',5,681,NULL);
INSERT INTO "snapshots" VALUES('8ffc15cb3bd664735f74','big','bag1/duckdb-2.0:bbdc8edf7a548d76c5eb36ef47746a1c36926da35b1d4991bef4761d7e62e950','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/e9/e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879.parquet","e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879",2,1572]]','objects/e9/e9fce7f4f958b21d14310f9b81b9c76042222d801cc6cfd719e2ddf632b37879.parquet',2,1572,NULL);
INSERT INTO "snapshots" VALUES('9d80d410053374aea85d','by_city','bag1/duckdb-2.0:b48e6b9e1487ee6feaa43bd77b05acf7a2e2658692f0f705c0192f4abcb1c968','[["city","VARCHAR",null],["total","HUGEINT","DECIMAL(38,0)"]]','[["objects/5e/5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139.parquet","5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139",2,412]]','objects/5e/5ea1717f7f2a1710bcb9bcd75930439557065a4a7f6509a875ab92b09ea9a139.parquet',2,412,NULL);
INSERT INTO "snapshots" VALUES('c8a83da53664fac81053','sales','bag1/duckdb-2.0:2c8e2c51dcdd63b9473c08a10e2f9b9c6bc6c93cd9ddd146e675c1e711687774','[["id","BIGINT",null],["customer","VARCHAR",null],["city","VARCHAR",null],["amount","BIGINT",null]]','[["objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet","2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0",3,659]]','objects/2c/2ca2590081724ff9ddca9d9d20bf59bfbbc707efdfdbb6b6f46e573a95a7e8a0.parquet',3,659,NULL);
INSERT INTO "snapshots" VALUES('f5c855660523c28780dc','people','bag1/duckdb-2.0:cc85bc0b781a3d9727c263fc5df7dbf9731104acb5f96d97d905fd4c146784bf','[["id","INTEGER",null],["name","VARCHAR",null]]','[["objects/e9/e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37.parquet","e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37",1,315]]','objects/e9/e90d71ac9d2ff03b32e7734f51d4e2711968db78aef8d1e7ebc24ef973634d37.parquet',1,315,NULL);
CREATE TABLE sniffed (
    source  TEXT PRIMARY KEY,
    reading TEXT NOT NULL,
    types   TEXT NOT NULL,
    tags    TEXT NOT NULL             -- JSON [hash of each file]
) WITHOUT ROWID;
INSERT INTO "sniffed" VALUES('orders','165b2bbe8d7217cac2db56b8c22afb4d','{"id":"BIGINT","customer":"VARCHAR","city":"VARCHAR","amount":"BIGINT"}','["be8fbc487123da60d3381423dac6ecd5a1dece251b4922592d4ed8e9034c7eec"]');
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
INSERT INTO "steps" VALUES(1,'20261121-074601-c0d231','people','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',1,0.198882,'f5c855660523c28780dc',NULL,'never made');
INSERT INTO "steps" VALUES(2,'20261121-074601-c0d231','sales','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',3,0.02237,'c8a83da53664fac81053',NULL,'never made');
INSERT INTO "steps" VALUES(3,'20261121-074601-c0d231','big','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.044452,'8ffc15cb3bd664735f74',NULL,'it is a Python function, which is given whole tables');
INSERT INTO "steps" VALUES(4,'20261121-074601-c0d231','by_city','','materialized','full','[{"kind":"never_made","upstream":null,"columns":[],"detail":"never made"}]',2,0.013193,'9d80d410053374aea85d',NULL,'never made');
INSERT INTO "steps" VALUES(5,'20261121-074603-7f1541','sales','','materialized','incremental','[{"kind":"input_changed","upstream":"orders","columns":["amount","city","customer","id"],"detail":"what it reads of orders changed (amount, city, customer, id)"}]',4,0.258731,'48e64e9c06f825b88ba0',NULL,'added');
INSERT INTO "steps" VALUES(6,'20261121-074603-7f1541','big','','materialized','full','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]',3,0.032041,'8ae00e33b559c581fb5a',NULL,'it is a Python function, which is given whole tables');
INSERT INTO "steps" VALUES(7,'20261121-074603-7f1541','by_city','','materialized','incremental','[{"kind":"input_changed","upstream":"sales","columns":["amount","city"],"detail":"what it reads of sales changed (amount, city)"}]',2,0.052597,'2c6984291bcd1d3e9dc6',NULL,'keyed by city');
INSERT INTO "steps" VALUES(8,'20261121-074604-08da04','sales','','materialized','full','[{"kind":"code_changed","upstream":null,"columns":[],"detail":"assets/sales.sql changed"}]',5,0.027414,'8c97f9a1686ac637dfc2',NULL,'assets/sales.sql changed');
INSERT INTO "steps" VALUES(9,'20261121-074604-08da04','big','','materialized','full','[{"kind":"input_changed","upstream":"sales","columns":["amount","city","customer","id"],"detail":"what it reads of sales changed (amount, city, customer, id)"}]',3,0.049791,'8ae00e33b559c581fb5a',NULL,'it is a Python function, which is given whole tables');
INSERT INTO "steps" VALUES(10,'20261121-074604-08da04','by_city','','materialized','incremental','[{"kind":"input_changed","upstream":"sales","columns":["amount","city"],"detail":"what it reads of sales changed (amount, city)"}]',3,0.035195,'1dc4e1d2fe372f620d02',NULL,'keyed by city');
CREATE INDEX materializations_made_from ON materializations (asset, partition, fingerprint_hash);
CREATE INDEX materializations_read ON materializations (asset, partition, read_hash);
CREATE INDEX proofs_of_asset ON proofs (env, asset, partition, number);
CREATE INDEX publications_of_generation ON publications (env, generation);
CREATE INDEX publications_of_asset ON publications (env, asset, partition, number);
CREATE INDEX steps_failed ON steps (asset, partition, number) WHERE outcome = 'failed';
CREATE INDEX steps_of_asset ON steps (asset, partition, number);
CREATE INDEX check_results_of_asset ON check_results (asset, partition);
COMMIT;
