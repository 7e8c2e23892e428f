-- Queries that are easily misread: names that mean something else than they seem, places where few look for a column.

SELECT shop, city, id FROM sales UNION BY NAME SELECT boss AS id, shop FROM shops

SELECT city AS a, shop AS b FROM sales UNION ALL BY NAME SELECT shop AS b, city AS a FROM shops UNION ALL BY NAME SELECT name AS b FROM people

SELECT max(COLUMNS(* EXCLUDE (city, day))) FROM sales

SELECT COLUMNS(lambda c: c[1] = 's') FROM sales

SELECT COLUMNS('(i)d') AS 'x_\1' FROM sales

SELECT id FROM sales WHERE COLUMNS(['qty', 'price']) > 1

SELECT coalesce(*COLUMNS(['city', 'shop'])) AS x FROM sales

SELECT struct_pack(*COLUMNS(['city', 'shop'])) AS x FROM sales

SELECT id + COLUMNS('qty|amount') AS y FROM sales

SELECT [x || s.city FOR x IN p.tags IF x <> s.shop] AS l FROM sales s JOIN people p USING (id)

SELECT [[y + p.parent FOR y IN [p.id, z]] FOR z IN [p.addr.floor]] AS l FROM people p

SELECT list_transform(tags, lambda x: x || name) AS l FROM people

SELECT list_reduce(list_transform(tags, lambda x, i: x || i || city), lambda a, b: a || b || name) AS l FROM people WHERE len(tags) > 0

SELECT list_filter(tags, lambda x: x = m) AS l FROM people, (SELECT max(shop) AS m FROM shops)

SELECT list_sum(list_transform([id, parent], lambda x: x * (qty + x))) AS n FROM people JOIN sales USING (id)

SELECT unnest(addr, recursive := true), name FROM people

SELECT unnest([{'a': id, 'b': name}, {'a': parent, 'b': city}], recursive := true) FROM people

SELECT unnest(tags) AS tag, unnest([id, parent]) AS n FROM people

SELECT p.addr.floor, addr['zip'] AS z, struct_extract(addr, 'floor') AS f FROM people p

SELECT struct_insert(addr, more := name).zip AS z FROM people

SELECT {'zip': name, 'floor': id}.zip AS z FROM people

SELECT (SELECT addr FROM people p WHERE p.id = s.id LIMIT 1).floor AS f FROM sales s

SELECT extra['a'] AS a, map_keys(extra) AS k, cardinality(extra) AS n FROM events

SELECT element_at(extra, kind) AS e FROM events

SELECT map_from_entries([{'k': kind, 'v': value}])[kind] AS e FROM events WHERE kind IS NOT NULL

SELECT unnest(map_entries(extra)) AS e, id FROM events

SELECT id, sum(qty) OVER w AS s, row_number() OVER (w ORDER BY day, id, qty, amount) AS n FROM sales WINDOW w AS (PARTITION BY city)

SELECT id, rank() OVER w2 AS r FROM sales WINDOW w AS (PARTITION BY shop), w2 AS (w ORDER BY amount)

SELECT id, sum(qty) OVER (PARTITION BY city ORDER BY day RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW EXCLUDE TIES) AS s FROM sales

SELECT id, sum(qty) FILTER (price > 1) OVER (PARTITION BY shop) AS s FROM sales

SELECT id, lag(qty, size, boss) OVER (ORDER BY id, qty, amount, size, boss) AS l FROM sales JOIN shops USING (shop)

SELECT id, nth_value(city, 2) OVER (ORDER BY qty, id, city, amount ROWS BETWEEN id PRECEDING AND CURRENT ROW) AS v FROM sales WHERE id > 0

SELECT id, first_value(city ORDER BY price) OVER (PARTITION BY shop ORDER BY id, qty, amount) AS v FROM sales

SELECT id, amount * 2 AS twice FROM sales QUALIFY rank() OVER (PARTITION BY city ORDER BY twice) = 1

SELECT city AS c, count(*) AS n FROM sales GROUP BY c HAVING n > 1 QUALIFY row_number() OVER (ORDER BY n, c) < 3

SELECT id FROM sales QUALIFY count(*) OVER (PARTITION BY shop) > 1 AND max(qty) OVER () = qty

SELECT qty + 1 AS a, a * 2 AS b, b - a AS c FROM sales WHERE b > 2

SELECT city AS shop, shop AS city FROM sales WHERE shop = 'a'

SELECT upper(shop) AS shop, count(*) AS n FROM sales GROUP BY shop, city

