"""The way to AWS: clients as every AWS tool makes them, and its errors as sentences."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

import boto3
from botocore import exceptions as raised
from botocore.config import Config
from botocore.parsers import ResponseParserError

from cloudstorctl import __version__
from cloudstorctl.errors import CloudstorctlError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from botocore.client import BaseClient
    from types_boto3_backup import BackupClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_ec2 import EC2Client
    from types_boto3_efs import EFSClient

T = TypeVar("T")

_AT_ONCE = 200  # values of one filter (EC2 API, Using_Filtering)
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_UNKNOWN = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnauthorizedAccess",
    "OptInRequired",
}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "TooManyRequests",
    "SlowDown",
}


class AwsError(CloudstorctlError):
    """AWS gave no usable answer; the text says what was asked, why, and what to do."""

    exit_code = ExitCode.NO_ACCESS

    def __init__(self, asked: str, cause: str) -> None:
        """Keep what was `asked` (a clause such as `EFS in eu-west-1`) and the `cause`."""
        super().__init__(f"{asked}: {cause}")
        self.asked = asked
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who asks AWS, and where; credentials are found as every AWS tool finds them.

    Environment, shared files, SSO, web identity, container and instance roles: botocore's chain.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    profile: str | None = None
    """A profile of the shared files; None: AWS_PROFILE, or the default one."""
    region: str | None = None
    """The region where nothing better is known; None: that of the environment or the profile."""
    timeout: float = 30.0
    """Seconds to connect, and between two reads."""

    _clients: dict[tuple[str, str], BaseClient] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """Those made so far, by service and region: EC2's takes a fifth of a second to make."""

    def efs(self, region: str) -> EFSClient:
        """Give the client of EFS in `region`, or where none is given in that of the environment.

        Nothing is sent yet, here and below.

        Raises:
            AwsError: the profile is not there, or no region is known.
        """
        return cast("EFSClient", self._client("EFS", "efs", region))

    def ec2(self, region: str) -> EC2Client:
        """Give the client of EC2, as `efs` does."""
        return cast("EC2Client", self._client("EC2", "ec2", region))

    def cloudwatch(self, region: str) -> CloudWatchClient:
        """Give the client of CloudWatch, as `efs` does."""
        return cast("CloudWatchClient", self._client("CloudWatch", "cloudwatch", region))

    def backup(self, region: str) -> BackupClient:
        """Give the client of AWS Backup, as `efs` does."""
        return cast("BackupClient", self._client("AWS Backup", "backup", region))

    def _client(self, name: str, service: str, region: str) -> BaseClient:
        known = self._clients.get((service, region))
        if known is None:
            with told(where(name, region)):
                known = self._session(region).client(
                    service,  # type: ignore[call-overload] # an overload for each name
                    config=self._config,
                    endpoint_url=self._endpoint(service.upper()),
                )
            self._clients[service, region] = known
        return known

    def _session(self, region: str) -> boto3.session.Session:
        environ = {} if self.profile else self.environ
        return boto3.session.Session(
            profile_name=self.profile,
            # What botocore would read itself, where this is the environment of the process.
            aws_access_key_id=environ.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=environ.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=environ.get("AWS_SESSION_TOKEN"),
            # boto3 alone among AWS's tools knows only AWS_DEFAULT_REGION.
            region_name=region or self.region or self.environ.get("AWS_REGION"),
        )

    def _endpoint(self, service: str) -> str | None:
        environ = self.environ
        return environ.get(f"AWS_ENDPOINT_URL_{service}") or environ.get("AWS_ENDPOINT_URL")

    @property
    def _config(self) -> Config:
        return Config(
            connect_timeout=self.timeout,
            read_timeout=self.timeout,
            retries={"mode": "standard"},  # three attempts, or AWS_MAX_ATTEMPTS
            user_agent_extra=f"cloudstorctl/{__version__}",
        )


def where(service: str, region: str) -> str:
    """Say whom a question goes to: `EFS in eu-west-1`."""
    return f"{service} in {region}" if region else service


def parted(values: Sequence[T]) -> Iterator[list[T]]:
    """Give values in parts, none with more than a filter takes."""
    for start in range(0, len(values), _AT_ONCE):
        yield list(values[start : start + _AT_ONCE])


@contextmanager
def told(asked: str) -> Iterator[None]:
    """Turn what botocore raises inside into an error that says what was `asked`.

    Raises:
        AwsError: in place of it.
    """
    try:
        yield
    except raised.ClientError as error:
        raise AwsError(asked, _refusal(error)) from error
    except (raised.BotoCoreError, raised.HTTPClientError, OSError, ValueError) as error:
        raise AwsError(asked, _failure(error)) from error
    except (LookupError, TypeError, AttributeError, ResponseParserError) as error:
        # botocore gives what it could read of an answer, and leaves out the rest.
        raise AwsError(
            asked, "the answer is not what its API promises: does a proxy stand in between?"
        ) from error


def code_of(error: raised.ClientError) -> str:
    """Give AWS's own code of a refusal, such as `FileSystemNotFound`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _refusal(error: raised.ClientError) -> str:
    code = code_of(error)
    operation = error.operation_name
    if code in _EXPIRED:
        return "the credentials have expired: renew them, for example with 'aws sso login'"
    if code in _UNKNOWN:
        return f"AWS does not know these credentials ({code}): check AWS_PROFILE and the keys"
    if code in _DENIED:
        return f"these credentials may not do {operation} ({code}): allow it in their policy"
    if code in _THROTTLED:
        return f"AWS throttles {operation} ({code}): try again in a minute"
    message = str(error.response.get("Error", {}).get("Message", ""))
    first = next((line.strip() for line in message.splitlines() if line.strip()), "no reason given")
    return f"{operation} failed: {code}: {first[:300]}"


def _failure(error: Exception) -> str:
    cause = next((cause for kinds, cause in _CAUSES if isinstance(error, kinds)), "{error}")
    endpoint = error.kwargs.get("endpoint_url") if isinstance(error, raised.BotoCoreError) else None
    return cause.format(error=error, endpoint=endpoint or "AWS")


_CAUSES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (raised.NoCredentialsError, raised.PartialCredentialsError),
        "there are no AWS credentials: set AWS_PROFILE, or run where a role is attached",
    ),
    (
        (raised.ProfileNotFound,),
        "{error}: check 'aws.profile' of the configuration and AWS_PROFILE",
    ),
    (
        (raised.NoRegionError,),
        "no region is known: set AWS_REGION, or 'aws.region' of the configuration",
    ),
    (
        (raised.SSOError, raised.UnauthorizedSSOTokenError, raised.TokenRetrievalError),
        "the login has ended ({error}): run 'aws sso login'",
    ),
    ((raised.ConnectTimeoutError, raised.ReadTimeoutError), "no answer in time from {endpoint}"),
    (
        (raised.EndpointConnectionError, raised.ConnectionClosedError),
        "{endpoint} cannot be reached: check the network and AWS_ENDPOINT_URL",
    ),
)
