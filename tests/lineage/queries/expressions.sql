-- in the select list
SELECT (SELECT max(price) FROM prices) AS m FROM sales;
prices, sales;

-- correlated
SELECT (SELECT max(price) FROM prices AS p WHERE p.id = s.id) AS m FROM sales AS s;
prices, sales;

-- IN
SELECT * FROM sales WHERE id IN (SELECT id FROM products);
sales, products;

-- NOT IN
SELECT * FROM sales WHERE id NOT IN (FROM products SELECT id);
sales, products;

-- IN a table
SELECT * FROM sales WHERE EXISTS (FROM products);
sales, products;

-- NOT EXISTS
SELECT * FROM sales AS s WHERE NOT EXISTS (SELECT 1 FROM returns AS r WHERE r.id = s.id);
sales, returns;

-- ANY and ALL
SELECT * FROM sales WHERE price > ALL (SELECT price FROM a) OR price = ANY (SELECT price FROM b);
sales, a, b;

-- HAVING
SELECT week FROM sales GROUP BY week HAVING count(*) > (SELECT min(n) FROM limits);
sales, limits;

-- QUALIFY
SELECT * FROM sales QUALIFY row_number() OVER (PARTITION BY id ORDER BY ts) <= (SELECT n FROM limits);
sales, limits;

-- GROUP BY
SELECT count(*) FROM sales GROUP BY id IN (SELECT id FROM vip);
sales, vip;

-- ORDER BY
SELECT * FROM sales ORDER BY (SELECT rank FROM ranks WHERE ranks.id = sales.id);
sales, ranks;

-- LIMIT and OFFSET
SELECT * FROM sales LIMIT (SELECT a FROM lim) OFFSET (SELECT b FROM off);
sales, lim, off;

-- a join condition
SELECT * FROM a JOIN b ON a.id = b.id AND a.x IN (SELECT x FROM c);
a, b, c;

-- CASE
SELECT CASE WHEN x IN (SELECT x FROM a) THEN (SELECT 1 FROM b) ELSE (SELECT 2 FROM c) END FROM d;
a, b, c, d;

-- ARRAY
SELECT ARRAY(SELECT id FROM products) AS ids;
products;

-- within an aggregate and its FILTER
SELECT sum((SELECT p FROM a)) FILTER (WHERE x > (SELECT y FROM b)) FROM c;
a, b, c;

-- within a window
SELECT sum(x) OVER (PARTITION BY (SELECT 1 FROM a) ORDER BY (SELECT 2 FROM b)) FROM c;
a, b, c;

-- a named window
SELECT sum(x) OVER w FROM c WINDOW w AS (ORDER BY (SELECT 2 FROM b));
c, b;

-- within a list, a struct, a map and a row
SELECT [(SELECT 1 FROM a)], {'x': (SELECT 1 FROM b)}, MAP {'k': (SELECT 1 FROM c)}, ((SELECT 1 FROM d), 2);
a, b, c, d;

-- within a lambda
SELECT list_transform([1, 2], lambda v: v + (SELECT max(n) FROM a));
a;

-- within a list comprehension
SELECT [v FOR v IN (SELECT list(x) FROM a) IF v > 1];
a;

-- within BETWEEN, a cast and a method
SELECT (SELECT 1 FROM a)::INT BETWEEN (SELECT 0 FROM b) AND 3, (SELECT name FROM c).upper();
a, b, c;

-- in REPLACE
SELECT * REPLACE ((SELECT max(x) FROM a) AS x) FROM b;
a, b;

-- in COLUMNS
SELECT COLUMNS(c -> c LIKE 'x%') FROM a;
a;

-- UNION
SELECT id FROM a UNION SELECT id FROM b UNION ALL SELECT id FROM c;
a, b, c;

-- UNION BY NAME
SELECT * FROM a UNION BY NAME SELECT * FROM b UNION ALL BY NAME FROM c;
a, b, c;

-- INTERSECT and EXCEPT
SELECT id FROM a INTERSECT SELECT id FROM b EXCEPT ALL SELECT id FROM c;
a, b, c;

-- brackets and order in a set operation
(SELECT id FROM a ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM b) ORDER BY (SELECT 1 FROM c);
a, b, c;

-- DISTINCT ON
SELECT DISTINCT ON (id, (SELECT 1 FROM a)) * FROM b;
a, b;

-- GROUPING SETS, CUBE, ROLLUP
SELECT a, b, sum(x) FROM t GROUP BY GROUPING SETS ((a), (b), ()), CUBE (a), ROLLUP (b);
t;

-- a lateral alias
SELECT price * 2 AS twice, twice + 1 AS more FROM sales;
sales;

-- a subquery with an alias like a table
SELECT products.x FROM (SELECT 1 AS x) AS products;
nothing;

-- VALUES with a subquery
VALUES ((SELECT max(id) FROM a));
a;

-- quantified over VALUES
SELECT 1 FROM a WHERE x IN (VALUES (1), (2));
a;

-- TRY and a cast
SELECT TRY(CAST((SELECT s FROM a) AS INT)), TRY_CAST(x AS DATE) FROM b;
a, b;

-- deep nesting
SELECT (SELECT (SELECT (SELECT max(x) FROM a WHERE a.y IN (SELECT y FROM b))));
a, b;

-- strings and comments are no tables
SELECT 'FROM orders' /* FROM orders */ AS x -- FROM orders
FROM sales;
sales;

-- dollar quotes are no tables
SELECT $$ FROM orders $$, $a$ JOIN orders $a$ FROM sales;
sales;

-- COLLATE, AT TIME ZONE, interval
SELECT name COLLATE nocase, ts AT TIME ZONE 'UTC' + INTERVAL 3 DAY FROM sales;
sales;

-- an ordered aggregate
SELECT list(x ORDER BY (SELECT y FROM b)) FROM a;
b, a;
