-- A copy on every node: it is small, and whatever joins it then joins locally.
-- No PRIMARY KEY: Glue takes a primary key as a bookmark key when its values follow each other, and
-- the job must read this table whole on every run.
CREATE TABLE IF NOT EXISTS airlines.dim_airport_codes (
    airport_id BIGINT,
    city VARCHAR(100),
    state VARCHAR(100),
    name VARCHAR(200)
)
DISTSTYLE ALL
SORTKEY (airport_id);