SELECT id AS qty FROM sales ORDER BY qty, 1 LIMIT 2

SELECT upper(city) AS city FROM sales ORDER BY city, id, qty, amount LIMIT 2

SELECT city || shop AS k, qty % 2 AS h, count(*) AS n FROM sales GROUP BY ALL ORDER BY ALL

SELECT qty % 2 AS h, qty, sum(id) AS n FROM sales GROUP BY ALL

SELECT CASE WHEN grouping(city) = 1 THEN 'all' ELSE city END AS c, grouping_id(city, shop) AS g, sum(qty) AS s FROM sales GROUP BY ROLLUP (city, shop)

SELECT count(*) AS n FROM sales GROUP BY CUBE (city, shop)

SELECT sum(qty) AS s FROM sales GROUP BY GROUPING SETS ((city), (shop), ())

SELECT 1 AS one FROM sales GROUP BY city

SELECT 1 AS one FROM sales HAVING max(qty) > 2

SELECT s.id, e.value FROM sales s ASOF JOIN events e ON s.id = e.id AND s.day >= e.moment

SELECT s.id, e.kind FROM sales s ASOF LEFT JOIN (SELECT id, moment::DATE AS day, kind FROM events) e USING (id, day)

SELECT * FROM (SELECT id FROM sales) POSITIONAL JOIN (SELECT boss FROM shops)

SELECT id FROM sales USING SAMPLE 3 ROWS (reservoir, 7)

SELECT id FROM sales TABLESAMPLE reservoir(3) REPEATABLE (7) WHERE city = 'a'

PIVOT (SELECT shop, city, qty, day FROM sales) ON city IN ('a', 'b'), day IN ('2024-01-01') USING max(qty) AS q

SELECT * FROM sales PIVOT (sum(qty) AS s, count(*) AS n FOR city IN ('a', 'b') GROUP BY id)

SELECT a FROM (PIVOT (SELECT city, qty, shop FROM sales) ON city IN ('a', 'b') USING first(qty))

UNPIVOT sales ON qty, id INTO NAME what VALUE number

UNPIVOT (SELECT id, qty, amount::INTEGER AS amount, city FROM sales) ON COLUMNS(* EXCLUDE (city, id)) INTO NAME what VALUE number

SELECT what FROM sales UNPIVOT INCLUDE NULLS (number FOR what IN (qty, id))

SELECT q FROM sales UNPIVOT ((q, w) FOR what IN ((qty, price), (id, price)))

FROM (SUMMARIZE SELECT qty FROM sales) SELECT column_name, max

WITH RECURSIVE up(id, parent, depth) AS (SELECT id, parent, 1 FROM people WHERE active UNION SELECT p.id, p.parent, depth + 1 FROM up JOIN people p ON up.parent = p.id WHERE depth < 4) SELECT id, max(depth) AS d FROM up GROUP BY id

WITH RECURSIVE best(id, parent) USING KEY (id) AS (SELECT id, parent FROM people UNION SELECT b.id, p.parent FROM best b JOIN people p ON b.parent = p.id WHERE p.parent < b.parent) SELECT id, parent FROM best

WITH RECURSIVE t(n, c) AS (SELECT 1, max(city) FROM sales UNION ALL SELECT n + 1, (SELECT min(shop) FROM shops WHERE size > n) FROM t WHERE n < (SELECT max(qty) FROM sales)) SELECT c FROM t

WITH RECURSIVE a(x, y, z) AS (SELECT id, qty, 0 FROM sales UNION ALL SELECT y, z, x FROM a WHERE z = 0 AND x > 0 AND y > x) SELECT x FROM a

WITH sales AS (SELECT id, city AS shop FROM sales) SELECT shop FROM sales

WITH a AS (SELECT id, qty FROM sales), b AS (WITH a AS (SELECT shop AS id, size AS qty FROM shops) SELECT qty FROM a) SELECT a.id, b.qty FROM a, b

WITH a(x, y) AS (SELECT city, shop FROM sales) SELECT y FROM a WHERE x = 'a'

WITH a AS MATERIALIZED (SELECT id, qty, price FROM sales), b AS NOT MATERIALIZED (SELECT id, max(qty) AS m FROM a GROUP BY id) SELECT a.qty, b.m FROM a JOIN b USING (id)

SELECT x.b FROM sales AS x(a, b)

SELECT id, shop FROM sales AS t(shop, id)

