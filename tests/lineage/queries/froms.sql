-- plain
SELECT * FROM sales;
sales;

-- nothing
SELECT 1 AS x;
nothing;

-- two by comma
SELECT * FROM sales, products;
sales, products;

-- the same twice
SELECT * FROM sales AS a JOIN sales AS b USING (id);
sales;

-- FROM first
FROM sales;
sales;

-- FROM first with SELECT
FROM sales SELECT week, count(*) GROUP BY ALL;
sales;

-- TABLE
TABLE sales;
sales;

-- VALUES
VALUES (1, 'a'), (2, 'b');
nothing;

-- VALUES in FROM
SELECT * FROM (VALUES (1), (2)) AS v(x), sales;
sales;

-- mixed case is folded
SELECT * FROM SalesByWeek;
salesbyweek;

-- quoted
SELECT * FROM "sales";
sales;

-- quoted, mixed case is folded too
SELECT * FROM "SALES";
sales;

-- quoted with other characters
SELECT * FROM "sales by week";
sales by week;

-- a table in single quotes
SELECT * FROM 'sales';
sales;

-- keywords as names
SELECT * FROM "order" JOIN "group" USING (id);
order, group;

-- main is where assets are
SELECT * FROM main.sales;
sales;

-- an environment
SELECT * FROM prod.sales;
prod.sales;

-- an environment and main
SELECT * FROM Prod.main.Sales;
prod.sales;

-- all three
SELECT * FROM lake.shop.sales;
lake.shop.sales;

-- an alias is no table
SELECT s.id FROM sales AS s WHERE s.week = 1;
sales;

-- an alias with the name of another table
SELECT products.id FROM sales AS products;
sales;

-- a table named as its alias
SELECT sales.id FROM sales AS sales;
sales;

-- an alias before the table
SELECT s.id FROM s: sales;
sales;

-- a struct looks like a table
SELECT address.street, customers.address.city FROM customers;
customers;

-- a row as a struct
SELECT sales FROM sales;
sales;

-- JOIN
SELECT * FROM sales JOIN products ON sales.product_id = products.id;
sales, products;

-- LEFT, RIGHT, FULL
SELECT * FROM a LEFT JOIN b USING (id) RIGHT JOIN c USING (id) FULL OUTER JOIN d USING (id);
a, b, c, d;

-- CROSS
SELECT * FROM a CROSS JOIN b;
a, b;

-- NATURAL
SELECT * FROM a NATURAL JOIN b NATURAL LEFT JOIN c;
a, b, c;

-- SEMI and ANTI
SELECT * FROM a SEMI JOIN b USING (id) ANTI JOIN c USING (id);
a, b, c;

-- ASOF
SELECT * FROM trades AS t ASOF LEFT JOIN quotes AS q ON t.symbol = q.symbol AND t.ts >= q.ts;
trades, quotes;

-- ASOF USING
SELECT * FROM trades ASOF JOIN quotes USING (symbol, ts);
trades, quotes;

-- POSITIONAL
SELECT * FROM a POSITIONAL JOIN b;
a, b;

-- brackets around joins
SELECT * FROM (a JOIN (b JOIN c USING (id)) USING (id));
a, b, c;

-- a subquery
SELECT * FROM (SELECT * FROM (SELECT * FROM sales));
sales;

-- LATERAL
SELECT * FROM sales AS s, LATERAL (SELECT * FROM products AS p WHERE p.id = s.product_id) AS x;
sales, products;

-- lateral without the word
SELECT * FROM sales AS s, (SELECT s.week + w.offset AS x FROM weeks AS w);
sales, weeks;

-- LEFT JOIN LATERAL
SELECT * FROM sales s LEFT JOIN LATERAL (SELECT max(price) AS m FROM prices WHERE prices.id = s.id) ON true;
sales, prices;

-- a sample of a table
SELECT * FROM sales TABLESAMPLE reservoir(10 ROWS) REPEATABLE (42);
sales;

-- brackets around all
(SELECT * FROM sales);
sales;

-- DESCRIBE a table
DESCRIBE sales;
sales;

-- DESCRIBE a query
DESCRIBE SELECT * FROM sales JOIN products USING (id);
sales, products;

-- SUMMARIZE a table
SUMMARIZE sales;
sales;

-- SUMMARIZE a query
SUMMARIZE SELECT * FROM sales;
sales;

-- SUMMARIZE in FROM
SELECT column_name FROM (SUMMARIZE sales);
sales;

-- DESCRIBE in FROM
SELECT column_name FROM (DESCRIBE sales);
sales;

-- SHOW of a table
SHOW sales;
sales;

-- a table at a version
SELECT * FROM sales AT (VERSION => 3);
sales;

-- tables where commas trail
SELECT a, b, FROM sales;
sales;
