-- Set operations.

SELECT city FROM sales UNION SELECT city FROM shops

SELECT city FROM sales UNION ALL SELECT shop FROM shops

SELECT city, qty FROM sales UNION ALL BY NAME SELECT size AS qty, city FROM shops

SELECT city, id FROM sales UNION BY NAME SELECT shop, city FROM shops

SELECT city FROM sales EXCEPT SELECT city FROM shops

SELECT city FROM sales EXCEPT ALL SELECT city FROM shops

SELECT city, shop FROM sales INTERSECT SELECT city, shop FROM shops

SELECT city FROM sales INTERSECT ALL SELECT city FROM people

(SELECT id FROM sales ORDER BY qty, id LIMIT 2) UNION ALL (SELECT boss FROM shops ORDER BY size, boss LIMIT 1)

SELECT id FROM sales UNION ALL SELECT id FROM people UNION ALL SELECT id FROM events

SELECT id FROM sales UNION SELECT id FROM people EXCEPT SELECT id FROM events

SELECT a, count(*) AS n FROM (SELECT city AS a FROM sales UNION ALL SELECT name FROM people) GROUP BY a

SELECT id, city FROM sales WHERE qty > 1 UNION ALL SELECT id, name FROM people WHERE active ORDER BY 1, 2 LIMIT 4

SELECT 1 AS id, 'x' AS city UNION ALL SELECT id, city FROM sales

SELECT id, NULL AS city FROM sales UNION ALL BY NAME SELECT city, id FROM people

SELECT city FROM (SELECT city FROM sales UNION SELECT city FROM shops) WHERE city > 'a'

FROM sales SELECT city UNION ALL FROM shops SELECT city

SELECT qty, qty FROM sales UNION SELECT size, boss FROM shops

SELECT id FROM sales s WHERE city IN (SELECT city FROM shops INTERSECT SELECT city FROM people)

SELECT qty AS n FROM sales UNION ALL SELECT price FROM sales
