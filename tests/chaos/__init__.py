"""Kills the pipeline's processes at random moments while files arrive: ``python -m tests.chaos``.

What may not happen: a flight that is lost or loaded twice, an execution that runs for ever, an end
that nobody was told of.
"""
