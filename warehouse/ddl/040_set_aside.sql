-- Flights that name an airport the dimension does not have: load the airport, then insert them.
CREATE TABLE IF NOT EXISTS airlines.unmatched_flights (
    source_file VARCHAR(1024) NOT NULL,
    job_run_id VARCHAR(255) NOT NULL,
    reason VARCHAR(200) NOT NULL,
    carrier VARCHAR(10),
    origin_airport_id BIGINT,
    dest_airport_id BIGINT,
    dep_delay BIGINT,
    arr_delay BIGINT
);

-- Lines that are no flight: an id or a delay that is not a whole number, no carrier; and all lines of
-- a file whose header does not say where its values are.
CREATE TABLE IF NOT EXISTS airlines.rejected_flights (
    source_file VARCHAR(1024) NOT NULL,
    job_run_id VARCHAR(255) NOT NULL,
    reason VARCHAR(200) NOT NULL,
    line VARCHAR(4096)
);
