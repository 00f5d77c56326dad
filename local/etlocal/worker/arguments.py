"""What a run's arguments ask of the worker: Glue's own parameters, apart from the script's.

See "Using job parameters in AWS Glue jobs"
(https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from etlocal.worker.protocol import RunRequest

_GLUE_VERSIONS = ("5.0", "5.1")
# Glue's parameters whose effect is not emulated and whose absence would change a run's result.
_UNSUPPORTED = {
    "--class": "Scala jobs",
    "--datalake-formats": "data lake formats (Hudi, Delta Lake, Iceberg)",
    "--python-modules-installer-option": "options of the module installer",
    "--write-shuffle-files-to-s3": "shuffle files in S3",
    "--write-shuffle-spills-to-s3": "shuffle spills in S3",
    "--enable-lakeformation-fine-grained-access": "Lake Formation",
}


class ArgumentsError(Exception):
    """A run asks for what is not emulated, or in a form that Glue does not take."""


@dataclass(frozen=True)
class Plan:
    """What a run asks for.

    Attributes
    ----------
    script : str
        The script's S3 URI.
    conf : dict
        Spark's settings from ``--conf``.
    extra_jars, extra_python_files, extra_files : tuple of str
        S3 URIs.
    python_modules : tuple of str
        What ``--additional-python-modules`` names.
    data_catalog : bool
        Whether Spark SQL's tables are the Data Catalog's.
    driver_environment, executor_environment : dict
        Variables for the script, and for Python on the executors.
    """

    script: str
    conf: dict[str, str] = field(default_factory=dict)
    extra_jars: tuple[str, ...] = ()
    extra_python_files: tuple[str, ...] = ()
    extra_files: tuple[str, ...] = ()
    python_modules: tuple[str, ...] = ()
    data_catalog: bool = False
    driver_environment: dict[str, str] = field(default_factory=dict)
    executor_environment: dict[str, str] = field(default_factory=dict)


def make_plan(request: RunRequest) -> Plan:
    """Read what a run asks of the worker.

    Raises
    ------
    ArgumentsError
        If it asks for what is not emulated, or in a wrong form.
    """
    given = request.arguments
    if request.glue_version not in _GLUE_VERSIONS:
        raise ArgumentsError(
            f"GlueVersion {request.glue_version} is not emulated; use {' or '.join(_GLUE_VERSIONS)}"
        )
    language = given.get("--job-language", "python")
    if language.lower() != "python":
        raise ArgumentsError(f"--job-language {language} is not emulated; only python is")
    for name, what in _UNSUPPORTED.items():
        if given.get(name, "").strip().lower() not in ("", "false"):
            raise ArgumentsError(f"{name} is not emulated: {what} cannot be had here")
    return Plan(
        script=request.script_location,
        conf=parse_conf(given.get("--conf", "")),
        extra_jars=_uris(given, "--extra-jars"),
        extra_python_files=_uris(given, "--extra-py-files"),
        extra_files=_uris(given, "--extra-files"),
        python_modules=_listed(given, "--additional-python-modules"),
        data_catalog=_switch(given, "--enable-glue-datacatalog"),
        driver_environment=_customer(given, "--customer-driver-env-vars"),
        executor_environment=_customer(given, "--customer-executor-env-vars"),
    )


def parse_conf(text: str) -> dict[str, str]:
    """Read ``--conf``: ``a=b``, and more after ``--conf`` each: ``a=b --conf c=d``.

    Parameters
    ----------
    text : str
        The parameter's value.

    Returns
    -------
    dict
        Setting → value, the last one of a name.

    Raises
    ------
    ArgumentsError
        If a part has no ``=`` or no name.
    """
    conf: dict[str, str] = {}
    for part in re.split(r"(?:^|\s+)--conf(?:\s+|=)", text.strip()):
        if not part.strip():
            continue
        name, equals, value = part.strip().partition("=")
        if not equals or not re.fullmatch(r"[\w.$-]+", name.strip()):
            raise ArgumentsError(
                f"--conf is {text!r}; it must be setting=value, and more after --conf each"
            )
        value = value.strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        conf[name.strip()] = value[1:-1] if quoted else value
    return conf


def script_arguments(request: RunRequest) -> list[str]:
    """Give what follows the script in ``sys.argv``.

    Glue's own names first, then every argument of the run, as "Accessing parameters using
    getResolvedOptions" has them read.
    """
    identity = f"{request.account}/{request.region}/{request.job_name}"
    own = {
        "--JOB_NAME": request.job_name,
        "--JOB_RUN_ID": request.run_id,
        "--JOB_ID": "j_" + hashlib.sha256(identity.encode()).hexdigest(),
    }
    passed = {name: value for name, value in request.arguments.items() if name not in own}
    return [text for pair in (own | passed).items() for text in pair]


def _listed(given: dict[str, str], name: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in given.get(name, "").split(","))))


def _uris(given: dict[str, str], name: str) -> tuple[str, ...]:
    uris = _listed(given, name)
    for uri in uris:
        if not re.fullmatch(r"s3[an]?://[^/]+/.*[^/]", uri):
            raise ArgumentsError(f"{name} names {uri!r}; it must name files as s3://bucket/key")
    return uris


def _switch(given: dict[str, str], name: str) -> bool:
    """Glue takes a switch as on when it is there, whatever its value but ``false``."""
    return name in given and given[name].strip().lower() != "false"


def _customer(given: dict[str, str], name: str) -> dict[str, str]:
    variables: dict[str, str] = {}
    for pair in re.findall(r'(?:[^,"]|"[^"]*")+', given.get(name, "")):
        variable, equals, value = pair.strip().strip('"').partition("=")
        if not equals or not variable.startswith("CUSTOMER_"):
            raise ArgumentsError(
                f"{name} has {pair.strip()!r}; it must be CUSTOMER_<NAME>=<value>, separated by ,"
            )
        variables[variable] = value.strip('"')
    return variables
