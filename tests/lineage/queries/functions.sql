-- range
SELECT * FROM range(10) AS r(n), sales;
sales;

-- generate_series
SELECT * FROM generate_series(DATE '2024-01-01', DATE '2024-02-01', INTERVAL 1 DAY);
nothing;

-- range of a subquery
SELECT * FROM range((SELECT max(id) FROM sales));
sales;

-- range of a column
SELECT * FROM sales, range(sales.quantity);
sales;

-- unnest in FROM
SELECT * FROM sales, unnest(sales.items) AS u(item);
sales;

-- unnest in SELECT
SELECT unnest(items) FROM sales;
sales;

-- unnest with ordinality
SELECT * FROM unnest([1, 2]) WITH ORDINALITY AS t(a, b), sales;
sales;

-- json_each
SELECT * FROM sales, json_each(sales.doc);
sales;

-- a file
SELECT * FROM 'data/x.csv';
'data/x.csv';

-- a file's letters are kept
SELECT * FROM 'Data/X.CSV';
'Data/X.CSV';

-- a file in double quotes
SELECT * FROM "data/x.parquet" AS x JOIN sales USING (id);
'data/x.parquet', sales;

-- a file without a folder
FROM 'x.parquet';
'x.parquet';

-- a glob
SELECT * FROM 'data/*/*.json.gz';
'data/*/*.json.gz';

-- a CTE with the name of a file
WITH "x.csv" AS (SELECT 1) SELECT * FROM 'x.csv';
nothing;

-- read_csv
SELECT * FROM read_csv('data/x.csv', header = true, columns = {'a': 'INT'});
read_csv 'data/x.csv';

-- read_csv with arrows
SELECT * FROM read_csv('data/x.csv', header => true);
read_csv 'data/x.csv';

-- functions are folded
SELECT * FROM Read_Parquet('data/x.parquet');
read_parquet 'data/x.parquet';

-- parquet_scan
SELECT * FROM parquet_scan('a.parquet');
parquet_scan 'a.parquet';

-- a list of files
SELECT * FROM read_parquet(['a.parquet', 'b.parquet'], union_by_name = true);
read_parquet 'a.parquet', read_parquet 'b.parquet';

-- JSON and its kin
FROM read_json('a.json') UNION ALL FROM read_ndjson('b.jsonl') UNION ALL FROM read_json_auto('c.json');
read_json 'a.json', read_ndjson 'b.jsonl', read_json_auto 'c.json';

-- text and blobs
SELECT * FROM read_text('a.txt'), read_blob('b.bin');
read_text 'a.txt', read_blob 'b.bin', [read_text() tells when a file was written], [read_blob() tells when a file was written];

-- a file in a subquery
SELECT * FROM sales WHERE id IN (SELECT id FROM 'vip.csv');
sales, 'vip.csv';

-- SUMMARIZE a file
SUMMARIZE 'data/x.csv';
'data/x.csv';

-- query_table
SELECT * FROM query_table('sales');
sales;

-- query_table of several
SELECT * FROM query_table(['sales', 'main.orders']);
sales, orders;

-- query
SELECT * FROM query('SELECT * FROM sales JOIN products USING (id)');
sales, products;

-- query sees the CTEs around it
WITH a AS (FROM sales) SELECT * FROM query('FROM a');
sales;

-- PIVOT with values
PIVOT sales ON year IN (2000, 2010) USING sum(amount) GROUP BY country;
sales;

-- PIVOT
PIVOT sales ON year USING sum(amount);
sales;

-- PIVOT on several columns
PIVOT sales ON country || '_' || city, year IN (1, 2) USING sum(a) AS total, max(b) GROUP BY region ORDER BY region LIMIT 3;
sales;

-- PIVOT over a subquery
PIVOT (SELECT * FROM sales JOIN products USING (id)) ON year USING sum(amount);
sales, products;

-- PIVOT within a CTE
WITH p AS (PIVOT sales ON year USING sum(amount)) SELECT * FROM p JOIN products USING (id);
sales, products;

-- PIVOT of a CTE
WITH s AS (SELECT * FROM sales) PIVOT s ON year USING sum(amount);
sales;

-- PIVOT in FROM
SELECT * FROM (PIVOT sales ON year USING sum(amount)), weeks;
sales, weeks;

-- PIVOT as a clause
SELECT * FROM sales PIVOT (sum(amount) FOR year IN (2000, 2010) GROUP BY country);
sales;

-- PIVOT as a clause on a subquery
FROM (SELECT * FROM sales, weeks) PIVOT (sum(amount) FOR year IN (2000));
sales, weeks;

-- PIVOT wider
PIVOT_WIDER sales ON year USING first(amount);
sales;

-- UNPIVOT
UNPIVOT sales ON jan, feb, mar INTO NAME month VALUE amount;
sales;

-- UNPIVOT with COLUMNS
UNPIVOT sales ON COLUMNS(* EXCLUDE (id)) INTO NAME k VALUE v;
sales;

-- UNPIVOT as a clause
FROM sales UNPIVOT (amount FOR month IN (jan, feb, mar));
sales;

-- UNPIVOT over a CTE
WITH s AS (FROM sales) UNPIVOT s ON jan, feb INTO NAME k VALUE v;
sales;

-- the clock
SELECT now() AS at, today() AS day FROM sales;
sales, [now() reads the clock], [today() reads the clock];

-- the clock without brackets
SELECT * FROM sales WHERE day = current_date;
sales, [current_date reads the clock];

-- a column with the name of a clock
SELECT "current_date", s.current_date FROM sales AS s;
sales;

-- age since today, and between two days
SELECT age(day), age(day, birth) FROM sales;
sales, [age() reads the clock];

-- randomness
SELECT random(), uuid() FROM sales;
sales, [random() is random], [uuid() is random];

-- a sample without a seed
SELECT * FROM sales USING SAMPLE 10%;
sales, [a sample without REPEATABLE is random];

-- a sample of a table without a seed
SELECT * FROM sales TABLESAMPLE 10%;
sales, [a sample without REPEATABLE is random];

-- the environment and the session
SELECT getenv('HOME'), getvariable('x'), nextval('s');
[getenv() reads the environment], [getvariable() reads the session], [nextval() reads the session];

-- a path that is computed
SELECT * FROM read_csv('data/' || getvariable('day') || '.csv');
[read_csv() with a path that is computed], [getvariable() reads the session];

-- another machine
SELECT * FROM 'https://example.com/x.csv', read_parquet(['s3://bucket/x.parquet', 'y.parquet']);
[https://example.com/x.csv is on another machine], [s3://bucket/x.parquet is on another machine], read_parquet 'y.parquet';

-- a list of the folder
SELECT * FROM glob('data/*');
[glob() reads what assetflow does not track];

-- a function that is not known
SELECT * FROM sqlite_scan('x.db', 't');
[sqlite_scan() reads what assetflow does not track];

-- the catalog
SELECT * FROM information_schema.tables, duckdb_tables();
[information_schema.tables is the catalog of the engine], [duckdb_tables() reads what assetflow does not track];

-- SHOW
SHOW ALL TABLES;
[SHOW reads the catalog];

-- query_table of something computed
SELECT * FROM query_table('sal' || 'es');
[query_table() reads what assetflow does not track];

-- user is a column
SELECT user, session FROM events;
events;
