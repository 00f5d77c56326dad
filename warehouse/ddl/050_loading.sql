-- Where the job's COPY lands. Within that same transaction its rows move to the tables above and
-- below, so that it is empty whenever no load is under way.
CREATE TABLE IF NOT EXISTS airlines.flights_staging (
    source_file VARCHAR(1024),
    job_run_id VARCHAR(255),
    outcome VARCHAR(10),
    reason VARCHAR(200),
    line VARCHAR(4096),
    carrier VARCHAR(10),
    origin_airport_id BIGINT,
    dest_airport_id BIGINT,
    dep_airport VARCHAR(200),
    arr_airport VARCHAR(200),
    dep_city VARCHAR(100),
    arr_city VARCHAR(100),
    dep_state VARCHAR(100),
    arr_state VARCHAR(100),
    dep_delay BIGINT,
    arr_delay BIGINT
)
DISTKEY (arr_airport);

-- One row a source file, written in the transaction that loads it. A file that is here is never
-- loaded again: not when a run died before it could move its bookmark, not when it lands once more.
CREATE TABLE IF NOT EXISTS airlines.load_history (
    source_file VARCHAR(1024) NOT NULL,
    job_run_id VARCHAR(255) NOT NULL,
    loaded_at TIMESTAMP NOT NULL,
    rows_loaded BIGINT NOT NULL,
    rows_unmatched BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL
)
DISTSTYLE ALL
SORTKEY (source_file);
