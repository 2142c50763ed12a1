"""The one error of this package."""

from __future__ import annotations

from typing import Any, Mapping, Optional


class NnMeterError(Exception):
    """What is wrong, where, and what to do; ``code`` is stable, for programs."""

    def __init__(
        self,
        code: str,
        message: str,
        where: Optional[Mapping[str, Any]] = None,
        hint: Optional[str] = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.where = dict(where or {})
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"

    def __reduce__(self) -> Any:
        return (type(self), (self.code, self.message, self.where, self.hint))


class UnknownPredictor(NnMeterError, NotImplementedError):
    """No predictor of that name or version; a ``NotImplementedError``, as in nn-Meter."""


class UnknownModelType(NnMeterError, ValueError):
    """No model type of that name; a ``ValueError``, as in nn-Meter."""
