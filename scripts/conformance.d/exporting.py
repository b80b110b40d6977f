"""What the exporters' scripts share. No environments: not run by itself."""
import ckptdiff


class Tally:
    """Counts what was asked and what was right; says what was not."""

    def __init__(self):
        self.right = self.asked = 0

    def _add(self, what, ok, message):
        self.asked += 1
        self.right += ok
        if not ok:
            print(f"  {what}: {message}")

    def clean(self, what, model, path, **options):
        try:
            report = ckptdiff.check(model, path, fail_on="warning", **options)
            self._add(what, True, "")
            return report
        except ckptdiff.CheckFailed as failed:
            self._add(what, False, f"is not clean\n{failed}")

    def tells(self, what, model, path, rule, **options):
        try:
            ckptdiff.check(model, path, **options)
            self._add(what, False, "is clean and should not be")
        except ckptdiff.CheckFailed as failed:
            rules = {f["rule"] for f in failed.report.findings} \
                if failed.report else {str(failed)}
            self._add(what, rule in rules, f"says {sorted(rules)}, not {rule}")

    def close(self):
        print(f"  {self.right} of {self.asked} right")
        return 0 if self.asked and self.right == self.asked else 1
