-- Window functions, frames and QUALIFY.

SELECT id, row_number() OVER (PARTITION BY city ORDER BY id, amount, qty, day, shop, price) AS n FROM sales

SELECT id, rank() OVER (ORDER BY qty) AS r, dense_rank() OVER (ORDER BY qty DESC) AS d FROM sales

SELECT sum(qty) OVER (PARTITION BY city) AS s FROM sales

SELECT sum(qty) OVER (ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM sales

SELECT sum(qty) OVER (PARTITION BY city ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS s FROM sales

SELECT avg(qty) OVER (ORDER BY id ROWS BETWEEN id PRECEDING AND CURRENT ROW) AS s FROM sales WHERE id IS NOT NULL

SELECT sum(qty) OVER (ORDER BY day RANGE BETWEEN INTERVAL 1 MONTH PRECEDING AND CURRENT ROW) AS s FROM sales

SELECT sum(qty) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) AS s FROM sales

SELECT lag(city) OVER (ORDER BY id, city, qty) AS p, lead(city, 2, shop) OVER (ORDER BY id, city, qty, shop) AS n FROM sales

SELECT first_value(city) OVER w AS f, last_value(city) OVER w AS l, nth_value(city, 2) OVER w AS n FROM sales WINDOW w AS (ORDER BY id, city)

SELECT first_value(city IGNORE NULLS) OVER (ORDER BY id, city) AS f FROM sales

SELECT ntile(3) OVER (ORDER BY id, qty) AS n, cume_dist() OVER (ORDER BY qty) AS c, percent_rank() OVER (ORDER BY qty) AS p FROM sales

SELECT count(*) OVER () AS n, id FROM sales

SELECT id FROM sales QUALIFY row_number() OVER (PARTITION BY city ORDER BY qty, id) = 1

SELECT id, rank() OVER w AS r FROM sales WINDOW w AS (PARTITION BY shop ORDER BY amount) QUALIFY r < 3

SELECT sum(qty) FILTER (WHERE id > 1) OVER (PARTITION BY city) AS s FROM sales

SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY city ORDER BY id, qty, amount, shop, day, price) AS n FROM sales) WHERE n = 1

SELECT city, sum(qty) AS s, rank() OVER (ORDER BY sum(qty)) AS r FROM sales GROUP BY city

SELECT max(qty) OVER (PARTITION BY city, shop) - qty AS d FROM sales

SELECT id, sum(qty) OVER a AS x, sum(id) OVER b AS y FROM sales WINDOW a AS (PARTITION BY city), b AS (a ORDER BY day)

SELECT count(DISTINCT city) OVER (PARTITION BY shop) AS n FROM sales

SELECT lag(amount) OVER (PARTITION BY city ORDER BY day, id, amount) + amount AS x FROM sales ORDER BY id, x

SELECT sum(qty) OVER (PARTITION BY CASE WHEN id > 2 THEN city END) AS s FROM sales

SELECT list(city) OVER (ORDER BY id, city ROWS UNBOUNDED PRECEDING) AS l FROM sales

SELECT arg_max(city, id ORDER BY id, city) OVER (PARTITION BY shop) AS a FROM sales

SELECT quantile_cont(qty, 0.5) OVER (PARTITION BY city) AS q FROM sales

SELECT fill(price) OVER (ORDER BY id) AS f FROM (SELECT DISTINCT ON (id) id, price FROM sales WHERE id IS NOT NULL ORDER BY id, price)
