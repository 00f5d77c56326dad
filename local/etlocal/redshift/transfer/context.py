"""What COPY and UNLOAD may use besides their session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from etlocal.aws.call import Acting
from etlocal.redshift.errors import SqlError

# What AWS names the session of a role that COPY and UNLOAD assume.
_SESSION_NAME = "RedshiftIamRoleSession"


def acting_as(role_arn: str | None) -> Acting | None:
    """Give the role of a statement as Redshift assumes it; None for the caller itself."""
    if role_arn is None:
        return None
    return Acting(role_arn, "redshift", _SESSION_NAME)


class Clients(Protocol):
    """Gives S3 clients that act as a role."""

    def __call__(self, role_arn: str | None) -> Any:
        """Give a boto3 S3 client; None is the caller itself."""
        ...


@dataclass(frozen=True)
class Context:
    """What a statement may use besides its session.

    Attributes
    ----------
    s3 : callable
        Gives S3 clients.
    scratch : Path
        The folder in which a statement makes its own, for files that live as long as it does.
    query : int
        The statement's query id.
    default_role : str or None
        What ``IAM_ROLE default`` means.
    """

    s3: Clients
    scratch: Path
    query: int
    default_role: str | None = None

    def s3_client(self, role: str | None) -> Any:
        """Give an S3 client that acts as a statement's role.

        Raises
        ------
        SqlError
            If ``default`` is said and there is no default role, or the role cannot be assumed.
        """
        if role == "default":
            if self.default_role is None:
                raise SqlError(
                    "The default IAM role is not set: set it with the namespace's defaultIamRoleArn"
                )
            role = self.default_role
        try:
            return self.s3(role)
        except (ClientError, BotoCoreError) as error:
            raise SqlError(
                f"The warehouse is not authorized to assume IAM Role {role}: {error}",
                sqlstate="42501",
            ) from error
