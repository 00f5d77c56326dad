-- Average departure delay, in minutes, by the city and state that flights leave from.
-- A cancelled flight has no delay: it counts as a flight and not in the average.
SELECT
    dep_city AS city,
    dep_state AS state,
    COUNT(*) AS flights,
    COUNT(dep_delay) AS departed,
    ROUND(AVG(CAST(dep_delay AS DOUBLE PRECISION)), 2) AS avg_dep_delay
FROM airlines.daily_flights_processed
GROUP BY dep_city, dep_state
ORDER BY avg_dep_delay DESC, city;
