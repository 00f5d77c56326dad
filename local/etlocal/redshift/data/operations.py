"""The table that the Data API's operations are entered in."""

from __future__ import annotations

from etlocal.aws.operations import Operations
from etlocal.redshift.data.errors import InvalidRequestError

OPERATIONS = Operations("redshift-data", invalid=InvalidRequestError)
