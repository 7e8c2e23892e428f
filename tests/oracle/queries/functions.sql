-- Functions whose constants the binder keeps apart from their arguments, and forms of many clauses.

SELECT quantile_cont(price, 0.25) AS a, quantile_disc(qty, [0.1, 0.9]) AS b, approx_quantile(qty, 0.7) AS c FROM sales

SELECT string_agg(city, '-' ORDER BY id, qty) AS a, group_concat(shop, '+' ORDER BY id, qty, amount) AS b, listagg(shop, '/' ORDER BY id, qty) AS c FROM sales

SELECT list_aggregate(tags, 'string_agg', '-') AS a, list_aggr(tags, 'max') AS b, list_sort(tags, 'DESC', 'NULLS FIRST') AS c, list_sort(tags, 'ASC') AS d FROM people

SELECT regexp_matches(city, 'A', 'i') AS a, regexp_replace(city, 'a', 'b', 'g') AS b, regexp_extract(city, '(a)(b)?', 1) AS c, regexp_extract(city, '(a)(.*)', ['x', 'y']) AS d, regexp_full_match(shop, 'a|b') AS e FROM sales

SELECT strftime(day, '%Y-%m') AS a, strptime('2024' || city, '%Ya') AS b, try_strptime('2024' || city, ['%Ya', '%Yb']) AS c, date_trunc('month', day) AS d, date_part('year', day) AS e, datediff('day', day, DATE '2024-03-01') AS f FROM sales

SELECT round(amount, 1) AS a, trunc(price, 0) AS b, round(price, -1) AS c, ceil(price / 3) AS d, amount::DECIMAL(6,1) AS e, format('{:.1f} {}', price, qty) AS f, printf('%05d|%s', qty, city) AS g FROM sales

SELECT max(id, 2) AS a, min(qty, 3) AS b, arg_max(city, qty, 2) AS c, histogram(qty, [1, 5]) AS d, approx_top_k(city, 2) AS e, mode(city) AS f FROM sales

SELECT time_bucket(INTERVAL 7 DAY, day) AS a, time_bucket(INTERVAL 1 MONTH, day, DATE '2024-01-15') AS b, day + INTERVAL 3 DAY AS c, last_day(day) AS d FROM sales

SELECT moment AT TIME ZONE 'Europe/Berlin' AS a, extract('hour' FROM moment) AS b, epoch_ms(moment) AS c, moment::TIME AS d, make_timestamp(2024, 1, value, 3, 4, 5.5) AS e FROM events WHERE value BETWEEN 1 AND 20

SELECT struct_pack(a := id, b := city).a AS x, {'k': qty, 'l': shop}['l'] AS y, struct_extract({'q': day}, 'q') AS z, row(id, qty) AS r FROM sales

SELECT addr.zip AS z, struct_update(addr, floor := 3).floor AS f, struct_concat(addr, {'more': id}).more AS m, struct_keys(addr) AS k FROM people

SELECT lpad(city, 5, '*') AS a, rpad(shop, 3, '-') AS b, split_part(city || ',' || shop, ',', 2) AS c, substr(city, 1, 1) AS d, city[1] AS e, left(shop, 1) AS f, translate(city, 'ab', 'xy') AS g, repeat(city, 2) AS h FROM sales

SELECT list_transform(tags, lambda x, i: x || i || 'q') AS a, list_filter(tags, lambda x: x > 'a') AS b, list_reduce([id, parent, 3], lambda x, y: x + y * 2, 7) AS c, list_zip(tags, [1, 2], true) AS d FROM people

SELECT list_slice(tags, 1, 2) AS a, tags[2:] AS b, tags[-1] AS c, tags[1:3:2] AS d, list_position(tags, 'a') AS e, list_contains(tags, 'b') AS f, array_to_string(tags, '|') AS g, list_resize(tags, 3, 'z') AS h FROM people

SELECT json_extract(to_json(addr), '$.zip') AS a, to_json(addr) ->> '$.floor' AS b, json_extract_string(to_json(tags), '$[0]') AS c, json_array_length(to_json(tags)) AS d, json_transform(to_json(addr), '{"zip": "VARCHAR"}') AS e, json_exists(to_json(addr), '$.zip') AS f FROM people

