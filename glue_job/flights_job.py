"""Loads the raw flights that are new since the last run into the warehouse.

Raw files --> lines that are no flight are marked --> join on the origin airport, map --> join on the
destination airport, map --> staging table --> in the same transaction: flights, flights of unknown
airports, rejected lines, and a record of each file loaded.

What makes a load happen exactly once: the bookmark moves at job.commit(), after the load. A run that
dies between the two leaves the files to be read again, and then airlines.load_history, written by
the transaction that loaded them, keeps their rows out. A run that dies before the transaction ended
has loaded nothing, and its files are still new to the next run.

What makes a file say where its values are: the catalog's table takes every line as data, the header
lines too, and its columns are places. A file's header is looked for among the lines that are no
flight, which costs the flights nothing. The usual header is the places' own order. Only when a file
has another are the files' headers read first, in a pass of their own, and each file's lines by its
own header; a file that has none, or lacks a column, is set aside whole.
"""

import sys

from awsglue.context import GlueContext
from awsglue.dynamicframe import DynamicFrame
from awsglue.job import Job
from awsglue.transforms import ApplyMapping, ResolveChoice
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext
from pyspark.sql import functions as F

NUMBERS = {
    "originairportid": "OriginAirportID",
    "destairportid": "DestAirportID",
    "depdelay": "DepDelay",
    "arrdelay": "ArrDelay",
}
# The table's columns, in the order of their places, and the names that headers give them.
TITLES = {"carrier": "Carrier", **NUMBERS}
NOT_IN_FILES = ("source_file", "date")
MANDATORY = ("originairportid", "destairportid")
WHOLE_NUMBER = "^[+-]?[0-9]{1,18}$"
CARRIER_BYTES = 10
LINE_CHARACTERS = 1000
# What a reader of UTF-8 makes of bytes that are none.
NO_CHARACTER = "\ufffd"
# Blanks, and the mark that some editors put at the beginning of a file.
AROUND_A_NAME = " \t\r\ufeff"
HEADER = "HEADER"
OTHER_HEADER = "A header has another order than the places: "
# A file is in the catalog as late as its execution's deadline allows. Files that were modified this
# long before the last run, and not read by it, are still new.
BAND_SECONDS = 86400

PREACTIONS = ["DELETE FROM airlines.flights_staging"]
POSTACTIONS = [
    "DELETE FROM airlines.flights_staging"
    " WHERE source_file IN (SELECT source_file FROM airlines.load_history)",
    # Nobody knows what the values of a file without a header are, though they may look like flights.
    "UPDATE airlines.flights_staging SET outcome = 'REJECTED',"
    " reason = 'The file has no header of these columns',"
    " line = COALESCE(line, COALESCE(carrier, '')"
    " || ',' || COALESCE(CAST(origin_airport_id AS VARCHAR(20)), '')"
    " || ',' || COALESCE(CAST(dest_airport_id AS VARCHAR(20)), '')"
    " || ',' || COALESCE(CAST(dep_delay AS VARCHAR(20)), '')"
    " || ',' || COALESCE(CAST(arr_delay AS VARCHAR(20)), ''))"
    " WHERE source_file NOT IN"
    " (SELECT source_file FROM airlines.flights_staging WHERE outcome = 'HEADER')",
    "INSERT INTO airlines.daily_flights_processed (carrier, dep_airport, arr_airport, dep_city,"
    " arr_city, dep_state, arr_state, dep_delay, arr_delay)"
    " SELECT carrier, dep_airport, arr_airport, dep_city, arr_city, dep_state, arr_state,"
    " dep_delay, arr_delay FROM airlines.flights_staging WHERE outcome = 'LOADED'",
    "INSERT INTO airlines.unmatched_flights (source_file, job_run_id, reason, carrier,"
    " origin_airport_id, dest_airport_id, dep_delay, arr_delay)"
    " SELECT source_file, job_run_id, reason, carrier, origin_airport_id, dest_airport_id,"
    " dep_delay, arr_delay FROM airlines.flights_staging WHERE outcome = 'UNMATCHED'",
    "INSERT INTO airlines.rejected_flights (source_file, job_run_id, reason, line)"
    " SELECT source_file, job_run_id, reason, line"
    " FROM airlines.flights_staging WHERE outcome = 'REJECTED'",
    "INSERT INTO airlines.load_history (source_file, job_run_id, loaded_at, rows_loaded,"
    " rows_unmatched, rows_rejected)"
    " SELECT source_file, job_run_id, GETDATE(),"
    " SUM(CASE WHEN outcome = 'LOADED' THEN 1 ELSE 0 END),"
    " SUM(CASE WHEN outcome = 'UNMATCHED' THEN 1 ELSE 0 END),"
    " SUM(CASE WHEN outcome = 'REJECTED' THEN 1 ELSE 0 END)"
    " FROM airlines.flights_staging GROUP BY source_file, job_run_id",
    "DELETE FROM airlines.flights_staging",
]


