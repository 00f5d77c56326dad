"""Keeps what nobody may read out of a statement's text.

Redshift keeps passwords and keys out of its logs and system tables; what the Data API shows of a
statement is treated alike here.

Source: Amazon Redshift Database Developer Guide, "Authorization parameters" (of COPY) and
"CREATE USER".
"""

from __future__ import annotations

import re

_GAP = r"(?:\s|/\*.*?\*/|--[^\n]*\n)"
# A string that does not end is masked to the end of the text: it may be a secret all the same.
_STRING = r"(?:'(?:[^'\\]|\\.|'')*(?:'|\\?$)|\$(\w*)\$.*?(?:\$\2\$|$))"
_SECRET = re.compile(
    r"\b((?:CREDENTIALS|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|MASTER_SYMMETRIC_KEY|"
    rf"PASSWORD){_GAP}*(?:AS\b{_GAP}*)?){_STRING}",
    re.IGNORECASE | re.DOTALL,
)
_PARTS = re.compile(
    r"\b((?:aws_access_key_id|aws_secret_access_key|token|master_symmetric_key)=)[^;'\s]+",
    re.IGNORECASE,
)


def masked(sql: str) -> str:
    """Put ``***`` in the place of passwords, keys and credentials.

    An IAM role is no secret and is left: ``CREDENTIALS 'aws_iam_role=…'`` stays as it is.
    """
    return _SECRET.sub(_mask, sql)


def _mask(match: re.Match[str]) -> str:
    whole: str = match[0]
    text = whole[len(match[1]) :]
    if match[1].upper().startswith("CREDENTIALS") and "aws_iam_role=" in text.lower():
        return match[1] + _PARTS.sub(r"\1***", text)
    return f"{match[1]}'***'"
