"""Where finished files are uploaded to: a folder, or a prefix of an S3 bucket.

What was sent is read back and hashed; where a bucket may only be written to, the checksum of its answer counts.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol
from urllib.parse import urlsplit

from bss_mfg.core.files import sha256_of, write_atomically
from bss_mfg.errors import BssError, InputError, MissingError, RefusedError, from_os_error
from bss_mfg.installation import how_to_add

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

MAX_PUT = 5 << 30
"""Bytes that S3 accepts in one request."""
BLOCK_BYTES = 1 << 20
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9._=/-]*")


class RemoteState(StrEnum):
    """What a target holds under a file's name."""

    ABSENT = "absent"
    SAME = "same"
    OTHER = "other"
    """Other content."""
    UNKNOWN = "unknown"
    """The target lets nobody look."""


class PutAnswer(StrEnum):
    """What a target answers to a file that was sent."""

    STORED = "stored"
    VERIFIED = "verified"
    """Stored, and its checksum proves it."""
    TAKEN = "taken"
    """Another file has the name; nothing was overwritten."""


@dataclass(frozen=True, slots=True)
class UploadFile:
    """A file of this machine; `size` in bytes."""

    path: Path
    sha256: str
    size: int


class UploadTarget(Protocol):
    """Where files go to."""

    def address(self, name: str) -> str:
        """The address of a file, for people."""

    def state_of(self, file: UploadFile) -> RemoteState:
        """What is there under the file's name."""

    def put(self, file: UploadFile, before: RemoteState) -> PutAnswer:
        """Send it, never over another one; `before` is what was there when the target was last looked at."""


def upload_target(target: str, endpoint: str | None) -> UploadTarget:
    """A target by its address: `s3://BUCKET/PREFIX`, or an existing folder."""
    scheme, separator, rest = target.partition("://")
    if not separator:
        return _FolderTarget(Path(target))
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.strip("/")
    if scheme == "s3" and bucket != bucket.lower() and _BUCKET.fullmatch(bucket.lower()):
        raise InputError(
            f"a bucket's name has only lower-case letters, not as in {bucket!a}",
            way_out=f"If that is the bucket, say --to s3://{bucket.lower()}/{prefix}",
        )
    if scheme != "s3" or not _BUCKET.fullmatch(bucket) or not _PREFIX.fullmatch(prefix) or "//" in prefix:
        raise InputError(
            f"{scheme[:16]!a} target of that form is not known",
            way_out="Give s3://BUCKET/PREFIX (no spaces, no password in it), or a folder.",
        )
    return _BucketTarget(bucket, f"{prefix}/" if prefix else "", endpoint)


