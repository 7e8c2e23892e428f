-- Subqueries in every place, correlated and not.

SELECT id, (SELECT max(size) FROM shops) AS m FROM sales

SELECT id, (SELECT max(h.size) FROM shops h WHERE h.shop = s.shop) AS m FROM sales s

SELECT id, (SELECT count(*) FROM shops h WHERE h.city = s.city AND h.size > s.qty) AS n FROM sales s

SELECT id FROM sales s WHERE EXISTS (SELECT 1 FROM shops h WHERE h.shop = s.shop)

SELECT id FROM sales s WHERE NOT EXISTS (SELECT * FROM shops h WHERE h.shop = s.shop AND h.size > s.qty)

SELECT id FROM sales WHERE shop IN (SELECT shop FROM shops WHERE size > 1)

SELECT id FROM sales WHERE shop NOT IN (SELECT shop FROM shops WHERE shop IS NOT NULL)

SELECT id, shop IN (SELECT shop FROM shops) AS known FROM sales

SELECT id FROM sales WHERE qty > ALL (SELECT size FROM shops WHERE size < 3)

SELECT id FROM sales WHERE qty >= ANY (SELECT size FROM shops)

SELECT id, EXISTS (SELECT 1 FROM shops WHERE shops.city = sales.city) AS e FROM sales

SELECT id FROM sales s WHERE qty = (SELECT max(qty) FROM sales t WHERE t.city = s.city)

SELECT id FROM sales s WHERE amount > (SELECT avg(amount) FROM sales t WHERE t.city = s.city AND t.day <= s.day)

SELECT (SELECT s.qty + max(h.size) FROM shops h) AS x FROM sales s

SELECT (SELECT s.qty + h.size FROM shops h WHERE h.shop = s.shop ORDER BY h.size, h.boss LIMIT 1) AS x FROM sales s

SELECT ARRAY(SELECT h.size FROM shops h WHERE h.city = s.city ORDER BY h.size) AS a FROM sales s

SELECT id FROM sales a WHERE a.qty = (SELECT min(b.size) FROM shops b WHERE b.city = a.city AND b.size > (SELECT avg(c.size) FROM shops c WHERE c.city = a.city))

SELECT * FROM (SELECT * FROM (SELECT id, city FROM sales) a WHERE city = 'a') b

SELECT x.c, x.n FROM (SELECT city AS c, count(*) AS n FROM sales GROUP BY city) x WHERE x.n > 1

SELECT (SELECT name FROM people p WHERE p.id = s.id ORDER BY name LIMIT 1) || city AS x FROM sales s

SELECT id FROM people p WHERE (SELECT count(*) FROM sales s WHERE s.id = p.id) > 1

SELECT id FROM people p WHERE city = (SELECT min(city) FROM sales) OR parent IN (SELECT id FROM events)

SELECT CASE WHEN EXISTS (SELECT 1 FROM shops h WHERE h.boss = s.id) THEN s.city ELSE 'no' END AS c FROM sales s

SELECT sum((SELECT max(size) FROM shops h WHERE h.shop = s.shop)) AS t FROM sales s

SELECT city, sum(qty) AS s FROM sales GROUP BY city HAVING sum(qty) > (SELECT avg(size) FROM shops)

SELECT id, (SELECT sum(value) FROM events e WHERE e.id = p.id) AS v, (SELECT max(value) FROM events e WHERE e.id = p.parent) AS w FROM people p

SELECT id FROM sales WHERE (shop, city) IN (SELECT (shop, city) FROM shops)

SELECT (SELECT list(size ORDER BY size) FROM shops WHERE city = s.city) AS l FROM sales s

SELECT (SELECT (SELECT max(p.parent) FROM people p WHERE p.id = h.boss AND p.city = s.city) FROM shops h WHERE h.shop = s.shop ORDER BY 1 LIMIT 1) AS x FROM sales s

SELECT id FROM sales s WHERE s.city = ANY (SELECT p.city FROM people p WHERE p.id = s.id)
