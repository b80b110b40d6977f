"""What the scripts share that let a framework judge: how they are called, what
ckptdiff lists, and the count of what was right. No environments: not run by
itself."""
import argparse
import collections
import json
import os
import subprocess
import sys

CKPTDIFF = os.environ.get("CKPTDIFF", "build/release/ckptdiff")


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="",
                        help="cases with this in their name")
    parser.add_argument("--keep", help="leave the files in this directory")
    return parser.parse_args()


def inspect(path, *options):
    """The layout document and "", or None and what ckptdiff says."""
    run = subprocess.run(
        [CKPTDIFF, "inspect", "--format", "json", *options, path],
        capture_output=True, text=True, timeout=60)
    if run.returncode != 0:
        return None, run.stderr.strip()
    return json.loads(run.stdout), ""


class Judge:
    """Counts by topic what was right; says at once what was not."""

    def __init__(self):
        self.counts = collections.Counter()
        self.wrong = 0

    def say(self, topic, right, what):
        self.counts[topic, bool(right)] += 1
        if not right:
            self.wrong += 1
            print(f"{topic}: {what}", flush=True)

    def listing(self, case, path):
        """The layout document of a file that has to be readable."""
        document, error = inspect(path)
        self.say("listed", document is not None, f"{case}: {error}")
        return document

    def close(self):
        """Prints the counts; exits 1 on a disagreement, or without a file."""
        topics = sorted({topic for topic, _ in self.counts})
        print(", ".join(
            f"{t} {self.counts[t, True]}/"
            f"{self.counts[t, True] + self.counts[t, False]}" for t in topics))
        sys.exit(1 if self.wrong or not self.counts["listed", True] else 0)
