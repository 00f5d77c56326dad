"""The table that provisioned Redshift's operations are entered in, and its errors."""

from __future__ import annotations

from etlocal.aws.errors import AwsError, ValidationError
from etlocal.aws.operations import Operations


class InvalidParameterError(ValidationError):
    """The request breaks the service's model."""

    code = "InvalidParameterValue"


class ClusterNotFoundError(AwsError):
    """There is no such cluster."""

    code = "ClusterNotFound"
    status = 404


class ClusterAlreadyExistsError(AwsError):
    """There is a cluster of that name."""

    code = "ClusterAlreadyExists"


class InvalidClusterStateError(AwsError):
    """The cluster's state does not allow it."""

    code = "InvalidClusterState"


class ResourceNotFoundError(AwsError):
    """There is no such resource to tag."""

    code = "ResourceNotFoundFault"
    status = 404


OPERATIONS = Operations("redshift", invalid=InvalidParameterError)
