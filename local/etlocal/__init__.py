"""Run an event-driven AWS ETL pipeline on a laptop for real, and test it end to end."""

__version__ = "0.1.0"
