"""Provisioned Redshift (``redshift``): clusters, as far as clients of their databases need them.

Source: Amazon Redshift API Reference.
"""