def in_one_line(statements):
    # Glue wants the statements separated by semicolons and without a line break.
    return "; ".join(statements) + ";"


def file_of_line():
    # Without its file a row could not be kept from being loaded twice: better no load than that.
    return F.when(F.input_file_name() != "", F.input_file_name()).otherwise(
        F.raise_error(F.lit("A raw flight does not know the file it came from"))
    )


def places(flights):
    """The columns that a file's values are in, in order; a file that is wider has added more of them."""
    more = [
        name
        for name in flights.columns
        if name not in (*TITLES, *NOT_IN_FILES) and not name.startswith("partition_")
    ]
    return [*TITLES, *more]


def text_at(place):
    return f"coalesce(cast(`{place}` as string), '')"


def name_at(place):
    """A value as a header's names are compared."""
    return f"lower(btrim({text_at(place)}, '{AROUND_A_NAME}'))"


def line_of(flights):
    """A line as it was; a file that is narrower than another has no commas for what it lacks."""
    more = [f"nullif({text_at(place)}, '')" for place in places(flights)[len(TITLES) :]]
    return F.expr(f"concat_ws(',', {', '.join([*map(text_at, TITLES), *more])})")


def is_header(flights):
    """Two of the names make a header: of a flight's values only the carrier can look like one."""
    known = ", ".join(f"'{name}'" for name in TITLES)
    found = [f"int({name_at(place)} in ({known}))" for place in places(flights)]
    return F.expr(f"{' + '.join(found)} >= 2")


def is_usual_header():
    return F.expr(" and ".join(f"{name_at(name)} = '{name}'" for name in TITLES))


def flaw_of(values):
    """Why values are no flight; null where they are one."""
    carrier = F.trim(values["carrier"])
    flaw = (
        F.when(F.coalesce(carrier, F.lit("")) == "", F.lit("Carrier is missing"))
        .when(
            F.octet_length(carrier) > CARRIER_BYTES, F.lit(f"Carrier is over {CARRIER_BYTES} bytes")
        )
        .when(carrier.contains(NO_CHARACTER), F.lit("Carrier is not UTF-8"))
        # Half of a value that a line break has cut in two.
        .when(carrier.contains('"'), F.lit("Carrier has a quote in it"))
    )
    for name in MANDATORY:
        text = F.trim(values[name])
        flaw = flaw.when(F.coalesce(text, F.lit("")) == "", F.lit(f"{TITLES[name]} is missing"))
    for name, title in NUMBERS.items():
        text = F.trim(values[name])
        flaw = flaw.when(
            (text != "") & ~text.rlike(WHOLE_NUMBER), F.lit(f"{title} is not a whole number")
        )
    return flaw


def lines(flights, values, reason, line):
    """Give every line its numbers as numbers and, if it is no flight, the reason and itself."""
    texts = {name: F.trim(values[name]) for name in NUMBERS}
    return flights.select(
        "source_file",
        reason.alias("reason"),
        F.when(reason.isNotNull(), F.substring(line, 1, LINE_CHARACTERS)).alias("line"),
        F.when(reason.isNull(), F.trim(values["carrier"])).alias("carrier"),
        *[
            F.when(text.rlike(WHOLE_NUMBER), text.cast("long")).alias(name)
            for name, text in texts.items()
        ],
    )


def checked(flights):
    """Check every line of files that have their values in the usual places.

    A header of another order stops the load before anything is loaded.
    """
    values = {name: F.col(name) for name in TITLES}
    flaw = flaw_of(values)
    reason = (
        F.when(flaw.isNull(), F.lit(None).cast("string"))
        .when(is_usual_header(), F.lit(HEADER))
        .when(
            is_header(flights),
            F.raise_error(F.concat(F.lit(OTHER_HEADER), F.col("source_file"))),
        )
        .otherwise(flaw)
    )
    return lines(flights, values, reason, line_of(flights))


