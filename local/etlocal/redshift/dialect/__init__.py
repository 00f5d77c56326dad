"""Redshift's SQL: its words, statements, types and functions, whichever engine carries them out."""
