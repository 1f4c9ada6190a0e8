#!/usr/bin/env python3
"""Tests `speed` on planted counts: `speed --self-test`, or this file by itself."""
import contextlib
import io
import sys
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
LOADER = SourceFileLoader("speed", str(Path(__file__).resolve().parent / "speed"))
speed = module_from_spec(spec_from_loader("speed", LOADER))
LOADER.exec_module(speed)

DUMP = """\
events: Ir

fl=(1) src/a.rs
fn=(1) outer
10 100
fi=(2) src/inlined.rs
+1 20
fe=(1)
calls=1 5
* 9999
fn=(2) inner'2
cfn=(1)
5 7
"""


def counts(ours, of_function):
    """Counts of a layer that is written by hand, with 1,000 instructions, and of one of ours."""
    own = {"verify": of_function, "malloc": ours - of_function}
    return {"fresh_hand_written": [{"sha256_block_avx": 1000.0}, {}], "fresh_bare": [own, {}]}


class Speed(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.record = Path(folder.name) / "speed.txt"

    def run_on(self, planted, *args, rustc="rustc 1.0"):
        """The exit status and what is printed, with these counts."""
        out = io.StringIO()
        with mock.patch.multiple(speed, RECORD=self.record, build=lambda: "", count=lambda *_: planted,
                                 first_line=lambda *_: rustc), \
                mock.patch.object(speed.subprocess, "run"), contextlib.redirect_stdout(out):
            speed.subprocess.run.return_value.returncode = 0
            status = speed.main(list(args))
        return status, out.getvalue()

    def test_what_a_call_costs_is_counted_once(self):
        functions, files = speed.instructions(DUMP)
        self.assertEqual(functions, {"outer": 120, "inner'2": 7})
        self.assertEqual(files, {"src/a.rs": 107, "src/inlined.rs": 20})

    def test_a_record_is_read_as_it_was_written(self):
        found = speed.ratios(counts(500.0, 200.0))
        lines, old = speed.read(speed.write(["rustc 1.0"], found))
        self.assertEqual((lines, old), (["rustc 1.0"], found))

    def test_a_path_that_grows_fails_and_its_function_is_named(self):
        self.assertEqual(self.run_on(counts(500.0, 200.0), "--update"), (0, ""))
        self.assertEqual(self.run_on(counts(524.0, 224.0)), (0, ""))
        status, text = self.run_on(counts(530.0, 230.0))
        self.assertEqual(status, 1)
        self.assertIn("fresh_bare: 0.5300, and the record says 0.5000. What grew most is verify: +0.0300", text)

    def test_a_path_that_is_not_recorded_fails(self):
        self.run_on(counts(500.0, 200.0), "--update")
        planted = counts(500.0, 200.0)
        planted["login"] = planted["fresh_bare"]
        status, text = self.run_on(planted)
        self.assertEqual((status, "login: not in the record" in text), (1, True))

    def test_another_compiler_records_anew_and_says_so(self):
        self.run_on(counts(500.0, 200.0), "--update")
        status, text = self.run_on(counts(900.0, 200.0), rustc="rustc 2.0")
        self.assertEqual(status, 0)
        self.assertIn("NOT CHECKED", text)
        self.assertIn("rustc 2.0", self.record.read_text(encoding="utf-8"))
        self.assertEqual(self.run_on(counts(900.0, 200.0), rustc="rustc 2.0"), (0, ""))

    def test_without_valgrind_nothing_is_checked(self):
        with mock.patch.object(speed.subprocess, "run") as run, contextlib.redirect_stdout(io.StringIO()) as out:
            run.return_value.returncode = 1
            self.assertEqual(speed.main([]), 0)
        self.assertIn("NOT CHECKED", out.getvalue())


def run():
    """Returns the exit status."""
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Speed)
    return 0 if unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(run())
