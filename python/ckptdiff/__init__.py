"""What a live model expects, as a layout document; checks against it.

export(model, path, optimizer=None)   write the layout document
layout(model, optimizer=None)         the same, as a dict
check(model, checkpoint, ...)         run the program; the report, or CheckFailed
assert_loads(model, checkpoint, ...)  the same for tests: AssertionError
"""
import os
import sys

from ._document import to_text
from ._models import layout
from ._program import CheckFailed, Report, run_check

__all__ = ["CheckFailed", "Report", "assert_loads", "check", "export", "layout"]
__version__ = "0.1.0"


def export(model, path, optimizer=None):
    """Writes the layout that `model` expects to `path`, whole or not at all;
    "-" is standard output."""
    text = to_text(layout(model, optimizer))
    if path == "-":
        sys.stdout.write(text)
        return
    unfinished = f"{os.fspath(path)}.tmp{os.getpid()}"
    try:
        with open(unfinished, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(unfinished, path)
    except OSError as error:
        error.filename, error.filename2 = os.fspath(path), None
        raise
    finally:
        if os.path.exists(unfinished):
            os.remove(unfinished)


def check(model, checkpoint, optimizer=None, fail_on="error", ignore=(),
          rules=None, program=None):
    """Whether `model` would load `checkpoint`; `model` may be a path of a spec.

    `optimizer` is the one that shall be restored too; that of a compiled Keras
    model is compared where the checkpoint has one.

    Returns the Report; raises CheckFailed where it holds a finding at or above
    `fail_on` ("error", "warning", "note", "never"), and where the checkpoint
    cannot be read. `rules` maps rule ids to severities.
    """
    spec = model
    if not isinstance(model, (str, os.PathLike)):
        spec = layout(model, optimizer)
    return run_check(spec, checkpoint, fail_on, ignore, rules or {}, program)


def assert_loads(model, checkpoint, **options):
    """check() for tests: fails with the whole diagnosis as its message."""
    __tracebackhide__ = True  # pytest shows the caller's line
    try:
        check(model, checkpoint, **options)
    except CheckFailed as failed:
        raise AssertionError(str(failed)) from None