SELECT b FROM (SELECT city, qty FROM sales) AS t(a, b) WHERE a = 'a'

SELECT t.x FROM (VALUES (1, 2), (3, 4)) t(x, y) JOIN sales ON t.y = sales.qty

FROM sales s(id, city) SELECT id, city, amount

SELECT sales.* EXCLUDE (id) REPLACE (upper(shop) AS city) FROM sales

SELECT * RENAME (id AS qty, qty AS id) FROM sales

SELECT * EXCLUDE (day) REPLACE (qty + id AS qty) RENAME (city AS town) FROM sales WHERE day > '2024-01-01'

SELECT s.* REPLACE (h.city AS city) FROM sales s JOIN shops h USING (shop)

SELECT "sales"."id" AS "a.b", "id" AS "A ""quoted"" one" FROM "sales"

SELECT "a.b" FROM (SELECT city AS "a.b", shop AS a FROM sales)

SELECT "ID", SALES.City FROM Sales

SELECT id FROM sales ORDER BY city COLLATE NOCASE, id LIMIT 3

SELECT max(city COLLATE NOCASE.NOACCENT) AS m FROM sales

SELECT id FROM sales WHERE city = 'A' COLLATE NOCASE

SELECT DISTINCT ON (city) city, id FROM sales ORDER BY city, price DESC NULLS LAST, id, qty

SELECT DISTINCT ON (city || shop) qty FROM sales ORDER BY id, qty, amount

SELECT string_agg(city, '-' ORDER BY price, city) FILTER (WHERE qty > 0) AS l FROM sales

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY price) AS p, mode() WITHIN GROUP (ORDER BY city) AS m FROM sales

SELECT list(id ORDER BY qty DESC, id)[1] AS l, arg_max(city, price) AS a FROM sales GROUP BY shop

SELECT count(DISTINCT city) FILTER (shop = 'a') AS n, sum(DISTINCT qty) AS s FROM sales

SELECT g, s.id FROM sales s, generate_series(1, s.qty) t(g) WHERE s.qty < 4

SELECT s.id, r.range FROM sales s, LATERAL (SELECT * FROM range(s.qty) r(range) WHERE range <> s.id) r WHERE s.qty < 4

SELECT id, (SELECT sum(g) FROM range(qty) t(g)) AS n FROM sales WHERE qty < 5

SELECT s.id, l.city FROM sales s LEFT JOIN LATERAL (SELECT h.city FROM shops h WHERE h.shop = s.shop ORDER BY h.size, h.city LIMIT 1) l ON true

SELECT id FROM sales s ORDER BY (SELECT max(size) FROM shops h WHERE h.city = s.city), id, qty, amount LIMIT 2

SELECT id FROM sales s WHERE (SELECT count(*) FROM shops h WHERE h.shop = s.shop AND h.size > s.qty) > 0

SELECT id, EXISTS (FROM shops h WHERE h.boss = s.id) AS e FROM sales s

SELECT id FROM sales WHERE (city, shop) IN (SELECT city, shop FROM shops)

SELECT id FROM sales WHERE qty > ALL (SELECT size FROM shops WHERE size IS NOT NULL)

SELECT id, qty = ANY (SELECT size FROM shops h WHERE h.city = s.city) AS x FROM sales s

SELECT id NOT IN (SELECT boss FROM shops) AS x FROM sales

SELECT (SELECT s.city FROM shops LIMIT 1) AS c FROM sales s

SELECT (SELECT max(h.size) FROM shops h WHERE h.city = (SELECT min(p.city) FROM people p WHERE p.id = s.id)) AS m FROM sales s

SELECT sum((SELECT count(*) FROM shops h WHERE h.shop = s.shop)) AS n FROM sales s GROUP BY s.city

SELECT s FROM sales s WHERE s.id = 1

SELECT (s).city AS c FROM sales s

SELECT count(s) AS n, count(s.city) AS m FROM sales s

SELECT row(s.id, s.city) AS r, (s.id, s.qty) AS t FROM sales s

SELECT s = h AS x FROM (SELECT city FROM sales) s, (SELECT city FROM shops) h

SELECT to_json(s) AS j FROM (SELECT id, city FROM sales) s

SELECT hash(s) AS h FROM (SELECT id, city FROM sales) s

SELECT DISTINCT s.* EXCLUDE (id) FROM sales s

SELECT id FROM sales EXCEPT ALL SELECT boss FROM shops

SELECT city, id FROM sales INTERSECT SELECT city, boss FROM shops

