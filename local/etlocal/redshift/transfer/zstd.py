"""Zstandard as COPY reads it: every frame of a file, and none that is cut off."""

from __future__ import annotations

import io
from typing import IO, Any

_PIECE = 256 * 1024


class ZstdReader(io.RawIOBase):
    """A stream of what a Zstandard file holds.

    Raises
    ------
    EOFError
        When it is read and ends inside of a frame: half a file is never loaded for a whole one.
    zstandard.ZstdError
        When it is read and corrupt.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        import zstandard

        self._stream = stream
        self._decompressor = zstandard.ZstdDecompressor()
        self._frame: Any = None
        self._rest = b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes."""
        while not self._rest:
            piece = self._stream.read(_PIECE)
            if not piece:
                if self._frame is not None:
                    raise EOFError("the last frame is cut off")
                return 0
            self._rest = self._decompressed(piece)
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _decompressed(self, piece: bytes) -> bytes:
        found = []
        while piece:
            if self._frame is None:
                self._frame = self._decompressor.decompressobj()
            found.append(self._frame.decompress(piece))
            piece = b""
            if self._frame.eof:
                piece, self._frame = self._frame.unused_data, None
        return b"".join(found)
