"""The command line: one small function per command, which imports its own modules inside, so that asking is quick."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType

import click

from recommender import __version__
from recommender.cli import printing
from recommender.cli.audit import audit
from recommender.cli.build import build
from recommender.cli.changes import changes
from recommender.cli.completion import completion
from recommender.cli.evaluate import disagreements, evaluate
from recommender.cli.export import export
from recommender.cli.fill import fill
from recommender.cli.init import init
from recommender.cli.judge import judge
from recommender.cli.pr import pr
from recommender.cli.related import related
from recommender.cli.report import report
from recommender.cli.review import review
from recommender.cli.rule import rule
from recommender.cli.serve import serve
from recommender.cli.status import status
from recommender.cli.tune import tune
from recommender.cli.undo import undo
from recommender.cli.watch import watch
from recommender.errors import RecommenderError
from recommender.system import clock


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit code: 0 done, 1 findings, 2 wrong use, 3 a bug, 130 and 143 interrupted."""
    # None where the caller closed it (>&-): then nobody listens, and a file of ours must not get its number.
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    with contextlib.suppress(ValueError):  # not the main thread: whoever runs us there answers signals
        signal.signal(signal.SIGTERM, _terminated)
    try:
        code = cli.main(args=arguments, prog_name="recommender", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return 2
    except RecommenderError as error:
        printing.complain(str(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort, _Terminated) as error:
        printing.complain("interrupted; nothing was left half-done")
        return 143 if isinstance(error, _Terminated) else 130
    except SystemExit:
        # So click ends where the reader of stdout has gone (head, less): not a finding, so not its exit code 1.
        return 0
    except BrokenPipeError:
        # The reader has gone (head, less): no message, and none from the interpreter's own last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _system_failed(error)
    except Exception:  # the boundary: whatever is left is a bug of ours
        traceback.print_exc()
        printing.complain("this is a bug of recommender; please report it with the lines above")
        return 3


def _system_failed(error: OSError) -> int:
    try:
        os.getcwd()
    except OSError:
        printing.complain("the working directory is gone; go to another one")
        return 2
    place, reason = error.filename or "input or output", error.strerror or error
    printing.complain(f"{place}: {reason}; nothing was left half-written")
    return 1


def run() -> None:
    """Entry point of the console script."""
    code = main()
    with contextlib.suppress(OSError, ValueError):  # closed, or full, which main has said
        sys.stdout.flush()
    # Nothing is left to do, and freeing a site's million objects one by one takes a second.
    os._exit(code)


class _Terminated(BaseException):
    """SIGTERM; not an Exception, so that what survives one bad file does not take it for one."""


def _terminated(number: int, frame: FrameType | None) -> None:
    raise _Terminated


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="recommender")
def cli() -> None:
    """Related-article links for Markdown sites: audit them, rank them, fill them into the front matter."""
    clock.now()  # numpy's importing of itself ends in a traceback where SOURCE_DATE_EPOCH is no number


for _command in (
    init,
    audit,
    build,
    changes,
    related,
    report,
    review,
    pr,
    status,
    rule,
    watch,
    fill,
    undo,
    export,
    serve,
    evaluate,
    disagreements,
    judge,
    tune,
    completion,
):
    cli.add_command(_command)
