"""Redshift Serverless (``redshift-serverless``): namespaces, workgroups, credentials, tags, limits.

A namespace's databases are made when they are first used and deleted with it. A workgroup's
endpoint names the address that clients put into a JDBC URL; nothing listens on its port yet.

Source: Amazon Redshift Serverless API Reference.
"""
