"""A run's files: its script and what its arguments name, from S3 into the run's folder."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions

from etlocal.worker import failures
from etlocal.worker.arguments import Plan

_REASONS = {
    "404": "The specified key does not exist. (Service: Amazon S3; Status Code: 404; "
    "Error Code: NoSuchKey; Please refer logs for details.)",
    "NoSuchBucket": "The specified bucket does not exist (Service: Amazon S3; Status Code: 404; "
    "Error Code: NoSuchBucket; Please refer logs for details.)",
    "403": "Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; "
    "Please refer logs for details.)",
}
_ALIASES = {"NoSuchKey": "404", "NotFound": "404", "AccessDenied": "403", "Forbidden": "403"}


class FileError(Exception):
    """A file cannot be had from S3; the message is worded as a run's ``ErrorMessage``."""


@dataclass(frozen=True)
class Files:
    """Where a run's files are.

    Attributes
    ----------
    script : Path
    folder : Path
        What the script works in; it holds the extra files.
    python_files, jars, wheels : tuple of Path
    """

    script: Path
    folder: Path
    python_files: tuple[Path, ...]
    jars: tuple[Path, ...]


def fetch_files(client: Any, plan: Plan, folder: Path) -> Files:
    """Fetch a run's files.

    Parameters
    ----------
    client : S3Client
    plan : Plan
    folder : Path
        The run's folder, made already.

    Raises
    ------
    FileError
        If one is not there or may not be read.
    """
    work, python, jars = folder / "work", folder / "python", folder / "jars"
    for each in (work, python, jars):
        each.mkdir()
    for uri in plan.extra_files:
        fetch(client, uri, work)
    return Files(
        script=fetch(client, plan.script, folder),
        folder=work,
        python_files=tuple(fetch(client, uri, python) for uri in plan.extra_python_files),
        jars=tuple(fetch(client, uri, jars) for uri in plan.extra_jars),
    )


def fetch(client: Any, uri: str, folder: Path) -> Path:
    """Fetch one object into `folder` under the last part of its key.

    Raises
    ------
    FileError
        If it is not there, may not be read, or is not named as ``s3://bucket/key``.
    """
    parts = urlsplit(uri, allow_fragments=False)
    bucket, key = parts.netloc, parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
    name = posixpath.basename(key)
    if parts.scheme not in ("s3", "s3a", "s3n") or not bucket or name in ("", ".", ".."):
        raise FileError(f"LAUNCH ERROR | {uri!r} does not name a file as s3://bucket/key")
    target = folder / name
    try:
        answer = client.get_object(Bucket=bucket, Key=key)
        with target.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(1 << 20):
                file.write(chunk)
    except botocore.exceptions.ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        reason = _REASONS.get(_ALIASES.get(code, code), str(error))
        raise FileError(failures.missing_script(bucket, key, reason)) from error
    except botocore.exceptions.BotoCoreError as error:
        raise FileError(failures.missing_script(bucket, key, str(error))) from error
    return target
