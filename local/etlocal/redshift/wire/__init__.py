"""PostgreSQL's wire protocol, version 3, as Redshift speaks it on port 5439.

A connection has a thread and an engine's session of its own. What arrives is parsed in Redshift's
dialect, as the Data API's statements are.

Source: PostgreSQL documentation, "Frontend/Backend Protocol"; Amazon Redshift Management Guide,
"Connecting to an Amazon Redshift data warehouse".
"""