SELECT from_json(to_json(addr), '{"floor": "VARCHAR"}') AS a, json_object('k', id, 'l', name) AS b, json_array(id, 'x') AS c, json_merge_patch(to_json(addr), '{"floor": 9}') AS d, json_value(to_json(addr), '$.zip') AS e FROM people

SELECT extra['a'] AS a, map_extract(extra, 'b') AS b, map_contains(extra, 'a') AS c, map([id], [kind])[1] AS d, map_concat(extra, MAP {'z': 1}) AS e FROM events

SELECT union_value(a := id)::UNION(a BIGINT, b VARCHAR) AS u, union_tag(CASE WHEN id > 2 THEN union_value(a := id)::UNION(a BIGINT, b VARCHAR) ELSE 'x'::UNION(a BIGINT, b VARCHAR) END) AS t, union_extract(union_value(n := qty), 'n') AS e FROM sales

SELECT city::ENUM('a', 'b', 'c', 'x', '') AS e, enum_code(city::ENUM('a', 'b', 'c', 'x', '')) AS c, (city::ENUM('x', 'c', 'b', 'a', '')) > 'b'::ENUM('x', 'c', 'b', 'a', '') AS g FROM sales WHERE city IN ('a', 'b', 'c', 'x')

SELECT TRY_CAST(city AS INTEGER) AS a, qty::VARCHAR AS b, price::INTEGER AS c, id::HUGEINT AS d, amount::FLOAT AS e, day::TIMESTAMP AS f, (qty > 1)::INTEGER AS g, '3'::TINYINT AS h FROM sales

SELECT id, sum(qty) OVER (PARTITION BY city ORDER BY id, qty, amount ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s, count(*) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND 2 FOLLOWING) AS c, sum(qty) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE GROUP) AS g FROM sales

SELECT id, lag(qty, 2, 9) OVER (ORDER BY id, qty, amount) AS l, lead(qty IGNORE NULLS) OVER (ORDER BY id, qty, amount) AS m, ntile(3) OVER (ORDER BY id, qty, amount) AS n, nth_value(qty, 2) OVER (ORDER BY id, qty, amount ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW) AS v, first_value(city RESPECT NULLS) OVER (ORDER BY id DESC, qty, amount) AS f FROM sales

SELECT id, rank(ORDER BY qty DESC) OVER (PARTITION BY city ORDER BY id) AS r, count(DISTINCT shop) OVER (PARTITION BY city) AS d, sum(qty) FILTER (WHERE id > 2) OVER (PARTITION BY shop) AS f, list(shop ORDER BY qty DESC NULLS FIRST, shop) OVER (PARTITION BY city) AS l FROM sales

SELECT id, fill(qty) OVER (ORDER BY id) AS f FROM (SELECT DISTINCT ON (id) id, qty FROM sales WHERE id IS NOT NULL ORDER BY id, qty)

SELECT s.id, e.value FROM sales s ASOF JOIN events e ON s.city = e.kind AND s.day > e.moment

SELECT s.id, e.value FROM sales s ASOF LEFT JOIN events e ON s.city = e.kind AND s.day < e.moment

SELECT id FROM sales USING SAMPLE reservoir(50 PERCENT) REPEATABLE (3)

SELECT DISTINCT ON (city) city, qty FROM sales ORDER BY city DESC NULLS FIRST, qty DESC NULLS LAST, id

SELECT * FROM sales ORDER BY ALL DESC NULLS FIRST LIMIT 3 OFFSET 1

SELECT id FROM sales ORDER BY id, qty, amount LIMIT 30% OFFSET 1

SELECT id FROM sales ORDER BY id, qty, amount LIMIT 2 + 1 OFFSET 2 - 1

SELECT city, count(*) FROM sales GROUP BY GROUPING SETS ((city), (shop, city), ()) HAVING count(*) > 1

SELECT city, shop, grouping(city, shop) AS g, sum(qty) AS s FROM sales GROUP BY CUBE (city, shop)

SELECT id FROM sales WHERE city LIKE 'a%' OR city ILIKE 'B_' OR city NOT LIKE '%x%' OR city GLOB 'a*' OR city SIMILAR TO '[ab]' OR city LIKE 'a!%' ESCAPE '!'

