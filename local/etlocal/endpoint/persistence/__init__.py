"""What LocalStack's services know survives the end of the process.

Each service is saved as a whole, shortly after a request changed it, and loaded when it is first
used. Objects' bytes are in files from the moment they are written.
"""

from etlocal.endpoint.persistence.service import Persistence

__all__ = ["Persistence"]
