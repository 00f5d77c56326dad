"""AWS's access control: policies, and whether they allow a request.

Everything here is computed from what it is given; nothing is read or asked for. Service control
policies, resource control policies, VPC endpoint policies and ACLs are not a part of it.
"""

from etlocal.iam.denials import denial_message
from etlocal.iam.documents import MalformedPolicyDocument, Policy, Statement, parse_policy
from etlocal.iam.evaluation import Decision, evaluate
from etlocal.iam.requests import Principal, Request
from etlocal.iam.trust import may_assume, may_pass

__all__ = [
    "Decision",
    "MalformedPolicyDocument",
    "Policy",
    "Principal",
    "Request",
    "Statement",
    "denial_message",
    "evaluate",
    "may_assume",
    "may_pass",
    "parse_policy",
]
