"""The results of the mutants, in files of this repository."""
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS, SURVIVORS = HERE / "results.txt", HERE / "survivors.md"


class Results:
    """Lines of `result | text of the function, hashed | mutant`. The result is `caught by PROGRAM`, `timeout by
    PROGRAM`, `missed` or `unviable` (it does not compile)."""

    def __init__(self):
        self.of = {}
        if RESULTS.exists():
            for line in RESULTS.read_text().splitlines():
                result, text, name = line.split(" | ", 2)
                self.of[name] = (result, text)

    def get(self, name, text, default=None):
        """The result of a mutant whose function still has this text."""
        result, of_text = self.of.get(name, (default, text))
        return result if of_text == text else default

    def keep(self, mutant, result):
        self.of[mutant.name] = (result, mutant.text)

    def forget_others(self, mutants):
        """Forgets what is not a mutant any more."""
        names = {mutant.name for mutant in mutants}
        self.of = {name: result for name, result in self.of.items() if name in names}

    def write(self):
        lines = [f"{result} | {text} | {name}\n" for name, (result, text) in self.of.items()]
        RESULTS.write_text("".join(sorted(lines, key=lambda line: line.split(" | ", 2)[2])))

    def missed(self):
        return {name for name, (result, _) in self.of.items() if result == "missed"}


def explained(text):
    return set(re.findall(r"^- `([^`]+)`", text, re.M))


def survivors():
    """The names that `survivors.md` explains."""
    return explained(SURVIVORS.read_text())