SELECT id FROM (SELECT id, city FROM sales UNION SELECT boss, shop FROM shops)

SELECT id FROM (SELECT id, city FROM sales EXCEPT SELECT boss, shop FROM shops)

SELECT city FROM sales NATURAL JOIN shops

SELECT size FROM sales NATURAL LEFT JOIN (SELECT city, size FROM shops)

SELECT city FROM sales FULL JOIN shops USING (city)

SELECT sales.city, shops.city AS other FROM sales RIGHT JOIN shops USING (city)

SELECT city FROM sales RIGHT JOIN shops USING (city)

SELECT a.id FROM sales a SEMI JOIN shops b ON a.city = b.city AND a.qty < b.size

SELECT a.id FROM sales a ANTI JOIN shops b USING (shop)

SELECT a.city, b.city FROM sales a JOIN sales b ON a.id = b.qty

SELECT a.id FROM sales a, sales b WHERE a.shop = b.city AND b.qty = 1

SELECT x.id FROM sales x JOIN (SELECT id, city FROM people) y ON x.id = y.id OR x.city = y.city

SELECT id FROM sales LIMIT (SELECT max(size) FROM shops)

SELECT id FROM sales ORDER BY id, qty, amount LIMIT 50 PERCENT OFFSET (SELECT min(boss) FROM shops)

SELECT id FROM sales ORDER BY ALL LIMIT 2

SELECT id, price FROM sales ORDER BY CASE WHEN city = 'a' THEN qty ELSE id END, id, qty, amount, price LIMIT 3

SELECT rowid AS r, id FROM sales

SELECT id FROM sales WHERE rowid < 3

SELECT if(qty > 1, city, shop) AS x, nullif(id, qty) AS n, ifnull(city, shop) AS c FROM sales

SELECT city.upper().concat(shop) AS x FROM sales

SELECT city[1:2] AS x, city LIKE shop || '%' AS l, city SIMILAR TO 'a.*' AS r, shop ^@ city AS p FROM sales

SELECT TRY_CAST(city AS INTEGER) AS t, qty::VARCHAR || day AS d, date_part(['year', 'month'], day).year AS y FROM sales

SELECT TRY(qty / (qty - 1)) AS t, 1 / nullif(id, 1) AS n FROM sales

SELECT typeof(city) AS t, alias(qty) AS a FROM sales

SELECT constant_or_null(1, qty) AS c, least(qty, id) AS l, greatest(price, amount) AS g FROM sales

SELECT FROM_JSON('{"a": 1}', '{"a": "INTEGER"}').a + qty AS x FROM sales

SELECT j.value FROM (SELECT to_json(tags) AS t FROM people) p, json_each(p.t) j

SELECT json_extract(to_json(addr), '$.zip') AS z, to_json(addr) ->> 'floor' AS f FROM people

SELECT union_value(num := qty).num AS n FROM sales

SELECT array_value(qty, id)[2] AS a, [qty, id][1] AS b FROM sales

SELECT bit_count(qty) AS b, qty & id AS a, xor(qty, id) AS x FROM sales WHERE id IS NOT NULL

SELECT histogram(city) AS h, approx_count_distinct(shop) AS a, entropy(qty) AS e FROM sales

SELECT max(id, 2) AS m, arg_min(city, price, 2) AS a FROM sales

SELECT any_value(city ORDER BY id, city) AS a, last(shop ORDER BY price, shop) AS l FROM sales

SELECT regr_slope(qty, id) AS r, corr(price, amount) AS c FROM sales

SELECT count(*) AS n FROM (FROM sales, shops)

SELECT count(*) AS n FROM sales, shops WHERE sales.city = 'a'

SELECT id FROM sales WHERE EXISTS (SELECT 1 FROM shops)

SELECT id, (FROM shops SELECT count(*)) AS n FROM sales

SELECT (SELECT count(*) FROM people WHERE active) AS n, max(id) AS m FROM sales

SELECT [a.id, b.id] AS l FROM people a CROSS JOIN people b WHERE a.parent = b.id

FROM query_table('sales') SELECT id

FROM query('SELECT id, city FROM sales WHERE qty > 1') SELECT id

VALUES ((SELECT max(id) FROM sales), (SELECT min(city) FROM shops)), (1, 'z')

TABLE sales

SELECT getvariable('x') AS v, id FROM sales

SELECT id FROM sales WHERE CASE (SELECT max(city) FROM people) WHEN 'a' THEN qty > 1 ELSE shop = 'a' END