SELECT id FROM sales WHERE qty IN (1, 2, 3) AND city NOT IN ('a', 'b') AND id BETWEEN 1 AND 4 AND qty IS NOT DISTINCT FROM 1

SELECT CASE WHEN qty > 2 THEN 'x' WHEN qty = 1 THEN 'y' ELSE 'z' END AS c, CASE city WHEN 'a' THEN 1 WHEN 'b' THEN 2 END AS d, coalesce(qty, id, 0) AS e, nullif(city, 'a') AS f, greatest(qty, 2) AS g, if(id > 2, 1, 2) AS h FROM sales

SELECT array_distance([qty, id]::DOUBLE[2], [1, 2]::DOUBLE[2]) AS a, [qty, 1]::INTEGER[2] AS b, array_value(id, 3) AS c FROM sales WHERE qty IS NOT NULL AND id IS NOT NULL

SELECT generate_series(1, qty, 2) AS a, range(0, qty) AS b, unnest(generate_series(1, 2)) AS c FROM sales WHERE qty < 5

SELECT s.id, x.n FROM sales s, UNNEST([s.qty, 5]) WITH ORDINALITY x(n, o) WHERE o > 1

SELECT * FROM (PIVOT sales ON city IN ('a', 'b' AS bee) USING sum(qty) AS s, max(price) GROUP BY shop)

SELECT * FROM (UNPIVOT (SELECT id, qty, parent FROM sales JOIN people USING (id)) ON (qty) AS q, (parent) AS p INTO NAME n VALUE v)

SELECT id, city COLLATE NOCASE = 'A' AS e, city < 'B' COLLATE NOACCENT AS f, max(city COLLATE NOCASE) OVER (PARTITION BY shop COLLATE NOCASE) AS m FROM sales

SELECT bit_and(qty) AS a, bit_or(id) AS b, bool_and(qty > 1) AS c, product(qty) AS d, kurtosis(price) AS e, skewness(price) AS f, stddev_pop(price) AS g, var_samp(price) AS h, covar_pop(price, qty) AS i, regr_r2(price, qty) AS j, sum_no_overflow(qty) AS k, fsum(price) AS l, favg(price) AS m, mad(price) AS n, median(qty) AS o, sem(price) AS p, count_if(qty > 1) AS q, any_value(1) AS r FROM sales

SELECT md5(city) AS a, sha256(city || 'x') AS b, hash(id, 'q') AS c, base64(encode(city)) AS d, hex(city) AS e, bin(qty) AS f, to_base(id, 3) AS g, chr(qty + 65) AS h, ascii(city) AS i, levenshtein(city, 'ab') AS j, jaccard(city || 'q', 'abq') AS k, damerau_levenshtein(city, 'x') AS l FROM sales

SELECT count(*) FILTER (WHERE qty > 1) AS a, count(DISTINCT city) AS b, sum(DISTINCT qty) AS c, avg(qty) FILTER (city = 'a') AS d, list(DISTINCT city ORDER BY city DESC) AS e, first(city ORDER BY id, qty, amount) AS f, max_by(city, id) AS g FROM sales

SELECT day::VARCHAR AS a, strftime(moment, '%H') AS b, monthname(day) AS c, dayofweek(day) AS d, isoyear(day) AS e, date_add(day, INTERVAL 2 MONTH) AS f, age(day, DATE '2023-01-01') AS g, century(day) AS h, julian(day) AS i FROM sales, (SELECT max(moment) AS moment FROM events)

SELECT id, (SELECT count(*) FROM shops h WHERE h.size > s.qty AND h.city = 'a') AS a, EXISTS (SELECT 1 FROM shops h WHERE h.boss = s.id AND h.size > 1) AS b, id IN (SELECT boss FROM shops WHERE size < 3) AS c, qty > ANY (SELECT size FROM shops WHERE city <> 'b') AS d, ARRAY(SELECT size FROM shops h WHERE h.shop = s.shop ORDER BY size DESC, boss LIMIT 2) AS e FROM sales s

WITH RECURSIVE t(n, x) AS (SELECT 1, max(qty) FROM sales UNION ALL SELECT n + 1, x * 2 FROM t WHERE n < 4) SELECT n, x FROM t WHERE n > 1

