-- Joins of every kind.

SELECT s.id, h.size FROM sales s JOIN shops h ON s.shop = h.shop

SELECT s.id, h.size FROM sales s JOIN shops h USING (shop)

SELECT shop, city, size FROM sales JOIN shops USING (shop, city)

SELECT shop FROM sales LEFT JOIN shops USING (shop)

SELECT shop, size FROM sales RIGHT JOIN shops USING (shop)

SELECT shop, id, size FROM sales FULL JOIN shops USING (shop)

SELECT * FROM sales NATURAL JOIN shops

SELECT s.id, h.size FROM sales s, shops h WHERE s.shop = h.shop

SELECT s.id, h.size FROM sales s CROSS JOIN shops h

SELECT s.id FROM sales s CROSS JOIN shops h

SELECT s.id, h.size FROM sales s LEFT JOIN shops h ON s.shop = h.shop AND h.size > 1

SELECT s.id, h.size FROM sales s LEFT JOIN shops h ON s.qty > h.size

SELECT s.id, h.size FROM sales s FULL JOIN shops h ON s.shop = h.shop OR s.city = h.city

SELECT s.id FROM sales s SEMI JOIN shops h ON s.shop = h.shop AND h.size > 1

SELECT s.id FROM sales s ANTI JOIN shops h ON s.shop = h.shop

SELECT s.id FROM sales s SEMI JOIN shops USING (city)

SELECT s.id, h.size FROM sales s ASOF JOIN shops h ON s.shop = h.shop AND s.day >= h.opened

SELECT s.id, h.boss FROM sales s ASOF LEFT JOIN (SELECT DISTINCT ON (opened) * FROM shops ORDER BY opened, shop, city, size, boss) h ON s.day >= h.opened

SELECT s.id, h.size FROM sales s POSITIONAL JOIN shops h

SELECT a.id, b.id AS other FROM sales a JOIN sales b ON a.city = b.city AND a.id < b.id

SELECT a.name, b.name AS parent FROM people a LEFT JOIN people b ON a.parent = b.id

SELECT a.name, c.name AS grand FROM people a JOIN people b ON a.parent = b.id JOIN people c ON b.parent = c.id

SELECT s.id, t.x FROM sales s, LATERAL (SELECT s.qty + h.size AS x FROM shops h WHERE h.city = s.city) t

SELECT s.id, t.x FROM sales s LEFT JOIN LATERAL (SELECT max(h.size) AS x FROM shops h WHERE h.shop = s.shop) t ON true

SELECT s.id, t.m FROM sales s CROSS JOIN LATERAL (SELECT h.size AS m FROM shops h WHERE h.shop = s.shop ORDER BY h.size, h.boss LIMIT 1) t

SELECT p.id, t.tag FROM people p, unnest(p.tags) AS t(tag)

SELECT p.id, u.n FROM people p, range(p.id) AS u(n)

SELECT p.id, g.n FROM people p, generate_series(1, p.addr.floor) AS g(n)

SELECT p.id FROM people p, unnest(p.tags) AS t(tag) WHERE t.tag = p.name

SELECT s.id, h.size, p.name FROM sales s JOIN shops h ON s.shop = h.shop JOIN people p ON h.boss = p.id WHERE p.active

SELECT s.id, h.size, p.name FROM sales s LEFT JOIN (shops h JOIN people p ON h.boss = p.id) ON s.shop = h.shop

SELECT count(*) AS n FROM sales s JOIN shops h ON s.shop = h.shop

SELECT count(*) AS n FROM sales, shops

SELECT e.kind, s.id FROM events e JOIN sales s ON e.id = s.id AND e.moment::DATE = s.day

SELECT * FROM sales s JOIN shops h ON s.shop IS NOT DISTINCT FROM h.shop

SELECT s.id FROM sales s JOIN (SELECT shop, max(size) AS m FROM shops GROUP BY shop) h ON s.shop = h.shop AND s.qty < h.m

