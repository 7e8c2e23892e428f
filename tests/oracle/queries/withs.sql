-- Common table expressions.

WITH a AS (SELECT id, city FROM sales) SELECT city FROM a

WITH a AS (SELECT id, city FROM sales), b AS (SELECT city FROM a WHERE id > 1) SELECT * FROM b

WITH a(x, y) AS (SELECT id, city FROM sales) SELECT y FROM a

WITH sales AS (SELECT size AS id FROM shops) SELECT id FROM sales

WITH a AS MATERIALIZED (SELECT city, sum(qty) AS s FROM sales GROUP BY city) SELECT x.city, y.s FROM a x JOIN a y ON x.s < y.s

WITH a AS NOT MATERIALIZED (SELECT * FROM sales) SELECT id FROM a

WITH a AS (SELECT * FROM sales), b AS (SELECT * FROM shops) SELECT a.id, b.size FROM a JOIN b USING (shop)

WITH unused AS (SELECT * FROM shops) SELECT id FROM sales

WITH a AS (WITH b AS (SELECT id FROM sales) SELECT id + 1 AS n FROM b) SELECT n FROM a

WITH RECURSIVE r(n) AS (SELECT min(id) FROM sales UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r

WITH RECURSIVE t(id, depth) AS (SELECT id, 0 FROM people WHERE parent IS NULL UNION ALL SELECT p.id, depth + 1 FROM people p JOIN t ON p.parent = t.id WHERE depth < 3) SELECT id, depth FROM t

WITH RECURSIVE t(id) AS (SELECT id FROM people WHERE name = 'a' UNION SELECT p.id FROM people p, t WHERE p.parent = t.id) SELECT id FROM t

WITH RECURSIVE r(a, b) AS (SELECT qty, id FROM sales UNION ALL SELECT b, a + 1 FROM r WHERE a < 3 AND b < 5) SELECT a FROM r

WITH RECURSIVE r(k, v) USING KEY (k) AS (SELECT id, qty FROM (SELECT DISTINCT ON (id) id, qty FROM sales ORDER BY id, qty) UNION SELECT k, v + 1 FROM r WHERE v < 3) SELECT k, v FROM r

WITH a AS (SELECT city, row_number() OVER (ORDER BY id, city) AS n FROM sales) SELECT city FROM a WHERE n < 3

WITH a AS (SELECT 1 AS one) SELECT one, id FROM a, sales

WITH a AS (SELECT id FROM sales), b AS (SELECT id FROM people) SELECT * FROM a UNION ALL SELECT * FROM b

WITH a AS (SELECT shop, max(size) AS m FROM shops GROUP BY shop) SELECT s.id FROM sales s WHERE qty < (SELECT m FROM a WHERE a.shop = s.shop)

WITH a AS (SELECT id, city FROM sales WHERE qty > 1) SELECT count(*) AS n FROM a

WITH a AS (FROM sales SELECT id, city), b AS (FROM a WHERE city = 'a') FROM b
