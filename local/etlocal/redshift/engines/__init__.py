"""What carries out Redshift's SQL: one package an engine, all behind `base`."""
