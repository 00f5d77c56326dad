-- DISTKEY: a row has all that is asked of it, so no join decides how rows are spread; evenness does.
-- The arrival airport has about a hundred values and none with over 6 % of the rows, where carriers
-- are few and one departure airport can have a third. Flights to one airport lie together.
-- SORTKEY: the questions group and filter by departure state and city, so blocks of other states
-- are skipped by their minimum and maximum.
CREATE TABLE IF NOT EXISTS airlines.daily_flights_processed (
    carrier VARCHAR(10),
    dep_airport VARCHAR(200),
    arr_airport VARCHAR(200),
    dep_city VARCHAR(100),
    arr_city VARCHAR(100),
    dep_state VARCHAR(100),
    arr_state VARCHAR(100),
    dep_delay BIGINT,
    arr_delay BIGINT
)
DISTKEY (arr_airport)
SORTKEY (dep_state, dep_city);
