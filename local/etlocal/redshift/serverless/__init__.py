"""Redshift Serverless (``redshift-serverless``): namespaces, workgroups, credentials, tags, limits.

A namespace's databases are made when they are first used and deleted with it.

Source: Amazon Redshift Serverless API Reference.
"""
