SELECT shop, sum(amount) AS revenue
FROM orders
WHERE day = :day
GROUP BY shop
ORDER BY revenue DESC;