SELECT s.*, h.* FROM sales s JOIN shops h ON s.city = h.city WHERE s.qty > coalesce(h.size, 0)

SELECT s.id FROM sales s JOIN shops h ON s.shop = h.shop JOIN events e ON e.value = h.size

SELECT x.a, y.b FROM (VALUES (1), (2)) x(a) JOIN (SELECT id AS b FROM sales) y ON x.a = y.b

SELECT s.shop, h.shop AS other FROM sales s FULL JOIN shops h ON s.shop = h.shop

SELECT CASE WHEN h.shop IS NULL THEN 'none' ELSE s.city END AS c FROM sales s LEFT JOIN shops h ON s.shop = h.shop

SELECT s.id FROM sales s JOIN shops h ON true

SELECT * FROM (SELECT id, city FROM sales) a JOIN (SELECT city, size FROM shops) b USING (city) JOIN (SELECT city, name FROM people) c USING (city)

-- Conditions that compare no side with the other, beside those that do.

SELECT s.id FROM sales s JOIN shops h ON s.shop = h.shop AND (s.qty > h.size OR s.city = 'a')

SELECT s.id FROM sales s LEFT JOIN people p ON p.id = s.id AND p.active

SELECT s.id FROM sales s JOIN shops h ON s.shop = h.shop AND s.city = 'a'

SELECT s.id FROM sales s LEFT JOIN shops h ON s.shop = h.shop AND h.city = 'a'

SELECT s.id FROM sales s FULL JOIN shops h ON s.shop = h.shop AND h.city = 'a' AND s.qty > 1

SELECT s.id, h.size FROM sales s JOIN shops h ON s.shop = h.shop AND s.qty > h.size LEFT JOIN people p ON p.id = s.id AND p.active WHERE s.city = 'a'

SELECT s.id FROM sales s JOIN shops h ON s.shop = h.shop AND (s.qty > h.size OR s.city = 'a') LEFT JOIN people p ON p.id = s.id

SELECT s.id FROM sales s LEFT JOIN shops h ON s.shop = h.shop AND s.qty > 1

SELECT s.id FROM sales s FULL JOIN shops h ON s.shop = h.shop AND s.qty > 1

SELECT h.size FROM sales s RIGHT JOIN shops h ON s.shop = h.shop AND h.city = 'a'

SELECT h.size, s.qty FROM sales s RIGHT JOIN shops h ON s.shop = h.shop AND (h.city = 'a' OR s.id > h.boss) AND s.qty % 2 = 1

SELECT s.id FROM sales s SEMI JOIN shops h ON s.shop = h.shop AND s.qty > 1 AND (h.size > 2 OR s.city = h.city)

SELECT s.id FROM sales s ANTI JOIN shops h ON s.shop = h.shop AND (s.qty > 1 OR h.size < s.id)

SELECT s.id, EXISTS (SELECT 1 FROM shops h WHERE h.shop = s.shop AND (h.size > s.qty OR s.city = 'a')) AS e FROM sales s

SELECT s.id, e.value FROM sales s ASOF LEFT JOIN events e ON s.city = e.kind AND s.day >= e.moment

SELECT s.id FROM sales s LEFT JOIN shops h ON s.qty > 1 LEFT JOIN people p ON p.id = s.id AND h.size > 1

SELECT s.id, (SELECT max(h.size) FROM shops h LEFT JOIN people p ON p.id = h.boss AND p.active AND h.size > s.qty WHERE h.shop = s.shop) AS m FROM sales s

SELECT s.id FROM sales s WHERE s.shop NOT IN (SELECT h.shop FROM shops h WHERE h.size > s.qty OR s.city = 'a')

SELECT s.id, t.x FROM sales s LEFT JOIN LATERAL (SELECT max(h.size) AS x FROM shops h WHERE h.shop = s.shop) t ON s.id > 1
