"""The errors a caller can catch: one parent, few children, each message one sentence with a remedy."""

from __future__ import annotations


class RecommenderError(Exception):
    """Everything that the package refuses to do, said in one sentence.

    ``exit_code`` is what the command line ends with: 2 for wrong use, 1 where a run stopped half-way.
    """

    exit_code = 2


class SettingsError(RecommenderError):
    """A setting is unknown, of the wrong type or out of range."""


class ContentError(RecommenderError):
    """The folder of articles is missing, empty, or holds no article."""


class ModelError(RecommenderError):
    """A saved model is missing, of another version, or damaged."""


class LookupProblem(RecommenderError):
    """A url, id or path names no article, or more than one."""

    def __init__(self, message: str, matches: tuple[str, ...] = (), *, ambiguous: bool = False) -> None:
        super().__init__(message)
        self.matches = matches
        self.ambiguous = ambiguous


class FileProblem(RecommenderError):
    """One file cannot be read or edited; becomes a Problem and never stops the others.

    ``code`` is a key of the table in problems.py; ``line`` counts from 1, 0 where no line is at fault.
    """

    def __init__(self, code: str, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.line = line


class WriteStopped(RecommenderError):
    """Writing stopped half-way (full disk, I/O error); what was written is whole and the run can resume."""

    exit_code = 1


class Interrupted(RecommenderError):
    """A signal asked the run to stop; the file in hand was finished."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
