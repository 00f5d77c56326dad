"""AWS clients: on the local endpoint, which can never reach real AWS, and on AWS, when asked.

Local runs use dummy credentials, never those of the user's environment or profile, and refuse an
endpoint that is neither on this machine nor on a private network beside it. `AwsClients` is made by
the commands that were told ``--target aws``, and by nothing else.
"""

from __future__ import annotations

from typing import Any, Protocol

from etlocal.addresses import is_local_url


class NotLocalError(Exception):
    """The endpoint is not a local one."""


class Owner(Protocol):
    """Whom calls belong to: `etlocal.settings.Settings`, or a stack that runs."""

    @property
    def account(self) -> str:
        """The AWS account."""

    @property
    def region(self) -> str:
        """The region."""


class Clients(Protocol):
    """Makes boto3 clients of one account and region, on either side."""

    @property
    def account(self) -> str:
        """The AWS account."""

    @property
    def region(self) -> str:
        """The region."""

    @property
    def place(self) -> str:
        """Where calls go, for people to read."""

    @property
    def pause(self) -> float:
        """Seconds that the pause between two looks at what is under way grows to."""

    @property
    def patience(self) -> float:
        """Seconds that a stack may take."""

    def client(self, service: str) -> Any:
        """Give a boto3 client of `service` (botocore's name)."""


class LocalClients:
    """Makes boto3 clients on a local endpoint.

    Parameters
    ----------
    endpoint_url : str
        E.g. ``http://127.0.0.1:4566``.
    owner : Owner
        The account and the region that calls belong to.

    Raises
    ------
    NotLocalError
        If the endpoint is not a local one; see `require_local`.
    """

    pause = 0.1
    patience = 600.0

    def __init__(self, endpoint_url: str, owner: Owner) -> None:
        require_local(endpoint_url)
        # Importing it takes longer than most commands that need no client.
        import boto3

        self.endpoint_url = endpoint_url
        self.account = owner.account
        self.region = owner.region
        self.place = endpoint_url
        self._session: Any = boto3.Session(
            # The emulator reads the account from the key.
            aws_access_key_id=owner.account,
            aws_secret_access_key="etlocal",  # noqa: S106 - a dummy: nothing checks it
            region_name=owner.region,
        )

    def client(self, service: str) -> Any:
        """Give a boto3 client of `service` (botocore's name)."""
        from botocore.config import Config

        return self._session.client(
            service,
            endpoint_url=self.endpoint_url,
            config=Config(
                s3={"addressing_style": "path"},
                retries={"max_attempts": 2, "mode": "standard"},
                # A proxy of the environment must not be asked for a local address.
                proxies={},
            ),
        )


class AwsError(Exception):
    """AWS cannot be called as it was asked; the message says why, and what to do."""


class AwsClients:
    """Makes boto3 clients on AWS, with the credentials that the AWS CLI would take.

    Parameters
    ----------
    profile : str, optional
        A profile of AWS's shared configuration; else the environment says who calls.
    region : str, optional
        Else the environment's or the profile's.

    Raises
    ------
    AwsError
        If there are no credentials or no region, if AWS does not know the credentials, or if the
        environment has the calls go elsewhere. The message says what to do.
    """

    pause = 5.0
    # A workgroup of Redshift Serverless takes minutes.
    patience = 3600.0

    def __init__(self, *, profile: str | None = None, region: str | None = None) -> None:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

        try:
            self._session: Any = boto3.Session(profile_name=profile, region_name=region)
        except ProfileNotFound as error:
            raise AwsError(f"{error}; name one of ~/.aws/config with --profile") from error
        if self._session.region_name is None:
            raise AwsError(
                "no region is set: give --region, or set AWS_REGION or the profile's region"
            )
        self.region: str = self._session.region_name
        try:
            said = self.client("sts").get_caller_identity()
        except ClientError as error:
            raise AwsError(
                f"AWS does not take these credentials: {error}; sign in again (aws sso login), or "
                "name another profile with --profile. The local endpoint's dummy credentials are "
                "none: unset AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where they are set for it"
            ) from error
        except BotoCoreError as error:
            raise AwsError(
                f"AWS cannot be asked who calls: {error}; sign in (aws sso login, aws configure), "
                "or name a profile with --profile"
            ) from error
        self.account: str = said["Account"]
        self.caller: str = said["Arn"]
        self.place = f"AWS account {self.account} in {self.region}"

    def client(self, service: str) -> Any:
        """Give a boto3 client of `service` (botocore's name).

        Raises
        ------
        AwsError
            If the environment or the profile sends its calls to a local endpoint.
        """
        from botocore.config import Config

        made = self._session.client(
            service, config=Config(retries={"max_attempts": 8, "mode": "standard"})
        )
        url = made.meta.endpoint_url
        if is_local_url(url) or not url.startswith("https://"):
            raise AwsError(
                f"calls of {service} would go to {url}, which is not AWS: for --target aws, unset "
                "AWS_ENDPOINT_URL, the variables that begin with AWS_ENDPOINT_URL_, and the "
                "profile's endpoint_url"
            )
        return made


def require_local(endpoint_url: str) -> None:
    """Refuse an endpoint that could be AWS's, or anybody's on the internet.

    Taken are ``localhost``, loopback addresses, private addresses (a container's, or another
    machine's of the same network) and names without a dot (a container's beside this one).

    Raises
    ------
    NotLocalError
        The message names the endpoint and the rule.
    """
    if not is_local_url(endpoint_url):
        raise NotLocalError(
            f"{endpoint_url!r} is not a local endpoint: local runs use http://<host>:<port>, the "
            "host 127.0.0.1 or localhost, a private address, or a name without a dot, so that "
            "they never reach real AWS"
        )
