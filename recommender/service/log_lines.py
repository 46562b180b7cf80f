"""The log of the service: every line one JSON object, of requests, of the service itself and of gunicorn."""

from __future__ import annotations

import json
import logging
import logging.config
import time
from typing import Any

LEVELS = ("debug", "info", "warning", "error")


class JsonLines(logging.Formatter):
    """Write a record as a line of JSON; what is one already stays as it is."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line; a traceback stands in it, its line breaks escaped."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "pid": record.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configuration(level: str = "info") -> dict[str, Any]:
    """Give the settings of ``logging`` for the service; of requests a line is written down to the level info."""
    least = level.upper()
    to_stderr = {"handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": JsonLines},
            "as it is": {"format": "%(message)s"},
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "json"},
            "requests": {"class": "logging.StreamHandler", "formatter": "as it is"},
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            "recommender.access": {"level": least, "handlers": ["requests"], "propagate": False},
            "recommender.service": {"level": least, **to_stderr},
            "gunicorn.error": {"level": least, **to_stderr},
            "gunicorn.access": {"level": "ERROR", **to_stderr},
        },
    }
