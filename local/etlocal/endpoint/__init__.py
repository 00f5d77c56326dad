"""The AWS endpoint: LocalStack's open runtime with our services in it.

`overlay`, `configuration` and `parent` are read in any environment; the other modules run in the
endpoint's own environment only, where LocalStack is installed.
"""
