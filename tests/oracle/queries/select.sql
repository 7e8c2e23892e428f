-- The select list: stars, expressions, literals, structs.

SELECT * FROM sales

SELECT id, city FROM sales

SELECT s.* FROM sales s

SELECT s.*, h.size FROM sales s JOIN shops h ON s.shop = h.shop

FROM sales

FROM sales SELECT city, amount

FROM sales s SELECT s.id + s.qty AS both WHERE s.city <> 'a'

SELECT * EXCLUDE (city, price) FROM sales

SELECT * EXCLUDE (city) REPLACE (amount * 2 AS amount) FROM sales

SELECT * RENAME (city AS town) FROM sales

SELECT COLUMNS('a.*') FROM sales

SELECT COLUMNS(lambda c: c LIKE '%t%') FROM sales

SELECT COLUMNS(* EXCLUDE (day, shop, city)) + 1 FROM sales

SELECT min(COLUMNS(*)) FROM sales

SELECT COLUMNS([x for x in (*) if x LIKE 'q%']) FROM sales

SELECT * LIKE 'c%' FROM sales

SELECT COALESCE(*COLUMNS(['city', 'shop'])) FROM sales

SELECT id AS x, x + 1 AS y, y * 2 AS z FROM sales

SELECT x: id, y: qty FROM sales

SELECT CASE WHEN qty > 1 THEN city ELSE shop END AS c FROM sales

SELECT CASE city WHEN 'a' THEN amount WHEN 'b' THEN qty END AS c FROM sales

SELECT if(qty > 1, city, 'none') AS c, ifnull(shop, city) AS d, nullif(shop, city) AS e FROM sales

SELECT coalesce(city, shop, 'x') AS c, greatest(qty, id) AS g, least(qty, 2) AS l FROM sales

SELECT CAST(qty AS VARCHAR) || city AS c, TRY_CAST(city AS INTEGER) AS d, qty::DOUBLE / 2 AS e FROM sales

SELECT city LIKE 'a%' AS l, city ILIKE shop AS i, city SIMILAR TO 'a|b' AS s, city GLOB 'a*' AS g FROM sales

SELECT qty BETWEEN 1 AND id AS b, qty NOT BETWEEN 2 AND 3 AS n FROM sales

SELECT qty IN (1, 2, id) AS b, city NOT IN ('a', shop) AS n FROM sales

SELECT city IS NULL AS n, qty IS NOT NULL AS m, active IS TRUE AS t FROM sales JOIN people USING (city)

SELECT city IS DISTINCT FROM shop AS d, qty IS NOT DISTINCT FROM id AS s FROM sales

SELECT 1 AS one FROM sales

SELECT 1 AS one, 'a' AS a

SELECT addr.zip, addr.floor + 1 AS up FROM people

SELECT addr.* FROM people

SELECT unnest(addr) FROM people

SELECT addr['zip'] AS z, struct_extract(addr, 'floor') AS f FROM people

SELECT p FROM people p

SELECT p.addr.zip FROM people p

SELECT {'a': id, 'b': {'c': name}} AS s FROM people

SELECT struct_pack(a := id, b := name).b AS s FROM people

SELECT row(id, name) AS r FROM people

SELECT [id, parent] AS l, tags[1] AS t, tags[1:2] AS u, len(tags) AS n FROM people

SELECT list_transform(tags, lambda t: t || name) AS l FROM people

SELECT list_filter(tags, lambda t: t <> name) AS l, list_reduce([id, parent], lambda x, y: x + y) AS r FROM people

SELECT [t || name FOR t IN tags IF t <> city] AS l FROM people

SELECT list_transform(tags, lambda t, i: i + id) AS l FROM people

SELECT list_transform([[id], [parent]], lambda x: list_transform(x, lambda y: y + parent)) AS l FROM people

SELECT map {'k': id} AS m, extra['a'] AS e, map_keys(extra) AS k FROM events JOIN people USING (id)

SELECT name.upper().lower() AS n FROM people

SELECT name.concat(city, 'x') AS n FROM people

SELECT upper(name) AS n, length(city) AS l, substring(name, 1, id::INTEGER) AS s FROM people

SELECT date_trunc('month', day) AS m, year(day) AS y, day + INTERVAL 1 DAY AS next, extract(dow FROM day) AS d FROM sales

SELECT strftime(moment, '%Y') AS y, moment::DATE AS d, date_diff('hour', moment, TIMESTAMP '2024-01-02') AS h FROM events

SELECT -qty AS n, qty ** 2 AS s, qty % 2 AS m, qty // 2 AS i, ~qty AS b, abs(qty) AS a FROM sales

SELECT qty > 1 AND city = 'a' OR NOT (id < 3) AS b FROM sales

SELECT regexp_extract(city, '(a)', 1) AS r, regexp_replace(city, 'a', shop) AS s FROM sales

SELECT hash(city, qty) AS h, md5(city) AS m FROM sales

SELECT "id" AS "Id", "CITY" FROM SALES

SELECT Sales.City FROM main.sales

SELECT id, id FROM sales

SELECT id AS a, qty AS a FROM sales

SELECT format('{} {}', city, qty) AS f, printf('%s', shop) AS p FROM sales

SELECT typeof(city) AS t, id FROM sales

SELECT (SELECT 1) AS one, id FROM sales

SELECT TRY(1 / qty) AS t FROM sales

SELECT id::VARCHAR COLLATE NOCASE AS c FROM sales ORDER BY c

SELECT list_sort(tags) AS l, list_distinct(tags) AS d, list_contains(tags, name) AS c FROM people

SELECT array_to_string(tags, '-') AS l, string_split(name, 'a') AS s FROM people

SELECT union_value(num := id) AS u FROM people

SELECT current_schema() AS c, id FROM sales

SELECT json_object('a', id, 'b', name)->>'a' AS j FROM people

SELECT to_json(addr) AS j FROM people

SELECT epoch(moment) AS e, make_date(2024, 1, id::INTEGER) AS d FROM events WHERE id IS NOT NULL