class _FolderTarget:
    """A folder of this machine or of a file server."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(
                "is not a folder", where=str(folder), way_out="Make it, or connect the file server, first."
            )
        self._folder = folder

    def address(self, name: str) -> str:
        return str(self._folder / name)

    def state_of(self, file: UploadFile) -> RemoteState:
        path = self._folder / file.path.name
        try:
            if not path.exists():
                return RemoteState.ABSENT
            same = path.stat().st_size == file.size and sha256_of(path) == file.sha256
        except OSError as error:
            raise from_os_error(error, "looking for the file", path) from error
        return RemoteState.SAME if same else RemoteState.OTHER

    def put(self, file: UploadFile, before: RemoteState) -> PutAnswer:
        try:
            write_atomically(self._folder / file.path.name, _blocks(file.path))
        except RefusedError:
            return PutAnswer.TAKEN
        return PutAnswer.STORED


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


class _BucketTarget:
    """A prefix of an S3 bucket."""

    def __init__(self, bucket: str, prefix: str, endpoint: str | None) -> None:
        self._bucket, self._prefix = bucket, prefix
        self._s3 = _client(endpoint)

    def address(self, name: str) -> str:
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def state_of(self, file: UploadFile) -> RemoteState:
        from botocore.exceptions import ClientError

        name = file.path.name
        with _translated_errors(self.address(name)):
            try:
                head = self._s3.head_object(Bucket=self._bucket, Key=self._prefix + name)
                if head["ContentLength"] != file.size:
                    return RemoteState.OTHER
                digest = hashlib.sha256()
                body = self._s3.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"]
                for block in body.iter_chunks(BLOCK_BYTES):
                    digest.update(block)
            except ClientError as error:
                # A HEAD's answer has a status only; whether the bucket is there, and why not, the PUT will say.
                status = _status(error)
                if status == 404:
                    return RemoteState.ABSENT
                if status in (400, 403):
                    return RemoteState.UNKNOWN
                raise
        return RemoteState.SAME if digest.hexdigest() == file.sha256 else RemoteState.OTHER

    def put(self, file: UploadFile, before: RemoteState) -> PutAnswer:
        from botocore.exceptions import ClientError

        if file.size > MAX_PUT:
            raise InputError(
                f"has {file.size:,} bytes, more than the {MAX_PUT:,} that S3 accepts in one request",
                where=str(file.path),
                way_out="Split the control log into smaller files.",
            )
        checksum = base64.b64encode(bytes.fromhex(file.sha256)).decode("ascii")
        with _translated_errors(self.address(file.path.name)):
            try:
                answer = self._put(file, checksum, {"IfNoneMatch": "*"})
            except ClientError as error:
                if _status(error) in (409, 412):
                    return PutAnswer.TAKEN
                if _status(error) != 501:
                    raise
                if before is not RemoteState.ABSENT:
                    return PutAnswer.TAKEN  # neither can we look nor does the server: it may be there
                answer = self._put(file, checksum, {})
        return PutAnswer.VERIFIED if answer.get("ChecksumSHA256") == checksum else PutAnswer.STORED

    def _put(self, file: UploadFile, checksum: str, condition: dict[str, str]) -> dict[str, Any]:
        with file.path.open("rb") as body:
            answer: dict[str, Any] = self._s3.put_object(
                Bucket=self._bucket,
                Key=self._prefix + file.path.name,
                Body=body,
                ContentLength=file.size,
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
                **condition,
            )
        return answer


def _client(endpoint: str | None) -> Any:
    if endpoint is not None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise InputError(
                "the endpoint must be an http(s) address without a password", way_out="Give https://HOST:PORT."
            )
    try:
        from boto3.session import Session
        from botocore.config import Config
    except ImportError:
        raise MissingError(
            "uploading to S3 needs the library boto3",
            way_out=f"{how_to_add('s3')} `--to DIR` copies into a folder.",
        ) from None
    with _translated_errors("s3"):
        return Session().client(
            "s3",
            endpoint_url=endpoint,
            config=Config(
                connect_timeout=10,
                read_timeout=60,
                response_checksum_validation="when_required",  # what is read back is hashed here
                retries={"mode": "standard", "total_max_attempts": 4},
                s3={"addressing_style": "path"} if endpoint else {},
            ),
        )


_ERRORS_BY_CODE: dict[str, tuple[type[BssError], str, str]] = {
    "NoSuchBucket": (InputError, "there is no such bucket", "Check its name, and the account and region."),
    "RequestTimeTooSkewed": (
        MissingError,
        "this machine's clock is wrong by more than the server allows",
        "Set the clock, then run the same command again.",
    ),
    "AccessDenied": (
        InputError,
        "the server denies access with these credentials",
        "Ask the bucket's owner for the right to put objects there.",
    ),
    "InvalidAccessKeyId": (InputError, "the server does not know the access key", "Check the credentials."),
    "SignatureDoesNotMatch": (InputError, "the server refuses the secret key", "Check the credentials."),
    "ExpiredToken": (InputError, "the credentials have expired", "Get new ones, then run the same command again."),
    "BadDigest": (InputError, "what arrived is not what was sent", "Nothing was stored. Run the same command again."),
    "PermanentRedirect": (InputError, "the bucket is in another region", "Set AWS_DEFAULT_REGION to its region."),
    "SlowDown": (MissingError, "the server is too busy", "Run the same command again later."),
}
_CODE_ALIASES = {
    "403": "AccessDenied",
    "AllAccessDisabled": "AccessDenied",
    "AccountProblem": "AccessDenied",
    "InvalidToken": "ExpiredToken",
    "TokenRefreshRequired": "ExpiredToken",
    "ExpiredTokenException": "ExpiredToken",
    "XAmzContentSHA256Mismatch": "BadDigest",
    "InvalidDigest": "BadDigest",
    "XAmzContentChecksumMismatch": "BadDigest",
    "301": "PermanentRedirect",
    "AuthorizationHeaderMalformed": "PermanentRedirect",
    "IllegalLocationConstraintException": "PermanentRedirect",
    "ServiceUnavailable": "SlowDown",
    "503": "SlowDown",
    "InternalError": "SlowDown",
    "500": "SlowDown",
    "RequestTimeout": "SlowDown",
}


@contextmanager
def _translated_errors(where: str) -> Iterator[None]:
    """botocore's errors as ours. None of its texts is quoted: they hold addresses, key ids, what a server sent."""
    from botocore import exceptions as aws

    try:
        yield
    except aws.ClientError as error:
        _fail(str(error.response.get("Error", {}).get("Code", "")), where)
    except (
        aws.NoCredentialsError,
        aws.PartialCredentialsError,
        aws.CredentialRetrievalError,
        aws.ProfileNotFound,
        aws.NoAuthTokenError,
        aws.TokenRetrievalError,
        aws.SSOError,
    ):
        raise MissingError(
            "no credentials were found, or they are incomplete",
            where=where,
            way_out="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for a profile in ~/.aws.",
        ) from None
    except (aws.ConnectionError, aws.HTTPClientError, aws.IncompleteReadError, aws.ResponseStreamingError):
        raise MissingError(
            "the server can't be reached, or the connection broke off",
            where=where,
            way_out="Check the network, a proxy, and the endpoint's address, then run the same command again: what "
            "is there already is left.",
        ) from None
    except aws.BotoCoreError as error:
        raise InputError(
            f"boto3 refuses the request ({type(error).__name__})",
            where=where,
            way_out="Check the AWS settings of this machine: region, endpoint, ~/.aws/config.",
        ) from None
    except OSError as error:
        raise from_os_error(error, "uploading", where) from error


def _fail(code: str, where: str) -> NoReturn:
    if known := _ERRORS_BY_CODE.get(_CODE_ALIASES.get(code, code)):
        kind, what, way_out = known
        raise kind(what, where=where, way_out=way_out) from None
    safe = code if re.fullmatch(r"[A-Za-z0-9.]{1,64}", code) else "without a code"
    raise InputError(
        f"the server refuses the request ({safe})",
        where=where,
        way_out="Look that code up in the server's manual, or ask its operator.",
    ) from None


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
