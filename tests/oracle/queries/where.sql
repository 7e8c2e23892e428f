-- Filters, sorting, limits, samples, distinct.

SELECT id FROM sales WHERE city = 'a'

SELECT id FROM sales WHERE city = 'a' AND qty > 1 OR price IS NULL

SELECT city FROM sales ORDER BY id

SELECT city FROM sales ORDER BY id DESC NULLS FIRST, amount

SELECT city, qty FROM sales ORDER BY ALL

SELECT city, qty FROM sales ORDER BY 2, 1

SELECT city FROM sales ORDER BY id LIMIT 2

SELECT city FROM sales ORDER BY id, city LIMIT 2 OFFSET 1

SELECT city FROM sales LIMIT 3

SELECT city FROM sales ORDER BY id LIMIT 50%

SELECT city FROM sales ORDER BY id LIMIT (SELECT count(*) FROM shops WHERE size > 1)

SELECT city FROM sales ORDER BY id LIMIT 2 OFFSET (SELECT min(size) FROM shops)

SELECT DISTINCT city FROM sales

SELECT DISTINCT city, qty FROM sales WHERE id > 1

SELECT DISTINCT ON (city) city, amount FROM sales ORDER BY city, id, amount

SELECT DISTINCT ON (city, shop) * FROM sales

SELECT DISTINCT ON (qty % 2) id FROM sales ORDER BY day

SELECT id FROM sales USING SAMPLE 3 ROWS (reservoir, 42)

SELECT id FROM sales TABLESAMPLE reservoir(50 PERCENT) REPEATABLE (7)

SELECT id FROM sales WHERE false

SELECT 1 AS x WHERE 1 = 2

SELECT count(*) AS n FROM sales WHERE 1 = 0

SELECT id FROM sales WHERE rowid > 2

SELECT rowid, id FROM sales

SELECT id FROM sales WHERE (city, qty) = ('a', 1)

SELECT id FROM sales WHERE (city, qty) IN (SELECT city, size FROM shops)

SELECT id FROM sales WHERE city IN ('a', 'b') AND shop NOT IN ('x')

SELECT id FROM people WHERE active

SELECT id FROM people WHERE addr.floor > 1

SELECT id FROM people WHERE 'a' IN tags

SELECT id FROM people WHERE list_any_value(tags) = name

SELECT id FROM events WHERE extra['a'] = value

SELECT id FROM sales WHERE day >= DATE '2024-01-02' AND day < (SELECT max(opened) FROM shops)

SELECT city AS c FROM sales WHERE c = 'a'

SELECT id FROM sales WHERE COLUMNS(* EXCLUDE (id, day, city, shop)) > 0

SELECT id, qty FROM sales WHERE qty = ANY (SELECT size FROM shops)

SELECT id FROM (SELECT * FROM sales ORDER BY qty LIMIT 3) WHERE city = 'a'

SELECT * FROM (SELECT DISTINCT city FROM sales) WHERE city > 'a'

SELECT id FROM sales ORDER BY (SELECT max(size) FROM shops WHERE shops.city = sales.city), id

SELECT city FROM sales ORDER BY CASE WHEN qty > 1 THEN id END, day LIMIT 3

SELECT city, amount FROM sales ORDER BY amount DESC, city FETCH FIRST 2 ROWS ONLY

SELECT id FROM sales WHERE EXISTS (SELECT 1)

SELECT id FROM sales WHERE city SIMILAR TO '[ab]' AND starts_with(shop, 'a')

SELECT id FROM sales OFFSET 2