WITH RECURSIVE t(a, b) USING KEY (a) AS (SELECT id, 0 FROM people UNION SELECT p.parent, t.b + 1 FROM t JOIN people p ON p.id = t.a WHERE t.b < 3) SELECT * FROM t

SELECT COLUMNS(* EXCLUDE (day, price)) FROM sales WHERE COLUMNS(['id', 'qty']) > 1

SELECT COLUMNS('^(id|q).*') + 1, max(COLUMNS(lambda c: c LIKE 'p%')) OVER () FROM sales

SELECT id.abs() AS a, city.upper().substr(1, 1) AS b, tags.list_filter(lambda x: x <> 'a').len() AS c FROM sales JOIN people USING (id, city)

SELECT * LIKE '%i%' FROM sales

SELECT * EXCLUDE (addr), addr.* FROM people

SELECT unnest(addr) , unnest(tags) AS tag FROM people

FROM sales SELECT id, qty WHERE qty = (FROM shops SELECT max(size))

SELECT a.id, b.id AS bid FROM sales a POSITIONAL JOIN people b

SELECT id, qty FROM sales UNION ALL BY NAME SELECT size AS qty, 'x' AS extra FROM shops

SELECT id, qty, count(*) AS n FROM sales GROUP BY ALL HAVING n > 0 ORDER BY ALL

SELECT id FROM sales EXCEPT ALL SELECT boss FROM shops WHERE size > 1

SELECT city FROM sales INTERSECT ALL SELECT city FROM shops

SELECT variant_typeof(id::VARIANT) AS a, (addr::VARIANT).zip::VARCHAR AS b FROM people

SELECT list_cosine_similarity([qty, 1.0], [id, 2.0]) AS a, list_grade_up([qty, id], 'DESC') AS b, list_select(['a', 'b', 'c'], [1, 2]) AS c, list_where([qty, id], [true, false]) AS d, flatten([[qty], [id]]) AS e, list_distinct([qty, qty, id]) AS f, list_unique([qty, id]) AS g, list_sum([qty, 2]) AS h, list_has_any(['a', city], ['b']) AS i FROM sales WHERE qty IS NOT NULL AND id IS NOT NULL

SELECT parse_path('a/b/' || city, '/') AS a, string_split(city || '-q', '-') AS b, string_split_regex(city || '1q', '[0-9]') AS c, concat_ws('-', city, shop, 'k') AS d, starts_with(city, 'a') AS e, ends_with(city, 'b') AS f, contains(shop, 'a') AS g, instr(city, 'a') AS h, reverse(city || 'z') AS i, replace(city, 'a', 'q') AS j, trim(city, 'a') AS k, ltrim(city, 'b') AS l FROM sales

SELECT cast_to_type('1', qty) AS a, try(1 / (qty - 1)) AS b, error_if AS c FROM (SELECT qty, 1 AS error_if FROM sales)

SELECT count(*) OVER (PARTITION BY city ORDER BY day RANGE BETWEEN INTERVAL 40 DAY PRECEDING AND INTERVAL 1 DAY FOLLOWING) AS a, cume_dist() OVER (ORDER BY qty DESC NULLS FIRST) AS b, percent_rank() OVER (ORDER BY id) AS c, dense_rank() OVER (PARTITION BY shop ORDER BY qty) AS d FROM sales

SELECT map_from_entries([(city, qty)]) AS a, map_keys(map([city], [1])) AS b FROM sales WHERE city IS NOT NULL

SELECT create_sort_key(city, 'DESC NULLS LAST') AS a, create_sort_key(qty, 'ASC NULLS FIRST') AS b FROM sales

SELECT s.id FROM sales s JOIN shops h ON s.shop = h.shop AND (s.qty > h.size OR s.city = 'a') LEFT JOIN people p ON p.id = s.id AND p.active

SELECT id, sum(qty) AS s FROM sales GROUP BY id HAVING sum(qty) > 2 AND bool_or(city = 'a') QUALIFY row_number() OVER (ORDER BY s DESC, id) <= 2

SELECT x, y FROM (VALUES (1, 'a'), (2, 'b')) t(x, y) JOIN sales ON sales.city = y AND x < 3
