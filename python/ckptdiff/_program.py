"""Runs the ckptdiff program and reads its report."""
import json
import os
import shutil
import subprocess


class Report:
    """A report/v1 document; `str()` is what a person reads."""

    def __init__(self, document, text):
        self.document = document
        self.text = text

    @property
    def ok(self):
        return self.document["status"] == "clean"

    @property
    def findings(self):
        return self.document["findings"]

    @property
    def diagnoses(self):
        return self.document["diagnoses"]

    @property
    def causes(self):
        return [diagnosis["cause"] for diagnosis in self.diagnoses]

    def __str__(self):
        return self.text


class CheckFailed(Exception):
    """The checkpoint does not fit; `report` says why (None: unreadable)."""

    def __init__(self, message, report=None):
        super().__init__(message)
        self.report = report


def find_program():
    """$CKPTDIFF, the PATH, or the build beside this package's checkout."""
    named = os.environ.get("CKPTDIFF")
    if named:
        return named
    on_path = shutil.which("ckptdiff")
    if on_path:
        return on_path
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    built = os.path.join(checkout, "build", "release", "ckptdiff")
    if os.path.exists(built):
        return built
    raise FileNotFoundError(
        "the ckptdiff program is not on the PATH: build it (./scripts/build in "
        "its checkout), and set CKPTDIFF to build/release/ckptdiff there")


def run_check(spec, checkpoint, fail_on, ignore, rules, program):
    document = None if isinstance(spec, (str, os.PathLike)) else spec
    program = os.fspath(program or find_program())
    command = [program, "check", os.fspath(checkpoint),
               "--spec", "-" if document else os.fspath(spec),
               "--fail-on", fail_on, "--color", "never"]
    for glob in ignore:
        command += ["--ignore", glob]
    for rule, severity in rules.items():
        command += ["--rule", f"{rule}={severity}"]
    stdin = json.dumps(document) if document else None

    def run(form):
        try:
            return subprocess.run(command + ["--format", form], input=stdin,
                                  capture_output=True, encoding="utf-8")
        except OSError as error:
            raise type(error)(error.errno, "not the ckptdiff program: "
                              + error.strerror, program) from None

    machine = run("json")
    if machine.returncode not in (0, 1):
        raise CheckFailed(machine.stderr.strip() or "ckptdiff did not run")
    text = run("text").stdout
    report = Report(json.loads(machine.stdout), text)
    if machine.returncode == 1:
        raise CheckFailed(text, report)
    return report
