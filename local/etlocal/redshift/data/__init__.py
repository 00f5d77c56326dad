"""The Data API (``redshift-data``): statements by HTTP, worked on in the background.

Source: Amazon Redshift Data API Reference; Management Guide, "Using the Amazon Redshift Data API".
"""
