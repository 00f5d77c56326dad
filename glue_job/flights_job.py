"""Loads the raw flights that are new since the last run into the warehouse.

Raw files --> lines that are no flight are marked --> join on the origin airport, map --> join on the
destination airport, map --> staging table --> in the same transaction: flights, flights of unknown
airports, rejected lines, and a record of each file loaded.

What makes a load happen exactly once: the bookmark moves at job.commit(), after the load. A run that
dies between the two leaves the files to be read again, and then airlines.load_history, written by
the transaction that loaded them, keeps their rows out. A run that dies before the transaction ended
has loaded nothing, and its files are still new to the next run.
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
MANDATORY = ("originairportid", "destairportid")
WHOLE_NUMBER = "^[+-]?[0-9]{1,18}$"
CARRIER_BYTES = 10
LINE_CHARACTERS = 1000

PREACTIONS = ["DELETE FROM airlines.flights_staging"]
POSTACTIONS = [
    "DELETE FROM airlines.flights_staging"
    " WHERE source_file IN (SELECT source_file FROM airlines.load_history)",
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


def checked(flights):
    """Give every line its file, its numbers as numbers and, if it is no flight, the reason."""
    text = {name: F.trim(F.col(name)) for name in NUMBERS}
    carrier = F.trim(F.col("carrier"))
    reason = F.when(F.coalesce(carrier, F.lit("")) == "", F.lit("Carrier is missing")).when(
        F.octet_length(carrier) > CARRIER_BYTES, F.lit(f"Carrier is over {CARRIER_BYTES} bytes")
    )
    for name in MANDATORY:
        reason = reason.when(
            F.coalesce(text[name], F.lit("")) == "", F.lit(f"{NUMBERS[name]} is missing")
        )
    for name, title in NUMBERS.items():
        reason = reason.when(
            (text[name] != "") & ~text[name].rlike(WHOLE_NUMBER),
            F.lit(f"{title} is not a whole number"),
        )
    line = F.concat_ws(",", *[F.coalesce(F.col(name), F.lit("")) for name in ("carrier", *NUMBERS)])
    numbers = [
        F.when(text[name].rlike(WHOLE_NUMBER), text[name].cast("long")).alias(name)
        for name in NUMBERS
    ]
    return flights.select(
        # Without its file a row could not be kept from being loaded twice: better no load than that.
        F.when(F.input_file_name() != "", F.input_file_name())
        .otherwise(F.raise_error(F.lit("A raw flight does not know the file it came from")))
        .alias("source_file"),
        reason.alias("reason"),
        F.when(reason.isNotNull(), F.substring(line, 1, LINE_CHARACTERS)).alias("line"),
        F.when(reason.isNull(), carrier).alias("carrier"),
        *numbers,
    )


def staged(flights, job_run_id):
    """Decide what becomes of each line; the columns are airlines.flights_staging's, in order."""
    no_origin = F.col("dep_airport_id").isNull()
    no_destination = F.col("arr_airport_id").isNull()
    rejected = F.col("reason").isNotNull()
    outcome = (
        F.when(rejected, F.lit("REJECTED"))
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


def load(glueContext, args, flights):
    """Enrich the new flights with their airports and load them, all in one transaction."""
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

    flights_checked = DynamicFrame.fromDF(checked(flights), glueContext, "flights_checked")

    # Left joins: an inner one would drop the flights whose airport is unknown.
    flights = flights_checked.toDF()
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
            "preactions": in_one_line(PREACTIONS),
            "postactions": in_one_line(POSTACTIONS),
            "aws_iam_role": args["REDSHIFT_ROLE_ARN"],
        },
        redshift_tmp_dir=args["TempDir"],
        transformation_ctx="warehouse_target",
    )


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

# Grouped files lose their names, and every row has to know its file.
flights_source = glueContext.create_dynamic_frame.from_catalog(
    database=args["CATALOG_DATABASE"],
    table_name=args["RAW_TABLE"],
    additional_options={"groupFiles": "none"},
    transformation_ctx="flights_source",
)

# Where a line is broken a number is text, and the column a choice of both: all of it as text first, so
# that a broken value is still there to be set aside, and no pass is needed to find the choices.
flights_as_text = ResolveChoice.apply(
    frame=flights_source,
    specs=[(name, "cast:string") for name in ("carrier", *NUMBERS)],
    transformation_ctx="flights_as_text",
)
flights = flights_as_text.toDF()

# A run finds nothing new when the run before it has taken its file along. A frame of no records has
# no columns either, so there is nothing to join.
if not flights.columns:
    print("No raw flights are new since the last run.")
else:
    load(glueContext, args, flights)
job.commit()
