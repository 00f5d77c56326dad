"""A Glue job's beginning and end, between which its bookmark is kept.

AWS Glue Developer Guide: "Tracking processed data using job bookmarks".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import GlueContext


class Job:
    """The job run that a script is part of."""

    def __init__(self, glue_context: GlueContext) -> None:
        self.glueContext = glue_context

    @classmethod
    def init(cls, job_name: str, args: Mapping[str, Any] | None = None) -> None:
        """Begin the run: sources read after this see the job's bookmark.

        Parameters
        ----------
        job_name
            The job's name; the bookmark is kept by it.
        args
            What `getResolvedOptions` returned.
        """
        _run.begin(job_name, args or {})

    @classmethod
    def commit(cls) -> None:
        """Save the bookmarks of all sources read since `init`, at once.

        Raises
        ------
        RuntimeError
            When `init` was not called.
        BookmarkError
            When another run committed meanwhile (VersionMismatchException).
        """
        run = _run.current()
        if run is None:
            raise RuntimeError("Job.commit was called before Job.init: the job is not initialized")
        run.commit()

    @classmethod
    def is_initialized(cls) -> bool:
        """Say whether `init` was called."""
        return _run.current() is not None

    @classmethod
    def is_continuous(cls) -> bool:
        """Say whether this is a streaming job: never here, where only batch jobs run."""
        return False
