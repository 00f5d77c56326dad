-- What was set aside, by reason: airports to add to the dimension, files to have mended.
SELECT 'unmatched' AS kind, reason, COUNT(*) AS flights, COUNT(DISTINCT source_file) AS files
FROM airlines.unmatched_flights
GROUP BY reason
UNION ALL
SELECT 'rejected' AS kind, reason, COUNT(*) AS flights, COUNT(DISTINCT source_file) AS files
FROM airlines.rejected_flights
GROUP BY reason
ORDER BY kind, flights DESC, reason;
