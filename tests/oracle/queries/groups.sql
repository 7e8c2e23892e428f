-- Aggregates and grouping.

SELECT count(*) AS n FROM sales

SELECT count(*) AS n FROM sales WHERE city = 'a'

SELECT count(city) AS n, count(DISTINCT city) AS d FROM sales

SELECT sum(amount) AS s, avg(qty) AS a, min(day) AS f, max(day) AS t FROM sales

SELECT city, sum(amount) AS s FROM sales GROUP BY city

SELECT city, sum(amount) AS s FROM sales GROUP BY 1

SELECT city, sum(amount) AS s FROM sales GROUP BY ALL

SELECT city, shop, count(*) AS n FROM sales GROUP BY city, shop HAVING count(*) > 1

SELECT city, max(amount) FROM sales GROUP BY city HAVING sum(qty) > 2 ORDER BY min(id)

SELECT upper(city) AS u, sum(qty) AS s FROM sales GROUP BY u

SELECT sum(amount) FILTER (WHERE city = 'a') AS s, count(*) FILTER (WHERE qty > 1) AS n FROM sales

SELECT city, sum(qty) FILTER (WHERE id > 2) AS s FROM sales GROUP BY city

SELECT list(city ORDER BY id, city) AS l FROM sales

SELECT shop, string_agg(city, ',' ORDER BY id, city) AS l FROM sales GROUP BY shop

SELECT array_agg(DISTINCT city ORDER BY city) AS l FROM sales

SELECT first(city ORDER BY id, city) AS f, last(shop ORDER BY id, shop) AS l FROM sales

SELECT arg_max(city, id) AS a, arg_min(city, qty) AS b FROM (SELECT DISTINCT ON (id, qty) * FROM sales ORDER BY id, qty, city)

SELECT max_by(city, id, 2) AS m FROM sales

SELECT max(qty, 2) AS m, min(id, 3) AS n FROM sales

SELECT quantile_cont(qty, 0.5) AS q, quantile_disc(id, [0.25, 0.75]) AS d, median(qty) AS m FROM sales

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY qty) AS p, mode() WITHIN GROUP (ORDER BY id) AS m FROM sales

SELECT city, grouping(city) AS g, sum(qty) AS s FROM sales GROUP BY ROLLUP (city)

SELECT city, shop, sum(qty) AS s FROM sales GROUP BY CUBE (city, shop)

SELECT city, shop, sum(qty) AS s FROM sales GROUP BY GROUPING SETS ((city), (shop), ())

SELECT city, shop, grouping_id(city, shop) AS g, count(*) AS n FROM sales GROUP BY GROUPING SETS ((city, shop), (city))

SELECT bool_and(active) AS a, bool_or(active) AS o, bit_or(id) AS b FROM people

SELECT stddev(qty) AS s, var_pop(qty) AS v, corr(qty, id) AS c, covar_pop(qty, size) AS d FROM sales JOIN shops USING (shop)

SELECT histogram(city) AS h FROM sales

SELECT count(*) AS n FROM (SELECT city FROM sales GROUP BY city)

SELECT s, count(*) AS n FROM (SELECT city, sum(qty) AS s FROM sales GROUP BY city) GROUP BY s

SELECT sum(qty + 1) * 2 + max(id) AS x FROM sales

SELECT city, count(*) AS n, sum(amount) / count(*) AS mean FROM sales GROUP BY city ORDER BY n DESC, city LIMIT 2

SELECT city FROM sales GROUP BY city ORDER BY sum(amount), city LIMIT 1

SELECT any_value(1) AS one, city FROM sales GROUP BY city

SELECT count() AS n, city FROM sales GROUP BY ALL ORDER BY ALL

SELECT sum(DISTINCT qty) AS s, city FROM sales GROUP BY city

SELECT date_trunc('month', day) AS m, sum(amount) AS s FROM sales GROUP BY m ORDER BY m

SELECT kind, max(value) - min(value) AS spread, count(extra['a']) AS n FROM events GROUP BY kind

SELECT city, sum(sum(qty)) OVER () AS total FROM sales GROUP BY city

SELECT 1 AS one, 'x' AS x FROM sales GROUP BY city

SELECT DISTINCT count(*) AS n FROM sales GROUP BY city

SELECT sum(qty) AS s FROM sales HAVING max(id) > 2

SELECT sum(qty) AS s FROM sales GROUP BY ()

SELECT city, (SELECT max(size) FROM shops WHERE shops.city = sales.city) AS m FROM sales GROUP BY city

SELECT approx_count_distinct(city) AS a FROM sales

SELECT entropy(city) AS e, kurtosis(qty) AS k FROM sales

SELECT list(DISTINCT qty ORDER BY qty) FILTER (WHERE id > 1) AS l FROM sales

SELECT shop, product(qty) AS p, favg(price) AS f FROM sales GROUP BY shop

SUMMARIZE sales

SUMMARIZE SELECT id, qty FROM sales WHERE city = 'a'
