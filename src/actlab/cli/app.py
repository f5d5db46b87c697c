"""The ``actlab`` command: its subcommands, loaded on use, and how errors reach the user."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from actlab._version import __version__

COMMANDS = (
    ("list", "actlab.cli.list:list_activations", "List the activations, filtered by what they are"),
    ("show", "actlab.cli.show:show", "Show all there is to know about one activation"),
    (
        "analyse",
        "actlab.cli.analyse:analyse",
        "Analyse what an activation does to signal and gradient",
    ),
    (
        "explore",
        "actlab.cli.explore:explore",
        "Write one offline page to look at activations and compare them",
    ),
    (
        "diagnose",
        "actlab.cli.diagnose:diagnose",
        "Diagnose a model: dead and saturated units, shifted means, NaN, gradients by depth",
    ),
    (
        "swap",
        "actlab.cli.swap:swap",
        "Replace activations in a model, or with --dry-run see what would be replaced",
    ),
    (
        "run",
        "actlab.cli.run:run",
        "Run a study, or go on with one that was stopped, and write its report",
    ),
    (
        "studies",
        "actlab.cli.studies:studies",
        "List the studies that come with actlab, its tasks, or the schema of study files",
    ),
    (
        "claims",
        "actlab.cli.claims:claims",
        "Check the claims: exactly where mathematics decides, from records where runs do",
    ),
    (
        "status",
        "actlab.cli.status:status",
        "Tell how far the studies in a results folder are, what failed, and why",
    ),
    (
        "retry",
        "actlab.cli.retry:retry",
        "Run the cells of a results folder that have no result: not run, failed or timed out",
    ),
    (
        "extend",
        "actlab.cli.extend:extend",
        "Double the seeds, once, of what measures the claims that are still undecided",
    ),
    (
        "compare",
        "actlab.cli.compare:compare",
        "Compare two functions in every part of a study in which both were run",
    ),
    (
        "export",
        "actlab.cli.export:export",
        "Write the runs or the comparisons of a results folder as a table",
    ),
    (
        "verify",
        "actlab.cli.verify:verify",
        "Compute some cells again and compare every number with the record",
    ),
    (
        "tune",
        "actlab.cli.tune:tune",
        "Tune an activation's parameters and learning rate; test the winner on fresh seeds",
    ),
    ("report", "actlab.cli.report:report", "Report on the records in a results folder"),
    (
        "bench",
        "actlab.cli.bench:bench",
        "Time activations against torch.relu and the rest, and write a report",
    ),
    (
        "doctor",
        "actlab.cli.doctor:doctor",
        "Tell what works on this machine, and why the rest does not",
    ),
    ("build", "actlab.cli.build:build", "Compile the native CPU kernels"),
    ("new", "actlab.cli.new:new", "Start an activation of your own: its definition and its test"),
)
"""Name, place and help of each subcommand."""

HELP = (
    "Activation functions for PyTorch: exact, fast and honestly compared.\n\n"
    "Wherever a command takes the name of an activation it takes module:object as well, such "
    "as my_ramp:MY_RAMP for the definition in my_ramp.py in the current folder."
)

EPILOGUE = "--debug with any command, or ACTLAB_DEBUG=1, shows the traceback of an error."

USER_ERRORS = (ValueError, TypeError, ImportError, OSError)
"""What Python raises for things the user can mend; actlab's own error types are added to it."""


def make_app(words: Sequence[str] = ()) -> App:
    """The application; no command's module is imported yet.

    Args:
        words: the command line. A command named there is described by its docstring, the
            others by the summary alone, for which nothing need be imported.
    """
    app = App(
        name="actlab",
        help=HELP,
        help_epilogue=EPILOGUE,
        version=__version__,
        help_format="plaintext",
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )
    for order, (name, place, summary) in enumerate(COMMANDS):
        app.command(
            place,
            name=name,
            help=None if name in words[:1] else summary,
            # Markdown joins the lines of a docstring; here it would cost time for nothing.
            help_format="markdown",
            sort_key=order,
        )
    return app


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        words: the words after ``actlab``. Default: those the process was started with.

    Returns:
        0 when all is well, 2 for what the user can mend, 1 for anything else that went wrong,
        130 after Ctrl-C.
    """
    given = list(sys.argv[1:] if words is None else words)
    debug = "--debug" in given or os.environ.get("ACTLAB_DEBUG", "0") not in ("", "0")
    given = [word for word in given if word != "--debug"]
    try:
        # A module in the user's folder can be named; it comes last, so that it shadows nothing.
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        result = make_app(given)(given, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (`actlab list | head -1`); Python would complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        _complain("stopped")
        return 130
    except Exception as error:
        if debug:
            traceback.print_exc()
        else:
            _complain(_message(error, given))
        return 2 if _is_users(error) else 1
    return result if isinstance(result, int) else 0


def _is_users(error: Exception) -> bool:
    """Whether an error is one the user can mend."""
    own = type(error).__module__.startswith("actlab.")
    return own or isinstance(error, (*USER_ERRORS, CycloptsError))


def _message(error: Exception, words: Sequence[str]) -> str:
    text = str(error).strip()
    if isinstance(error, CycloptsError):
        known = [name for name, _, _ in COMMANDS if name in words[:1]]
        return f"{text} See {' '.join(['actlab', *known, '--help'])}."
    if _is_users(error):
        return text or type(error).__name__
    return f"{type(error).__name__}: {text} (run again with --debug for the traceback)"


def _complain(message: str) -> None:
    """One line on standard error, its first word red where that is a colour terminal."""
    from rich.console import Console
    from rich.text import Text

    line = Text.assemble(("actlab: ", "bold red"), message)
    Console(stderr=True).print(line, soft_wrap=True, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