def headers_of(flights):
    """Read the files' headers: the place of each name, counted from 1, or what is wrong with the file."""
    names = F.expr(f"array({', '.join(map(name_at, places(flights)))})").alias("names")
    found = flights.filter(is_header(flights)).select("source_file", names).distinct().collect()
    headers = {}
    for row in found:
        headers.setdefault(row["source_file"], []).append(row["names"])
    rows = []
    for file, several in headers.items():
        first = several[0]
        flaws = [
            f"{title} is {'twice' if name in first else 'not'} in the file's header"
            for name, title in TITLES.items()
            if first.count(name) != 1
        ]
        if len(several) > 1:
            flaws = ["The file has headers that differ"]
        found_at = [None if flaws else first.index(name) + 1 for name in TITLES]
        rows.append((file, flaws[0] if flaws else None, *found_at))
    columns = ", ".join(f"place_of_{name} int" for name in TITLES)
    return flights.sparkSession.createDataFrame(
        rows, f"header_file string, file_flaw string, {columns}"
    )


def checked_by_headers(flights, headers):
    """Check every line of files of which some have their values in other places."""
    known = flights.join(
        F.broadcast(headers), F.col("source_file") == F.col("header_file"), "left"
    )
    texts = F.expr(f"array({', '.join(map(text_at, places(flights)))})")
    values = {
        # A file without a header is set aside as it stands, by the load's own statements.
        name: F.when(F.col("header_file").isNull(), F.col(name)).otherwise(
            F.element_at(texts, F.col(f"place_of_{name}"))
        )
        for name in TITLES
    }
    reason = F.when(is_header(flights), F.lit(HEADER)).otherwise(
        F.coalesce(F.col("file_flaw"), flaw_of(values))
    )
    return lines(known, values, reason, line_of(flights))


def staged(flights, job_run_id):
    """Decide what becomes of each line; the columns are airlines.flights_staging's, in order."""
    no_origin = F.col("dep_airport_id").isNull()
    no_destination = F.col("arr_airport_id").isNull()
    rejected = F.col("reason").isNotNull()
    outcome = (
        F.when(F.col("reason") == HEADER, F.lit(HEADER))
        .when(rejected, F.lit("REJECTED"))
        .when(no_origin | no_destination, F.lit("UNMATCHED"))
        .otherwise(F.lit("LOADED"))
    )
    reason = (
        F.when(rejected, F.col("reason"))
        .when(no_origin & no_destination, F.lit("OriginAirportID and DestAirportID are unknown"))
        .when(no_origin, F.lit("OriginAirportID is unknown"))
        .when(no_destination, F.lit("DestAirportID is unknown"))
    )
    return flights.select(
        "source_file",
        F.lit(job_run_id).alias("job_run_id"),
        outcome.alias("outcome"),
        reason.alias("reason"),
        "line",
        "carrier",
        "origin_airport_id",
        "dest_airport_id",
        "dep_airport",
        "arr_airport",
        "dep_city",
        "arr_city",
        "dep_state",
        "arr_state",
        "dep_delay",
        "arr_delay",
    )


def read_airports(glueContext, args):
    # No bookmark keys: the dimension is read whole on every run.
    airports_source = glueContext.create_dynamic_frame.from_catalog(
        database=args["CATALOG_DATABASE"],
        table_name=args["AIRPORTS_TABLE"],
        redshift_tmp_dir=args["TempDir"],
        additional_options={"aws_iam_role": args["REDSHIFT_ROLE_ARN"]},
        transformation_ctx="airports_source",
    )
    # Read once for both joins, and sent whole to every executor: the flights are never shuffled.
    airports = F.broadcast(airports_source.toDF().cache())
    if airports.isEmpty():
        raise RuntimeError(
            f"{args['AIRPORTS_TABLE']} is empty: without airports every flight would be set aside"
        )

    return airports


