"""A failed run is told of in Glue's words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from etlocal.worker import failures
from etlocal.worker.runner import run_script


class JavaException:
    """An exception of the JVM, as py4j shows it."""

    def __init__(self, message: str | None, cause: JavaException | None = None) -> None:
        self.message, self.cause = message, cause

    def getCause(self) -> JavaException | None:
        return self.cause

    def getMessage(self) -> str | None:
        return self.message

    def toString(self) -> str:
        return "java.lang.Exception"


class Py4JJavaError(Exception):
    """As py4j's."""

    def __init__(self, message: str, java_exception: JavaException) -> None:
        super().__init__(message)
        self.java_exception = java_exception


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("bad thing"), "ValueError: bad thing"),
        (KeyError("a"), "KeyError: 'a'"),
        (RuntimeError(), "RuntimeError"),
        (SystemExit(3), "SystemExit: 3"),
        (SystemExit("no input"), "SystemExit: no input"),
        (OSError(2, "No such file or directory", "x.csv"), None),
    ],
)
def test_a_python_exception_is_named_with_its_text(
    error: BaseException, message: str | None
) -> None:
    expected = message or "FileNotFoundError: [Errno 2] No such file or directory: 'x.csv'"
    assert failures.error_message(error) == expected


def test_an_exception_of_the_jvm_is_told_by_its_call_and_innermost_cause() -> None:
    java = JavaException("Job aborted.", JavaException("Access Denied"))
    error = Py4JJavaError(
        "An error occurred while calling o94.save.\n: org.apache.spark.SparkException: Job aborted."
        "\n\tat org.apache.spark.Foo(Foo.scala:1)",
        java,
    )
    assert (
        failures.error_message(error) == "An error occurred while calling o94.save. Access Denied"
    )


def test_a_stack_trace_of_the_jvm_is_left_out() -> None:
    error = ValueError("Path does not exist: s3://b/x\n\tat org.apache.Foo.bar(Foo.java:1)\n\tat x")
    assert failures.error_message(error) == "ValueError: Path does not exist: s3://b/x"


def test_a_long_message_is_shortened() -> None:
    assert len(failures.error_message(ValueError("x" * 100_000))) == 4000


def test_a_killed_process_is_told_by_its_signal() -> None:
    assert failures.exit_message(-9) == "Command failed with exit code -9 (SIGKILL)"
    assert failures.exit_message(7) == "Command failed with exit code 7"


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", list(sys.argv))
    monkeypatch.setattr(sys, "path", list(sys.path))


def write(folder: Path, text: str) -> str:
    script = folder / "script.py"
    script.write_text(text)
    return str(script)


def test_a_script_runs_as_main_with_its_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = write(tmp_path, "import sys\nprint(__name__, sys.argv[1:])")
    assert run_script(script, ["--a", "b"]) == (None, 0)
    assert capsys.readouterr().out == "__main__ ['--a', 'b']\n"


@pytest.mark.parametrize("text", ["import sys; sys.exit()", "import sys; sys.exit(0)", ""])
def test_leaving_with_nothing_or_zero_is_success(tmp_path: Path, text: str) -> None:
    assert run_script(write(tmp_path, text), []) == (None, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("raise ValueError('bad')", "ValueError: bad"),
        ("def x(:\n  pass", "SyntaxError: invalid syntax (script.py, line 1)"),
        ("import not_there", "ModuleNotFoundError: No module named 'not_there'"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_what_leaves_a_script_fails_it(tmp_path: Path, text: str, message: str) -> None:
    assert run_script(write(tmp_path, text), []) == (message, 1)


def test_a_traceback_begins_in_the_script(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = write(tmp_path, "def f():\n    raise ValueError('bad')\n\nf()\n")
    run_script(script, [])
    said = capsys.readouterr().err
    assert said.startswith(
        f'Traceback (most recent call last):\n  File "{script}", line 4, in <module>\n'
    )
    assert "runpy" not in said
    assert said.endswith("ValueError: bad\n")


def test_a_script_finds_modules_beside_it(tmp_path: Path) -> None:
    (tmp_path / "beside_the_script.py").write_text("VALUE = 1")
    assert run_script(write(tmp_path, "import beside_the_script"), []) == (None, 0)
