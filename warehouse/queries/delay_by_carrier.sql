-- Carriers compared by departure and arrival delay, in minutes.
-- A cancelled flight has neither; a diverted one has no arrival delay.
SELECT
    carrier,
    COUNT(*) AS flights,
    ROUND(AVG(CAST(dep_delay AS DOUBLE PRECISION)), 2) AS avg_dep_delay,
    ROUND(AVG(CAST(arr_delay AS DOUBLE PRECISION)), 2) AS avg_arr_delay,
    COUNT(*) - COUNT(dep_delay) AS cancelled
FROM airlines.daily_flights_processed
GROUP BY carrier
ORDER BY avg_arr_delay DESC, carrier;
