"""The product as a process that stays: ``nn-meter serve``, asked by JSON lines."""

from __future__ import annotations

import atexit
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
from typing import Any, IO, List, Optional, Sequence

from .errors import NnMeterError, UnknownModelType, UnknownPredictor

#: Where the program is, with the arguments that belong to it: ``node /path/to/nn-meter.js``.
COMMAND_VARIABLE = "NNMETER_COMMAND"
PACKAGE = "@nnmeter/cli"
HOW_TO_INSTALL = (
    f"install Node.js 20 or newer (https://nodejs.org), then: npm install -g {PACKAGE}; "
    f"or set {COMMAND_VARIABLE} to the command that starts nn-meter"
)


class Engine:
    """A running ``nn-meter serve``; safe to use from several threads. It is started by the first request."""

    def __init__(self, command: Optional[Sequence[str]] = None) -> None:
        """``command`` starts nn-meter; by default it is looked for, see :func:`candidate_commands`."""
        self._commands = [list(command)] if command is not None else None
        self._lock = threading.Lock()
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._errors: Optional[IO[bytes]] = None
        self._next = 0

    def request(self, method: str, **params: Any) -> Any:
        """The result of a method of ``nn-meter serve``; raises :class:`NnMeterError`."""
        given = {name: value for name, value in params.items() if value is not None}
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
            response = self._ask(method, given)
        error = response.get("error")
        if error is None:
            return response["result"]
        raise _error_of(error)

    def close(self) -> None:
        """Ends the process."""
        with self._lock:
            self._end()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        return (type(self), (self._commands[0] if self._commands else None,))

    def _start(self) -> None:
        self._end()
        problems: List[str] = []
        for command in self._commands or candidate_commands():
            try:
                self._open(command)
                self._ask("health", {})
                return
            except (OSError, NnMeterError) as error:
                # On PATH there may be the nn-meter of the Python package, which knows no `serve`.
                problems.append(f"{shlex.join(command)}: {error}")
                self._end()
        reasons = "; ".join(problems) or "there is no nn-meter and no npx on PATH"
        raise NnMeterError(
            "E_MISSING_PACKAGE", f"nn-meter cannot be started: {reasons}; {HOW_TO_INSTALL}", hint=HOW_TO_INSTALL
        )

    def _open(self, command: Sequence[str]) -> None:
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [*command, "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def _ask(self, method: str, params: Any) -> Any:
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        self._next += 1
        request = {"id": self._next, "method": method, "params": params}
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
            response = json.loads(line) if line else None
        except (OSError, ValueError):
            response = None
        except BaseException:
            # A response that is still to come would be taken for that of the next request.
            self._end()
            raise
        if isinstance(response, dict) and response.get("id") == self._next:
            return response
        said = self._last_words()
        self._end()
        raise NnMeterError("E_INTERNAL", f"nn-meter ended without an answer{said and ': '}{said}")

    def _last_words(self) -> str:
        if self._errors is None:
            return ""
        if self._process is not None:
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                return ""
        self._errors.seek(0)
        return self._errors.read()[-500:].decode(errors="replace").strip()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    try:
                        stream.close()
                    except OSError:
                        pass
            process.kill()
            process.wait()
        if self._errors is not None:
            self._errors.close()
            self._errors = None

    def _forget(self) -> None:
        """In a forked child: the process belongs to the parent."""
        self._process = None
        self._errors = None
        self._lock = threading.Lock()


def candidate_commands() -> List[List[str]]:
    """What may start nn-meter: ``NNMETER_COMMAND`` alone if it is set, else ``nn-meter`` on PATH, else npx."""
    given = os.environ.get(COMMAND_VARIABLE)
    if given:
        return [shlex.split(given, posix=os.name != "nt")]
    commands = []
    installed = shutil.which("nn-meter")
    if installed is not None:
        commands.append([installed])
    npx = shutil.which("npx")
    if npx is not None:
        commands.append([npx, "--yes", "--package", PACKAGE, "nn-meter"])
    return commands


_default = Engine()


def default_engine() -> Engine:
    """The engine that everything uses unless it is given another; one per Python process."""
    return _default


atexit.register(_default.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_default._forget)


def _error_of(error: Any) -> NnMeterError:
    kind = NnMeterError
    if error["code"] == "E_UNKNOWN_PREDICTOR":
        kind = UnknownPredictor
    elif error["message"].startswith("unknown model type"):
        kind = UnknownModelType
    return kind(error["code"], error["message"], error.get("where"), error.get("hint"))
