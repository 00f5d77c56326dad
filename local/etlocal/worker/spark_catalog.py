"""In a job's process: Spark SQL over the Glue Data Catalog."""


def install() -> None:
    """Have Spark SQL find the Data Catalog's tables."""
