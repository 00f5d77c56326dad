"""What `GlueContext.getSource` gives.

AWS Glue Developer Guide: "GlueContext class" (getSource).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from ._interfaces import F

if TYPE_CHECKING:
    from ._interfaces import Context


class DataSource(Generic[F]):
    """A source that is read by `getFrame`, once its format is set."""

    def __init__(
        self,
        glue_context: Context[F],
        connection_type: str,
        options: dict[str, Any],
        transformation_ctx: str,
    ) -> None:
        self._glue_context = glue_context
        self._connection_type = connection_type
        self._options = options
        self._ctx = transformation_ctx
        self._format: str | None = options.pop("format", None)
        self._format_options: dict[str, Any] = {}

    def setFormat(self, format: str, **options: Any) -> None:
        """Set the format and its options."""
        self._format = format
        self._format_options = options

    def getFrame(self, **options: Any) -> F:
        """Read the source."""
        return self._glue_context.create_dynamic_frame_from_options(
            self._connection_type,
            {**self._options, **options},
            self._format,
            self._format_options,
            self._ctx,
        )
