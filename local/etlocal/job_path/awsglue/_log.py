"""The logger that `GlueContext.get_logger` gives."""

from __future__ import annotations

import datetime as dt
import sys


class GlueLogger:
    """Writes lines in log4j's form to standard error, which becomes the run's error log."""

    def _write(self, level: str, message: object) -> None:
        now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
        sys.stderr.write(f"{now} {level} [main] GlueLogger: {message}\n")
        sys.stderr.flush()

    def debug(self, message: object) -> None:
        """Do nothing: the level is INFO."""

    def trace(self, message: object) -> None:
        """Do nothing: the level is INFO."""

    def info(self, message: object) -> None:
        """Log at level INFO."""
        self._write("INFO", message)

    def warn(self, message: object) -> None:
        """Log at level WARN."""
        self._write("WARN", message)

    def error(self, message: object) -> None:
        """Log at level ERROR."""
        self._write("ERROR", message)

    def fatal(self, message: object) -> None:
        """Log at level FATAL."""
        self._write("FATAL", message)
