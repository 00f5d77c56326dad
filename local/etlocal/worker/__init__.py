"""The worker: runs Glue jobs on Spark, over HTTP."""
