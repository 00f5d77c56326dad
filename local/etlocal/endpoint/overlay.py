"""The folder by which etlocal gets into the endpoint's environment.

The endpoint's environment has LocalStack's pinned packages and nothing of ours, so that it can be
shared by every version of etlocal. What joins them is a folder on ``PYTHONPATH`` holding a link to
this package and the metadata of a distribution, whose entry points LocalStack's plug-in loader
reads. Nothing here may import LocalStack: the parent process calls it in any environment.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

import etlocal

_PROVIDERS = {
    "glue:default": "etlocal.endpoint.providers:glue",
    "redshift:etlocal": "etlocal.endpoint.providers:redshift",
    "redshift-data:default": "etlocal.endpoint.providers:redshift_data",
    "redshift-serverless:default": "etlocal.endpoint.providers:redshift_serverless",
}
_RESOURCES = "etlocal.endpoint.resources"


def make_overlay(folder: Path) -> Path:
    """Make the overlay under `folder`, or find it there when it is up to date.

    Parameters
    ----------
    folder : Path
        Where overlays are kept; made when absent.

    Returns
    -------
    Path
        The folder to put on the endpoint's ``PYTHONPATH``. Its name holds a digest of what is in
        it, so a changed overlay is another folder and is never taken for the old one by a cache
        of entry points, and two processes that make it at once make the same.

    Raises
    ------
    OSError
        If `folder` cannot be written.
    """
    package = Path(etlocal.__file__).resolve().parent
    entry_points = _entry_points()
    digest = hashlib.sha256(f"{package}\0{etlocal.__version__}\0{entry_points}".encode())
    overlay = folder / f"overlay-{digest.hexdigest()[:16]}"
    if overlay.is_dir():
        return overlay
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".overlay-", dir=folder))
    try:
        (draft / "etlocal").symlink_to(package, target_is_directory=True)
        metadata = draft / f"etlocal_endpoint-{etlocal.__version__}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: etlocal-endpoint\nVersion: {etlocal.__version__}\n"
        )
        (metadata / "entry_points.txt").write_text(entry_points)
        _publish(draft, overlay)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return overlay


def _publish(draft: Path, overlay: Path) -> None:
    try:
        draft.rename(overlay)
    except OSError:
        # Another process was first with the same content.
        if not overlay.is_dir():
            raise
    else:
        overlay.chmod(0o755 & ~_umask())


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _entry_points() -> str:
    lines = ["[localstack.aws.provider]"]
    lines += [f"{name} = {value}" for name, value in sorted(_PROVIDERS.items())]
    lines += ["", "[localstack.cloudformation.resource_providers]"]
    lines += [f"{name} = {value}" for name, value in sorted(_resource_types().items())]
    return "\n".join(lines) + "\n"


def _resource_types() -> dict[str, str]:
    """CloudFormation's resource types that are ours: type → ``module:class`` of its plug-in."""
    if importlib.util.find_spec(_RESOURCES) is None:
        return {}
    return dict(importlib.import_module(_RESOURCES).ENTRY_POINTS)
