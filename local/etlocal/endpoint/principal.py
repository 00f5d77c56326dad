"""Who makes a request, as STS's GetCallerIdentity would tell them."""

from __future__ import annotations

from localstack.aws.api import RequestContext
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header
from moto.sts.models import sts_backends

from etlocal.aws.arns import Arn

# What moto says of a key that it did not hand out: any key is taken, for the account's root.
_UNKNOWN = "user/moto"


def principal_of(context: RequestContext) -> str:
    """Give the ARN of who signed the request.

    Parameters
    ----------
    context : localstack.aws.api.RequestContext
        The request.

    Returns
    -------
    str
        The assumed role or the IAM user whose access key it is, else the account's root.
    """
    root = str(Arn(context.partition, "iam", "", context.account_id, "root"))
    key = extract_access_key_id_from_auth_header(context.request.headers)
    if not key:
        return root
    backend = sts_backends[context.account_id][context.partition]
    _, arn, _ = backend.get_caller_identity(key, context.region)
    return root if str(arn).endswith(_UNKNOWN) else str(arn)
