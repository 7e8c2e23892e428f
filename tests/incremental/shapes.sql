-- append when t grows
SELECT id, x * 2 AS y FROM t WHERE x > 3;
SELECT * FROM t;
FROM t SELECT id, CASE WHEN x > 2 THEN 'a' ELSE s END AS c;
SELECT t.id, u.name FROM t JOIN u ON t.k = u.k;
SELECT id, name FROM t JOIN u USING (k);
SELECT a.id, b.id AS other FROM t a JOIN t b ON a.k = b.k;
SELECT t.id, u.name, v.y FROM t, u, v WHERE t.k = u.k AND u.k = v.k;
SELECT t.id, u.name FROM t JOIN u ON t.x > u.w;
SELECT t.id, u.w FROM t CROSS JOIN u;
SELECT id, k FROM t UNION ALL SELECT w, k FROM u;
WITH a AS (SELECT k, x FROM t WHERE x > 1), b AS (SELECT k, w FROM u) SELECT a.k, x, w FROM a JOIN b ON a.k = b.k;
SELECT q.k, q.y FROM (SELECT k, x + 1 AS y FROM t) q WHERE q.y > 2;
SELECT id, unnest([x, x + 1]) AS z FROM t;
SELECT t.id, z.e FROM t, unnest([t.x, 7]) AS z(e);
SELECT id FROM t ORDER BY x;
SELECT c.k, c.n FROM (SELECT k, x FROM t) c(k, n);
SELECT * FROM t NATURAL JOIN v;
-- append when t grows
SELECT id, w FROM t LEFT JOIN u ON t.k = u.k;
SELECT t.id, u.name, v.y FROM t LEFT JOIN u ON t.k = u.k LEFT JOIN v ON t.k = v.k;
SELECT id FROM t SEMI JOIN u USING (k);
SELECT id, t.k FROM t ANTI JOIN u ON t.k = u.k;
SELECT id, k FROM t WHERE k IN (SELECT k FROM u WHERE w > 2);
SELECT k, x FROM t WHERE x > 1 AND k IN (SELECT k FROM u) AND s <> 'b';
SELECT t.k, u.name FROM t LEFT JOIN (SELECT k, max(name) AS name FROM u GROUP BY k) u ON t.k = u.k;
SELECT t.k, u.name, v.y FROM (t JOIN v ON t.k = v.k) LEFT JOIN u ON t.k = u.k AND u.w > 1;
-- keyed when u grows
SELECT id, t.k, w FROM t LEFT JOIN u ON t.k = u.k;
SELECT t.id, u.name, v.y FROM t LEFT JOIN u ON t.k = u.k LEFT JOIN v ON u.w = v.k;
SELECT t.k, u.name, v.y FROM (t JOIN v ON t.k = v.k) LEFT JOIN u ON t.k = u.k AND u.w > 1;
SELECT id, k FROM t SEMI JOIN u USING (k);
SELECT id, k FROM t WHERE k IN (SELECT k FROM u WHERE w > 1);
-- keyed when t grows
SELECT u.name, t.id FROM t RIGHT JOIN u ON t.k = u.k;
SELECT k AS kk, count(DISTINCT x) AS n FROM t GROUP BY kk;
SELECT k, median(x) AS m FROM t GROUP BY k;
SELECT k, string_agg(s, ',' ORDER BY id) AS l FROM t GROUP BY k;
SELECT u.name, count(t.id) AS n FROM u LEFT JOIN t ON u.k = t.k GROUP BY u.name;
SELECT u.k, u.name, sum(x) AS s FROM t RIGHT JOIN u ON u.k = t.k GROUP BY ALL;
SELECT sum(x) AS s FROM t GROUP BY k;
WITH a AS (SELECT k, sum(x) AS s FROM t GROUP BY k) SELECT s, count(*) AS n FROM a GROUP BY s;
WITH a AS (SELECT k, g, sum(x) AS s FROM t GROUP BY k, g) SELECT k, max(s) AS m FROM a GROUP BY k;
WITH a AS (SELECT k, count(*) AS n FROM t GROUP BY k) SELECT u.name, a.n FROM u LEFT JOIN a ON u.k = a.k;
WITH a AS (SELECT k, count(*) AS n FROM t GROUP BY k), b AS (SELECT k, sum(w) AS w FROM u GROUP BY k) SELECT a.k, n, w FROM a JOIN b USING (k);
SELECT id, row_number() OVER (PARTITION BY k ORDER BY x, id, g, d, s) AS rn FROM t;
SELECT *, sum(x) OVER (PARTITION BY k ORDER BY id, x, g, d, s) AS running FROM t;
SELECT id, k, lag(x) OVER (PARTITION BY k ORDER BY id, x, g, d, s) AS p, rank() OVER (PARTITION BY k, g ORDER BY x) AS r FROM t;
SELECT id, rank() OVER (PARTITION BY k, g ORDER BY x) AS r, sum(x) OVER (PARTITION BY k) AS s FROM t;
SELECT k, g, sum(x) AS s, rank() OVER (PARTITION BY k ORDER BY sum(x)) AS r FROM t GROUP BY k, g;
SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY id, x, g, d, s) AS rn FROM t) WHERE rn <= 2;
SELECT g, sum(x) AS s FROM t GROUP BY g HAVING min(t.s) IS NOT NULL OR sum(x) > 3;
SELECT k, sum(x::DECIMAL(9, 3) / 8)::BIGINT AS s FROM t GROUP BY k;
SELECT k, sum((x / 8)::DECIMAL(9, 3))::BIGINT AS s FROM t GROUP BY k;
SELECT k, coalesce(sum(x), 1) AS s FROM t GROUP BY k;
SELECT k, sum(x) / 2 AS h FROM t GROUP BY k;
SELECT k, sum(DISTINCT x) AS s FROM t GROUP BY k;
SELECT k, avg(DISTINCT x) AS m FROM t GROUP BY k;
SELECT g, count(*) AS n FROM t GROUP BY k, g;
SELECT t.k, u.name FROM t FULL JOIN u ON t.k = u.k;
SELECT coalesce(t.k, u.k) AS k, x, w FROM t FULL JOIN u ON t.k = u.k AND t.x > u.w;
SELECT k, x, w, y FROM t FULL JOIN u USING (k) LEFT JOIN v USING (k);
SELECT t.k, t.g, u.w, v.y FROM (t LEFT JOIN v ON t.g = v.k) FULL JOIN u ON v.y = u.k AND t.k = u.w;
SELECT u.name, count(*) AS n, sum(x) AS s FROM t FULL JOIN u ON t.k = u.k GROUP BY u.name;
SELECT k, w FROM u WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.k = u.k);
SELECT k, w FROM u WHERE EXISTS (SELECT 1 FROM t WHERE t.k = u.k AND t.x > u.w) OR w = 1;
SELECT k, w FROM u WHERE EXISTS (SELECT 1 FROM t JOIN v ON t.k = v.k WHERE v.y = u.w AND u.k = t.g);
SELECT k, w FROM u WHERE EXISTS (SELECT 1 FROM v LEFT JOIN t ON t.k = v.k WHERE v.y = u.w AND t.x IS NULL);
SELECT k, w, (SELECT max(x) FROM t WHERE t.k = u.k) AS m FROM u;
SELECT k, w, (SELECT count(*) FROM t WHERE t.k = u.k AND t.g IS NOT DISTINCT FROM u.w) AS n FROM u WHERE w > 1;
SELECT a.k, a.id FROM t a WHERE x = (SELECT max(x) FROM t b WHERE b.k = a.k);
SELECT k, w IN (SELECT x FROM t WHERE t.k = u.k) AS b FROM u;
SELECT k, count(*) AS n FROM u WHERE w > (SELECT min(x) FROM t WHERE t.k = u.k) GROUP BY k;
WITH a AS (SELECT k, sum(x) AS s FROM t GROUP BY k) SELECT k, w FROM u WHERE EXISTS (SELECT 1 FROM a WHERE a.k = u.k AND s > 3);
SELECT k, w FROM u WHERE k NOT IN (SELECT g FROM t WHERE g IS NOT NULL);
SELECT k, w FROM u WHERE k NOT IN (SELECT g FROM t) AND w > 0;
SELECT DISTINCT ON (k) k, x, id FROM t ORDER BY x DESC, id, g, d, s;
SELECT DISTINCT ON (k, g) * FROM t ORDER BY k, g, x, id, d, s;
WITH a AS (SELECT DISTINCT ON (k) k, x FROM t ORDER BY k, x) SELECT u.name, a.x FROM u LEFT JOIN a ON u.k = a.k;
-- rows when t grows
SELECT k FROM t EXCEPT SELECT k FROM u;
SELECT k FROM t EXCEPT ALL SELECT k FROM u;
SELECT k FROM t INTERSECT SELECT k FROM u;
SELECT k FROM t INTERSECT ALL SELECT k FROM u;
-- keyed when t grows
-- append when t grows
SELECT DISTINCT k, g FROM t;
SELECT DISTINCT t.k, u.name FROM t LEFT JOIN u ON t.k = u.k;
SELECT k FROM t UNION SELECT k FROM u;
SELECT DISTINCT t.k, u.name FROM t JOIN u ON t.k = u.k WHERE x > 1;
WITH a AS (SELECT DISTINCT k, g FROM t) SELECT * FROM a ORDER BY k;
SELECT DISTINCT k FROM (SELECT k FROM t UNION ALL SELECT w FROM u);
-- rows when t grows
SELECT DISTINCT s FROM (SELECT k, count(*) AS s FROM t GROUP BY k);
SELECT k FROM t UNION SELECT k FROM u EXCEPT SELECT k FROM v;
-- first rows when t grows
SELECT * FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY x DESC, id, g, d, s) = 1;
SELECT * FROM t WHERE x > 1 QUALIFY row_number() OVER (PARTITION BY k, g ORDER BY x, id, d, s) <= 2;
SELECT id, k AS kk, x + 1 AS y FROM t QUALIFY rank() OVER (PARTITION BY k ORDER BY x + 1 DESC NULLS LAST, id) < 3;
SELECT t.k, u.name, t.id, u.w FROM t JOIN u ON t.k = u.k QUALIFY dense_rank() OVER (PARTITION BY t.k ORDER BY t.id, u.w) <= 1;
SELECT k, x FROM t QUALIFY rank() OVER (PARTITION BY k ORDER BY x) <= 2;
SELECT id, k, x FROM t ORDER BY x DESC, id LIMIT 4;
SELECT * FROM t ORDER BY d NULLS FIRST, x DESC NULLS LAST, id LIMIT 5;
SELECT k, x FROM t WHERE x > 0 ORDER BY ALL LIMIT 3;
SELECT k, x FROM t ORDER BY x LIMIT 3;
SELECT x + 1 AS y, k FROM t ORDER BY y DESC, 2 LIMIT 6;
SELECT x * 0.5::DOUBLE AS y, g FROM t ORDER BY y LIMIT 2;
SELECT t.id, u.name, u.w FROM t JOIN u ON t.k = u.k ORDER BY u.w, t.id, u.name LIMIT 4;
SELECT t.x, u.name, t.id FROM t JOIN u ON t.k = u.k ORDER BY t.x LIMIT 4;
SELECT -x AS x, g + 1 AS k FROM t ORDER BY x, k LIMIT 3;
SELECT id, w FROM t LEFT JOIN u ON t.k = u.k ORDER BY ALL DESC LIMIT 4 OFFSET 0;
SELECT k, x FROM (SELECT k, x FROM t UNION ALL SELECT k, w FROM u) ORDER BY x, k LIMIT 3;
SELECT k, x FROM (SELECT DISTINCT k, x FROM t) ORDER BY x, k LIMIT 3;
SELECT *, x AS y FROM t ORDER BY y, id LIMIT 0;
SELECT *, k FROM t QUALIFY row_number() OVER (ORDER BY x DESC, id) <= 3;
SELECT id, x FROM t WHERE g > 0 QUALIFY row_number() OVER (ORDER BY x, id NULLS FIRST) < 4;
SELECT id, d FROM t QUALIFY row_number() OVER (ORDER BY d DESC) = 1;
-- keyed when t grows
SELECT * RENAME (k AS k2, g AS k) FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY x, id, g, d, s) = 1;
SELECT * RENAME (k AS k2, g AS k), count(*) OVER (PARTITION BY k) AS n FROM t;
SELECT *, count(*) OVER (PARTITION BY u.k) AS n FROM t LEFT JOIN u USING (k);
SELECT * EXCLUDE (u.k), count(*) OVER (PARTITION BY u.k) AS n FROM t JOIN u ON t.g = u.w;
SELECT g AS k, k AS g, sum(x) AS s FROM t GROUP BY g, k HAVING k > 1;
SELECT id, k FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY x, id, g, d, s) = 1;
SELECT * FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY x, id, g, d, s) = 2;
SELECT * FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY x, id, g, d, s) > 1;
SELECT * FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY x, id, g, d, s) = 1 OR x > 3;
-- merged when t grows
SELECT k, count(*) AS n FROM t GROUP BY k;
SELECT k, g, sum(x) AS s, min(x) AS lo, max(d) AS hi FROM t GROUP BY k, g;
SELECT k, sum(x) AS s FROM t GROUP BY ALL;
SELECT k + 1 AS kk, count(*) AS n FROM t GROUP BY 1;
SELECT sum(x) AS s, k FROM t GROUP BY k HAVING sum(x) > 5;
SELECT k, count(*) FILTER (WHERE x > 2) AS n, bool_and(x > 1) AS b FROM t GROUP BY k;
SELECT u.name, sum(t.x) AS s FROM t JOIN u ON t.k = u.k GROUP BY u.name;
SELECT count(*) AS n, k FROM t WHERE k IN (SELECT k FROM u) GROUP BY k;
SELECT k, count(*) AS n FROM (SELECT k FROM t UNION ALL SELECT k FROM u) GROUP BY k;
SELECT k, count(*) AS n FROM (SELECT k, g FROM t UNION SELECT k, w FROM u) GROUP BY k;
SELECT date_trunc('month', d) AS m, sum(x) AS s FROM t GROUP BY ALL;
SELECT k, s, count(*) AS n FROM t GROUP BY k, s HAVING count(*) > 1 ORDER BY n;
SELECT k, count(*) AS n, sum(x) AS s FROM t GROUP BY k;
SELECT k, count(x) AS n, sum(x) AS s, sum(x) / count(x) AS mean, k * 2 AS twice FROM t GROUP BY k;
SELECT k, sum(x) FILTER (WHERE g > 0) AS s, count(x) FILTER (WHERE g > 0) AS n, count(*) AS all_of_them FROM t GROUP BY k;
SELECT k, sum(x::DECIMAL(9, 2) / 4) AS s, count(*) AS n FROM t GROUP BY k;
SELECT k, sum(x::HUGEINT * 100000000000000000000000000) AS s, count(1) AS n FROM t WHERE x IS NOT NULL GROUP BY k;
SELECT k, min(s) AS lo, max(d) AS hi, bool_or(x > 2) AS b, bit_xor(x) AS o, count_if(x > 1) AS n FROM t GROUP BY k;
SELECT k, g, count(*) AS n, max(x) AS m FROM t GROUP BY k, g HAVING n > 1 AND max(x) < 4;
SELECT sum(x) AS s, count(*) AS n, count(x) AS m FROM t;
SELECT g, min(x) AS lo, max(x) AS hi, count(*) AS n FROM t GROUP BY g;
SELECT k, count(*) AS n, sum(y) AS s FROM (SELECT k, CASE WHEN x > 2 THEN x END AS y FROM t) GROUP BY k;
SELECT g, bool_or(x > 3) AS o, bool_and(x > 0) AS a, count(*) AS n FROM t GROUP BY g;
SELECT bool_or(x > 4) FILTER (WHERE g > 1) AS o, bool_and(x >= 0) FILTER (WHERE g > 1) AS a, count(*) AS n FROM t;
SELECT k, bool_or(x > 4) FILTER (WHERE g > 1) AS o, bool_and(x >= 0) FILTER (WHERE g > 1) AS a, count(*) AS n FROM t GROUP BY k;
SELECT count(*) AS n FROM t WHERE x > 2;
SELECT count(*) AS n, max(x) AS m, max(x) - min(x) AS spread, min(x) AS l FROM t;
SELECT count(*) AS n FROM t JOIN u ON t.k = u.k JOIN v ON u.k = v.k;
SELECT a.k, count(*) AS n, sum(b.x) AS s, count(b.x) AS c FROM t a JOIN t b ON a.k = b.g GROUP BY a.k;
WITH a AS (SELECT k, count(*) AS n FROM t GROUP BY k) SELECT * FROM a;
WITH a AS (SELECT k, x FROM t WHERE x > 1) SELECT k, count(*) AS n FROM a GROUP BY k ORDER BY n;
SELECT k, coalesce(sum(x), 0) AS s, sum(g)::BIGINT AS g, count(*) AS n FROM t GROUP BY k;
SELECT k, coalesce(sum(x)::BIGINT, 0)::INTEGER AS s, count(*)::INTEGER AS n FROM t WHERE g > 0 GROUP BY k;
SELECT coalesce(sum(x), 0) AS s, max(x)::BIGINT AS m FROM t;
SELECT 'all' AS k, sum(x) AS s, count(*) AS n FROM t GROUP BY ALL;
-- kept when t grows
SELECT avg(x) AS m FROM t;
SELECT avg(x) AS m, count(*) AS n, stddev(x) AS d, avg(x::DECIMAL(9, 2)) AS a FROM t WHERE g > 0;
SELECT k, avg(d) AS m FROM t GROUP BY k;
SELECT k, avg(x) AS m, count(*) AS n FROM t GROUP BY k;
SELECT k, avg(x) FILTER (WHERE g > 0) AS m, max(s) AS s FROM t GROUP BY k HAVING avg(x) > 1 OR k IS NULL;
SELECT k, stddev(x) AS d, var_pop(x) AS v, approx_count_distinct(s) AS n, sum(x) AS s, mean(x::DOUBLE / 7) AS m FROM t GROUP BY k;
SELECT u.name, avg(x) AS m, round(avg(w), 2) AS r FROM t JOIN u ON t.k = u.k GROUP BY ALL;
SELECT u.name, avg(x) AS m FROM u LEFT JOIN t ON t.k = u.k GROUP BY u.name ORDER BY m;
SELECT k, g, count(*) AS n FROM t GROUP BY ROLLUP (k, g);
SELECT k, g, sum(x) AS s, avg(x) AS m, grouping(k) AS is_all, count(x) AS c FROM t GROUP BY CUBE (k, g);
SELECT k, g, s, min(d) AS lo, bool_or(x > 2) AS b FROM t GROUP BY GROUPING SETS ((k, g), (s), ()) HAVING count(*) > 1;
SELECT k, count(*) AS n FROM t GROUP BY GROUPING SETS ((k), (k));
SELECT date_trunc('month', d) AS m, k + 1 AS kk, sum(x) AS s FROM t GROUP BY ROLLUP (1, 2);
SELECT k, sum(x) AS s, sum(x) / sum(sum(x)) OVER () AS share FROM t GROUP BY k;
SELECT k, count(*) AS n, rank() OVER (ORDER BY count(*) DESC) AS r FROM t GROUP BY k QUALIFY r <= 3;
SELECT k, sum(x) AS x FROM t GROUP BY k ORDER BY x DESC, k LIMIT 2;
SELECT k, g, count(*) AS n FROM t GROUP BY k, g ORDER BY 3 DESC NULLS LAST, k, g LIMIT 3 OFFSET 1;
SELECT k, avg(x) AS m FROM t GROUP BY k ORDER BY avg(x), k DESC LIMIT 2;
SELECT k, count(*) AS n FROM t GROUP BY k ORDER BY n LIMIT 2;
SELECT s, count(*) AS n FROM t GROUP BY s ORDER BY n LIMIT 2;
-- whole when t grows
WITH a AS (SELECT k, sum(x) AS s FROM t GROUP BY k) SELECT k, s, s / sum(s) OVER () AS share FROM a;
WITH a AS (SELECT k, count(*) AS n, max(x) AS m FROM t GROUP BY k) SELECT a.k, m, u.name FROM a JOIN u ON a.k = u.k ORDER BY ALL LIMIT 4;
WITH a AS (SELECT k, g, sum(x) AS s FROM t GROUP BY k, g), b AS (SELECT avg(s) AS m FROM a) SELECT k, g FROM a, b WHERE s > m;
SELECT k, sum(n) AS n FROM (SELECT k, g, count(*) AS n FROM t GROUP BY k, g HAVING count(*) > 1) GROUP BY ROLLUP (k);
SELECT *, rank() OVER (ORDER BY n, g) AS r FROM (SELECT g, count(DISTINCT k) AS c, count(*) AS n FROM (SELECT DISTINCT k, g FROM t) GROUP BY g HAVING n > 0);
WITH a AS (SELECT k, avg(x) AS m FROM t GROUP BY k), b AS (SELECT k, sum(w) AS w FROM u GROUP BY k) SELECT k, m, w, count(*) OVER () AS n FROM a FULL JOIN b USING (k);
-- refused: LIMIT with an ORDER BY of what is not found among the columns
SELECT id FROM t ORDER BY x LIMIT 3;
SELECT -x AS x FROM t ORDER BY t.x LIMIT 3;
SELECT * FROM t ORDER BY COLUMNS('x|k') LIMIT 3;
SELECT -x AS y, * FROM t ORDER BY y, t.id LIMIT 3;
SELECT k, x FROM t ORDER BY COLUMNS(*) LIMIT 3;
SELECT k, x FROM t ORDER BY * LIMIT 3;
-- refused: a window without PARTITION BY
SELECT -x AS x, id FROM t QUALIFY row_number() OVER (ORDER BY x, id) <= 3;
SELECT id, k FROM t QUALIFY row_number() OVER (ORDER BY 1) <= 3;
SELECT id, k FROM t QUALIFY row_number() OVER (ORDER BY id, 2) <= 3;
-- refused: LIMIT with an ORDER BY of DOUBLE
SELECT x * 0.5::DOUBLE AS y, -g AS g FROM t ORDER BY ALL LIMIT 2;
-- refused: LIMIT with an ORDER BY of INTERVAL
SELECT id, to_days(x) AS t FROM t ORDER BY t, id LIMIT 3;
-- refused: LIMIT with OFFSET
SELECT k FROM t ORDER BY k LIMIT 3 OFFSET 1;
-- refused: LIMIT
SELECT k FROM t ORDER BY k LIMIT 10 PERCENT;
SELECT k, count(*) AS n FROM t GROUP BY k ORDER BY n, k LIMIT 10%;
SELECT k, x FROM t UNION ALL SELECT k, w FROM u ORDER BY x LIMIT 3;
SELECT DISTINCT k FROM t ORDER BY k LIMIT 3;
SELECT count(*) OVER (PARTITION BY k) AS n, id FROM t ORDER BY n, id LIMIT 3;
SELECT u.k, u.w FROM u JOIN (SELECT k FROM t ORDER BY ALL LIMIT 3) USING (k);
-- refused: a window without PARTITION BY
SELECT id, rank() OVER (ORDER BY x) AS r FROM t;
-- refused: windows that share no PARTITION BY
SELECT id, rank() OVER (PARTITION BY k ORDER BY x) AS a, rank() OVER (PARTITION BY g ORDER BY x) AS b FROM t;
-- refused: any_value() without ORDER BY, which depends on the order of rows
SELECT k, any_value(x) AS x FROM t GROUP BY k;
-- refused: list() without ORDER BY, which depends on the order of rows
SELECT k, list(x) AS l FROM t GROUP BY k;
-- refused: mode(), whose answer the rows alone do not tell
SELECT k, mode(x) AS m FROM t GROUP BY k;
-- refused: row_number() over a window without ORDER BY
SELECT id, row_number() OVER (PARTITION BY k) AS r FROM t;
-- refused: a sample of rows
SELECT * FROM t USING SAMPLE 3;
-- refused: WITH RECURSIVE
WITH RECURSIVE r AS (SELECT k FROM t UNION ALL SELECT k + 1 FROM r WHERE k < 9) SELECT * FROM r;
-- append when t grows
SELECT k, x FROM t UNION ALL BY NAME SELECT w AS x, k FROM u;
SELECT k, x FROM t UNION BY NAME SELECT w AS x, k, name FROM u;
SELECT t.id, c.said FROM t JOIN (VALUES (1, 'one'), (2, 'two')) c(k, said) ON t.k = c.k;
-- keyed when t grows
SELECT k, median(x) AS m FROM (SELECT k, x FROM t UNION BY NAME SELECT k, w, name AS x2 FROM u) GROUP BY k;
SELECT c.k, c.said, count(t.id) AS n FROM (VALUES (1, 'one'), (2, 'two'), (NULL, 'none')) c(k, said) LEFT JOIN t ON t.k = c.k GROUP BY ALL;
SELECT id FROM t WHERE (k, g) IN (VALUES (1, 2), (2, 1)) QUALIFY count(*) OVER (PARTITION BY g) = 1;
-- same value when t grows
SELECT k, w FROM u WHERE w > (SELECT avg(x) FROM t);
SELECT k, w FROM u WHERE w >= (SELECT max(x) FROM t) OR NOT EXISTS (SELECT 1 FROM t WHERE x > 3);
SELECT k, count(*) AS n, sum(w) AS s FROM u WHERE EXISTS (SELECT 1 FROM t WHERE x > 3) GROUP BY k;
SELECT k, (SELECT min(x) FROM t) AS m FROM u JOIN v USING (k);
SELECT id, x, rank() OVER (PARTITION BY k ORDER BY x, id) AS r FROM t WHERE x <= (SELECT max(x) FROM t);
SELECT k, max(w) AS m FROM u WHERE w <= (SELECT max(x) FROM t) GROUP BY k;
-- refused: a ASOF JOIN
SELECT t.id, u.w FROM t ASOF JOIN u ON t.k >= u.k;
-- refused: a table function
SELECT * FROM read_csv('x.csv'), t;
-- refused: rowid, which depends on where a row is stored
SELECT rowid AS r, k FROM t;
-- refused: DISTINCT ON without ORDER BY, which depends on the order of rows
SELECT DISTINCT ON (k) k, x FROM t;
-- refused: a FULL JOIN of columns of different types
SELECT t.k, u.name FROM t FULL JOIN u ON t.s = u.k;
-- refused: a FULL JOIN without an equality, of a table that changed
SELECT t.k, u.name FROM t FULL JOIN u ON t.k > u.k;
-- refused: a subquery in the condition of a JOIN
SELECT t.k, u.name FROM t JOIN u ON t.k = u.k AND u.w > (SELECT max(y) FROM v);
-- refused: a subquery inside of a subquery, over a table that changed
SELECT k FROM u WHERE EXISTS (SELECT 1 FROM v WHERE v.k = u.k AND v.y > (SELECT max(x) FROM t));
-- refused: a subquery over t, which changed
SELECT k FROM u WHERE EXISTS (SELECT 1 FROM t WHERE t.k > u.k);
-- refused: LIMIT without ORDER BY, which depends on the order of rows
SELECT k FROM t LIMIT 3;
-- keyed when t grows
SELECT *, sum(x) OVER (PARTITION BY q.a) AS s FROM (SELECT id, k AS a, x, {'a': g, 'b': k} AS q FROM t);
SELECT DISTINCT ON (q.a) * FROM (SELECT id, k AS a, x, {'a': g, 'b': k} AS q FROM t) ORDER BY id;
SELECT q.a, a AS b, count(*) OVER (PARTITION BY a) AS n FROM (SELECT k AS a, x, {'a': g} AS q FROM t);
SELECT * EXCLUDE (k, g), unnest({'k': g}), count(*) OVER (PARTITION BY k) AS n FROM t;
SELECT t.*, count(*) OVER (PARTITION BY t.k) AS n FROM t JOIN u ON t.k = u.w;
SELECT *, count(*) OVER (PARTITION BY t.g) AS n FROM t ANTI JOIN u ON t.k = u.k;
SELECT id, x + 1 AS y, sum(x) OVER (PARTITION BY y) AS n FROM t;
SELECT k, g, sum(x) AS s, row_number() OVER (PARTITION BY k ORDER BY sum(x)) AS r FROM t GROUP BY 1, 2;
SELECT k + 1 AS kk, g, sum(x) AS total, row_number() OVER (PARTITION BY k + 1 ORDER BY total) AS r FROM t GROUP BY kk, g;
SELECT id, x + 1 AS y, row_number() OVER (PARTITION BY k ORDER BY y) AS r FROM t;
SELECT id, k, list(x ORDER BY id) OVER (PARTITION BY k) AS l FROM t;
SELECT k, arg_max(s, x) AS m, max_by(id, x) FILTER (WHERE g > 0) AS i FROM t GROUP BY k;
SELECT k, string_agg(s, ',' ORDER BY x) AS l FROM t GROUP BY k;
SELECT k + 1 AS kk, first(s ORDER BY x DESC, d) AS l, list(DISTINCT g ORDER BY g) AS d FROM t GROUP BY 1;
SELECT k, arg_min(s, x) OVER (PARTITION BY k) AS m FROM t;
-- whole when t grows
WITH a AS (SELECT k, count(*) AS n FROM t GROUP BY k) SELECT k, row_number() OVER (ORDER BY n) AS r FROM a;
WITH a AS (SELECT k, count(*) AS n FROM t GROUP BY k) SELECT max(n) AS n, arg_max(k, n) AS k FROM a;
-- refused: max of INTERVAL, of which equal values need not be the same
SELECT k, max(INTERVAL 1 DAY * x) AS m FROM t GROUP BY k;
-- merged when t grows
SELECT k, sum(coalesce(nullif(x, 1), nullif(x, 2))) AS s, count(*) AS n FROM t GROUP BY k;
SELECT k, coalesce(sum(coalesce(x, g)), 0)::BIGINT AS s, count(*) AS n FROM t GROUP BY k;
SELECT k, sum(x) FILTER (WHERE coalesce(g, 0) > 0) AS s, count(*) AS n FROM t GROUP BY k;
SELECT k, x % 2 AS p, count(*) AS n, n + 1 AS m, m * 2 AS o FROM t GROUP BY ALL;
-- keyed when t grows
SELECT k, max(COLUMNS('g|x')) FROM t GROUP BY k;
SELECT k, count(DISTINCT x) AS n, n + 1 AS m FROM t GROUP BY ALL;
SELECT id, k, -x AS x FROM t QUALIFY row_number(ORDER BY x, g, d, s) OVER (PARTITION BY k ORDER BY id) = 1;
SELECT id, k, x FROM t QUALIFY rank(ORDER BY x) OVER (PARTITION BY k ORDER BY id ROWS 1 PRECEDING) = 1;
SELECT date_trunc('month', day) AS month, median(x) AS m FROM (SELECT CASE WHEN g = 1 THEN TIMESTAMP 'infinity' ELSE d END AS day, x FROM t) GROUP BY 1;
SELECT day::DATE AS day, median(x) AS m FROM (SELECT CASE WHEN g = 1 THEN TIMESTAMP_NS '2024-01-02 23:59:59.9999997' ELSE d::TIMESTAMP_NS END AS day, x FROM t) GROUP BY 1;
SELECT date_trunc('day', day) AS day, median(x) AS m FROM (SELECT CASE WHEN g = 1 THEN TIMESTAMP_NS '2024-01-02 23:59:59.9999997' ELSE d::TIMESTAMP_NS END AS day, x FROM t) GROUP BY 1;
-- same value when t grows
SELECT k, (SELECT make_timestamp_ns(max(id)) FROM t)::VARCHAR AS at FROM u;
SELECT k, DATE '2024-01-31' + (SELECT CASE WHEN max(x) > 3 THEN INTERVAL '1 month' ELSE INTERVAL '30 days' END FROM t) AS d FROM u;
-- merged when t grows
SELECT 'all' AS k, max(id) AS m, count(*) AS n FROM t GROUP BY ALL;
SELECT NULL AS k, 1 + 1 AS l, l + 1 AS o, min(x) AS m, count(*) AS n FROM t WHERE x > 1 GROUP BY ALL;
SELECT 'all' AS l, max(x) AS m, count(*) AS n FROM t GROUP BY l;
-- keyed when t grows
SELECT k AS a, a + 1 AS b, 'c' AS c, max(x) AS m, count(*) AS n FROM t GROUP BY ALL;
SELECT a.k, a.x, u.k AS o FROM t a FULL JOIN u ON abs(a.k) = u.k + 0;
WITH a AS (SELECT * FROM t FULL JOIN u USING (k)) SELECT a.k, x, w, y FROM a FULL JOIN v ON coalesce(a.k, a.w) = v.k;
SELECT t.k, x, w, y FROM t FULL JOIN u ON t.k = u.k FULL JOIN v ON coalesce(t.k, u.k) = v.k;
-- refused: a FULL JOIN by what is not NULL where a row is missing
SELECT t.k, t.x, u.k AS o FROM t FULL JOIN u ON coalesce(t.k, -1) = coalesce(u.w, -1);
SELECT t.k, t.x, u.k AS o FROM t FULL JOIN u ON t.k = coalesce(u.w, 1);
-- merged when t grows
SELECT count_if(g > 0) AS c, count(*) AS n FROM t WHERE x = 4;
SELECT k, count_if(nullif(x, 1) > nullif(x, 2)) AS c, count(*) AS n FROM t GROUP BY k;
SELECT k, count_if(x > 1) FILTER (WHERE g > 0)::BIGINT AS c, count(*) AS n FROM t GROUP BY k;
-- kept when t grows
SELECT k, g, count_if(nullif(x, 1) > nullif(x, 2)) AS c FROM t GROUP BY ROLLUP (k, g);