def load(glueContext, args, airports, flights):
    """Enrich checked flights with their airports and load them, all in one transaction."""
    # Left joins: an inner one would drop the flights whose airport is unknown.
    origin_join = DynamicFrame.fromDF(
        flights.join(airports, F.col("originairportid") == F.col("airport_id"), "left"),
        glueContext,
        "origin_join",
    )
    origin_mapping = ApplyMapping.apply(
        frame=origin_join,
        mappings=[
            ("source_file", "string", "source_file", "string"),
            ("reason", "string", "reason", "string"),
            ("line", "string", "line", "string"),
            ("carrier", "string", "carrier", "string"),
            ("originairportid", "long", "origin_airport_id", "long"),
            ("destairportid", "long", "dest_airport_id", "long"),
            ("airport_id", "long", "dep_airport_id", "long"),
            ("name", "string", "dep_airport", "string"),
            ("city", "string", "dep_city", "string"),
            ("state", "string", "dep_state", "string"),
            ("depdelay", "long", "dep_delay", "long"),
            ("arrdelay", "long", "arr_delay", "long"),
        ],
        transformation_ctx="origin_mapping",
    )

    departures = origin_mapping.toDF()
    destination_join = DynamicFrame.fromDF(
        departures.join(airports, F.col("dest_airport_id") == F.col("airport_id"), "left"),
        glueContext,
        "destination_join",
    )
    destination_mapping = ApplyMapping.apply(
        frame=destination_join,
        mappings=[
            ("source_file", "string", "source_file", "string"),
            ("reason", "string", "reason", "string"),
            ("line", "string", "line", "string"),
            ("carrier", "string", "carrier", "string"),
            ("origin_airport_id", "long", "origin_airport_id", "long"),
            ("dest_airport_id", "long", "dest_airport_id", "long"),
            ("dep_airport_id", "long", "dep_airport_id", "long"),
            ("airport_id", "long", "arr_airport_id", "long"),
            ("dep_airport", "string", "dep_airport", "string"),
            ("name", "string", "arr_airport", "string"),
            ("dep_city", "string", "dep_city", "string"),
            ("city", "string", "arr_city", "string"),
            ("dep_state", "string", "dep_state", "string"),
            ("state", "string", "arr_state", "string"),
            ("dep_delay", "long", "dep_delay", "long"),
            ("arr_delay", "long", "arr_delay", "long"),
        ],
        transformation_ctx="destination_mapping",
    )

    flights_staged = DynamicFrame.fromDF(
        staged(destination_mapping.toDF(), args["JOB_RUN_ID"]), glueContext, "flights_staged"
    )
    glueContext.write_dynamic_frame.from_jdbc_conf(
        frame=flights_staged,
        catalog_connection=args["WAREHOUSE_CONNECTION"],
        connection_options={
            "database": args["WAREHOUSE_DATABASE"],
            "dbtable": "airlines.flights_staging",
            # The frame's types are the table's: no text is written and parsed again on the way.
            "tempformat": "PARQUET",
            "preactions": in_one_line(PREACTIONS),
            "postactions": in_one_line(POSTACTIONS),
            "aws_iam_role": args["REDSHIFT_ROLE_ARN"],
        },
        redshift_tmp_dir=args["TempDir"],
        transformation_ctx="warehouse_target",
    )


def read_flights(glueContext, args):
    """Read the lines that are new since the last run, each as text with its file; None without any."""
    try:
        # Grouped files lose their names, and every row has to know its file.
        flights_source = glueContext.create_dynamic_frame.from_catalog(
            database=args["CATALOG_DATABASE"],
            table_name=args["RAW_TABLE"],
            additional_options={"groupFiles": "none", "maxBand": str(BAND_SECONDS)},
            transformation_ctx="flights_source",
        )
    except Exception as error:
        # Glue's own exception, by way of the JVM: a crawl that has met empty files only makes no table.
        if "EntityNotFoundException" not in f"{type(error).__name__}: {error}":
            raise
        return None
    # Where a line is no flight a number is text, and the column can be a choice of both: all of it as
    # text first, so that no pass is needed to find the choices.
    flights_as_text = ResolveChoice.apply(
        frame=flights_source,
        specs=[(name, "cast:string") for name in TITLES],
        transformation_ctx="flights_as_text",
    )
    flights = flights_as_text.toDF()
    # A frame of no records has no columns either. A run finds nothing new when the run before it has
    # taken its file along.
    if not flights.columns:
        return None
    # Of a first file that lacks columns the table lacks them too.
    missing = [F.lit(None).cast("string").alias(n) for n in TITLES if n not in flights.columns]
    return flights.select("*", *missing, file_of_line().alias("source_file"))


args = getResolvedOptions(
    sys.argv,
    [
        "JOB_NAME",
        "TempDir",
        "CATALOG_DATABASE",
        "RAW_TABLE",
        "AIRPORTS_TABLE",
        "WAREHOUSE_CONNECTION",
        "WAREHOUSE_DATABASE",
        "REDSHIFT_ROLE_ARN",
    ],
)
glueContext = GlueContext(SparkContext.getOrCreate())
job = Job(glueContext)
job.init(args["JOB_NAME"], args)

flights = read_flights(glueContext, args)
if flights is None:
    print("No raw flights are new since the last run.")
else:
    airports = read_airports(glueContext, args)
    try:
        load(glueContext, args, airports, checked(flights))
    except Exception as error:
        if OTHER_HEADER not in str(error):
            raise
        print("A file has its columns in another order: every file is read by its own header.")
        load(glueContext, args, airports, checked_by_headers(flights, headers_of(flights)))
job.commit()
