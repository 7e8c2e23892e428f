-- a name that the query defines is no upstream
WITH recent AS (SELECT * FROM sales) SELECT * FROM recent;
sales;

-- in its own definition a CTE's name is the outer table
WITH sales AS (SELECT * FROM sales WHERE week > 3) SELECT * FROM sales;
sales;

-- a CTE hides a table of its name
WITH products AS (SELECT 1 AS id) SELECT * FROM products;
nothing;

-- a CTE sees those before it
WITH a AS (SELECT * FROM sales), b AS (SELECT * FROM a) SELECT * FROM b;
sales;

-- a CTE does not see those after it
WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a;
b;

-- not even under RECURSIVE
WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a;
b;

-- a recursive CTE sees itself
WITH RECURSIVE r AS (SELECT id, parent FROM tree UNION ALL SELECT t.id, t.parent FROM tree t JOIN r ON t.parent = r.id) FROM r;
tree;

-- the start of a recursive CTE sees the table of its name
WITH RECURSIVE tree AS (SELECT id FROM tree UNION ALL SELECT id + 1 FROM tree WHERE id < 9) FROM tree;
tree;

-- RECURSIVE without a UNION is an ordinary CTE
WITH RECURSIVE sales AS (SELECT * FROM sales) SELECT * FROM sales;
sales;

-- recursion with a key
WITH RECURSIVE r(a, b) USING KEY (a) AS (SELECT a, b FROM links UNION SELECT r.a, r.b FROM r JOIN recurring.r AS s ON r.a = s.b) FROM r;
links;

-- a CTE that nobody uses still reads
WITH unused AS (SELECT * FROM orders) SELECT 1;
orders;

-- a CTE within a CTE
WITH a AS (WITH b AS (SELECT * FROM sales) SELECT * FROM b) SELECT * FROM a, b;
sales, b;

-- a CTE within a subquery ends with it
SELECT * FROM (WITH x AS (SELECT * FROM sales) SELECT * FROM x) AS y JOIN x ON true;
sales, x;

-- an inner CTE hides an outer one
WITH a AS (SELECT * FROM sales) SELECT * FROM (WITH a AS (SELECT * FROM orders) SELECT * FROM a);
sales, orders;

-- an inner CTE reads the outer one of its name
WITH a AS (SELECT * FROM sales) SELECT * FROM (WITH a AS (SELECT * FROM a) SELECT * FROM a);
sales;

-- a CTE is seen in subqueries of its query
WITH top AS (SELECT id FROM sales) SELECT * FROM products WHERE id IN (SELECT id FROM top);
sales, products;

-- a CTE is seen in a scalar subquery of the select list
WITH top AS (SELECT id FROM sales) SELECT (SELECT max(id) FROM top) AS m;
sales;

-- a CTE over a UNION is seen in both branches
WITH a AS (FROM sales) FROM a UNION ALL FROM a UNION ALL FROM b;
sales, b;

-- a CTE of one branch is not seen in the other
(WITH a AS (FROM sales) FROM a) UNION ALL (FROM a);
sales, a;

-- a qualified name is never a CTE
WITH sales AS (SELECT 1) SELECT * FROM main.sales;
sales;

-- the name of a CTE is folded
WITH Recent AS (SELECT * FROM Sales) SELECT * FROM RECENT;
sales;

-- the name of a CTE is folded in quotes too
WITH "Recent" AS (SELECT * FROM "Sales") SELECT * FROM recent;
sales;

-- letters beyond ASCII are not folded
WITH "É" AS (SELECT 1) SELECT * FROM "é";
é;

-- MATERIALIZED
WITH a AS MATERIALIZED (FROM sales), b AS NOT MATERIALIZED (FROM orders) FROM a, b;
sales, orders;

-- columns of a CTE
WITH a(x, y) AS (SELECT id, week FROM sales) SELECT x FROM a;
sales;

-- a CTE of VALUES
WITH v(a) AS (VALUES (1), (2)) SELECT * FROM v JOIN sales ON sales.id = v.a;
sales;

-- CTE before FROM
WITH a AS (FROM sales) FROM a SELECT id;
sales;

-- two recursive CTEs
WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a WHERE n < (SELECT max(x) FROM b)), b AS (SELECT x FROM c UNION SELECT x FROM b, a) FROM b;
b, c;

-- a CTE with the alias of a table in it
WITH a AS (SELECT a.id FROM sales AS a) SELECT * FROM a;
sales;

-- a CTE in an ORDER BY subquery
WITH o AS (FROM sales) SELECT * FROM orders ORDER BY (SELECT max(id) FROM o);
sales, orders;

-- a CTE that only LIMIT uses
WITH n AS (SELECT 3 AS n) SELECT * FROM sales LIMIT (SELECT n FROM n);
sales;

-- a recursive CTE whose step has a subquery on itself
WITH RECURSIVE r AS (FROM seeds UNION ALL (SELECT * FROM r WHERE id IN (SELECT id FROM r))) FROM r;
seeds;

-- three levels
WITH a AS (WITH b AS (WITH c AS (FROM deep) FROM c) FROM b, c) FROM a;
deep, c;
