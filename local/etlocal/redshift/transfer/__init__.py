"""COPY and UNLOAD: rows between tables and S3."""
