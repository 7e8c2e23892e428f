-- PIVOT and UNPIVOT, UNNEST, VALUES, table functions.

PIVOT sales ON city IN ('a', 'b') USING sum(qty)

PIVOT sales ON city IN ('a', 'b') USING sum(qty) GROUP BY shop

PIVOT (SELECT city, shop, qty FROM sales WHERE id > 1) ON city IN ('a', 'b') USING max(qty) AS m, count(*) AS n GROUP BY shop

FROM sales PIVOT (sum(qty) FOR city IN ('a', 'b') GROUP BY shop)

SELECT * FROM (SELECT city, shop, qty FROM sales) PIVOT (sum(qty) FOR city IN ('a' AS first, 'b' AS second))

UNPIVOT (SELECT id, qty, boss FROM sales JOIN shops USING (shop)) ON qty, boss INTO NAME k VALUE v

FROM (SELECT id, qty::BIGINT AS qty, id + 1 AS more FROM sales) UNPIVOT (v FOR k IN (qty, more))

FROM (SELECT id, qty::BIGINT AS qty, id + 1 AS more FROM sales) UNPIVOT INCLUDE NULLS (v FOR k IN (qty, more))

UNPIVOT (SELECT id, city, shop FROM sales) ON COLUMNS(* EXCLUDE (id)) INTO NAME k VALUE v

SELECT unnest(tags) AS tag, name FROM people

SELECT unnest([id, parent]) AS n FROM people

SELECT unnest([{'a': id, 'b': name}], recursive := true) FROM people

SELECT unnest(tags) AS a, unnest([1, 2, id]) AS b FROM people

SELECT tag FROM (SELECT unnest(tags) AS tag, city FROM people) WHERE city = 'a'

SELECT unnest(map_keys(extra)) AS k, unnest(map_values(extra)) AS v FROM events

VALUES (1, 'a'), (2, 'b')

SELECT a + qty AS x FROM (VALUES (1), (2)) t(a), sales

SELECT n FROM range(3) t(n)

SELECT n, id FROM range(2) t(n), sales

SELECT * FROM unnest([1, 2, 3]) t(x) JOIN sales ON sales.id = t.x

SELECT d, count(id) AS n FROM generate_series(DATE '2024-01-01', DATE '2024-01-03', INTERVAL 1 DAY) t(d) LEFT JOIN sales ON sales.day = t.d GROUP BY d

SELECT generate_subscripts(tags, 1) AS i, name FROM people

SELECT id, tags[generate_subscripts(tags, 1)] AS t FROM people

SELECT x FROM (SELECT unnest(range(qty)) AS x FROM sales)

SELECT key, value FROM (SELECT to_json(addr) AS j FROM people), json_each(j)

SELECT id, t.ordinality FROM people, unnest(tags) WITH ORDINALITY AS t(tag, ordinality)

SELECT * FROM (VALUES ('a', 1), ('b', 2)) v(city, w) JOIN sales USING (city)
