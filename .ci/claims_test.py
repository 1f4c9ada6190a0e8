#!/usr/bin/env python3
"""Tests `claims` on planted documents and tests: `claims --self-test`, or this file by itself."""
import sys
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

sys.dont_write_bytecode = True
LOADER = SourceFileLoader("claims", str(Path(__file__).resolve().parent / "claims"))
claims = module_from_spec(spec_from_loader("claims", LOADER))
LOADER.exec_module(claims)

RULE = """
// requirements 1, 2
#[tokio::test]
async fn a_copy_ends_the_session() {}

// #[test]
fn a_helper() {}

mod inner {
    // requirement 2
    // A second comment.
    #[test]
    #[should_panic]
    fn it_panics() {}
}
"""
TABS = 'test("of several tabs one asks", async () => {});\n'
SECURITY = """# Security

- *Not built* means that it is not there.
- *Docs* means something else.

- A copy ends the session. `session::rule::a_copy_ends_the_session`
- Tabs share a refresh, see `axum::serve` and `tower_http::timeout::Layer`.
  `js::tabs: of several tabs one asks`
- Two lines, and
  requirements 1 and 2.
- Proof of possession. Not built.
- A list of what is built. `.ci/claims`
"""
ASVS = """# ASVS

| Number | Demand | Proof |
|---|---|---|
| 1.1.1 | one | requirement 1 |
| 1.1.2 | two | Not built. |

| Number | Other |
|---|---|
| 1.1.3 | no claim |

*Not built* means that it is not there.
"""
LIST = """# Requirements

- **must** is a word. *Not built* means that it is not there.

- **1** must: one.
- **2** must: two
  lines.
- **3** must: three. [1 §2] Not built: why.
"""


class Claims(unittest.TestCase):
    """What is found, and what is wrong."""

    def judge(self, security=SECURITY, asvs=ASVS, listed=LIST, rule=RULE):
        """The lines about what is wrong, and the table."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            files = {"SECURITY.md": security, "docs/asvs.md": asvs, "docs/requirements.md": listed, ".ci/claims": "",
                     "tests/session/rule.rs": rule, "js/test/tabs.test.mjs": TABS}
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return claims.check(root, claims.named_tests.find(root))

    def assert_wrong(self, *expected, **files):
        """Exactly these lines are wrong."""
        self.assertEqual(self.judge(**files)[0], list(expected))

    def test_a_document_whose_claims_have_proofs_passes(self):
        wrong, rows = self.judge()
        self.assertEqual(wrong, [])
        copy, panics = "session::rule::a_copy_ends_the_session", "session::rule::inner::it_panics"
        self.assertEqual([proofs for _, proofs in rows], [
            [copy], ["js::tabs: of several tabs one asks"], ["requirement 1", "requirement 2"], ["Not built"],
            [".ci/claims"], ["requirement 1"], ["Not built"], [copy], [copy, panics], ["Not built"]])

    def test_a_test_that_does_not_exist_is_named(self):
        self.assert_wrong("SECURITY.md:6: there is no test session::rule::a_copy",
                          security=SECURITY.replace("a_copy_ends_the_session", "a_copy"))
        self.assert_wrong("SECURITY.md:7: there is no test js::tabs: another title",
                          security=SECURITY.replace("of several tabs one asks", "another title"))
        self.assert_wrong("SECURITY.md:12: there is no script .ci/other",
                          security=SECURITY.replace(".ci/claims", ".ci/other"))

    def test_a_test_that_is_not_run_is_no_proof(self):
        for off in ("#[ignore]", "#[cfg(any())]", "#[cfg(windows)]"):
            self.assert_wrong("SECURITY.md:6: there is no test session::rule::a_copy_ends_the_session",
                              rule=RULE.replace("#[tokio::test]", f"{off}\n#[tokio::test]")
                              .replace("// requirements 1, 2\n", "").replace("// requirement 2", "// requirements 1, 2"))

    def test_what_is_almost_a_name_or_a_number_is_wrong_beside_a_good_proof(self):
        proof = "`session::rule::a_copy_ends_the_session`"
        for almost in ("session::rule::gone()", "session::gone", "session::rule::Gone"):
            self.assert_wrong(f"SECURITY.md:6: there is no test {almost}",
                              security=SECURITY.replace(proof, f"{proof}, `{almost}`"))
        for almost in ("requirements 1 to 99", "requirements 1, 2, and 99"):
            self.assert_wrong("SECURITY.md:9: numbers are separated by `, ` or ` and `",
                              security=SECURITY.replace("requirements 1 and 2", almost))

    def test_a_list_of_another_form_is_wrong(self):
        for other in ("* No proof.", "1. No proof.", "  - No proof."):
            self.assert_wrong("SECURITY.md:13: a claim begins with `- `", security=SECURITY + other)

    def test_a_helper_is_not_a_test(self):
        self.assert_wrong("SECURITY.md:6: there is no test session::rule::a_helper",
                          security=SECURITY.replace("a_copy_ends_the_session", "a_helper"))

    def test_a_claim_needs_a_proof_or_a_mark_and_not_both(self):
        self.assert_wrong("SECURITY.md:11: no test: Proof of possession.",
                          security=SECURITY.replace("possession. Not built.", "possession."))
        self.assert_wrong("docs/asvs.md:6: no test: 1.1.2 | two", asvs=ASVS.replace("| Not built. |", "| |"))
        self.assert_wrong("SECURITY.md:9: requirement 1 says Not built", "docs/asvs.md:5: requirement 1 says Not built",
                          "docs/requirements.md:5: it says Not built, and session::rule::a_copy_ends_the_session "
                          "proves it",
                          listed=LIST.replace("must: one.", "must: one. Not built."))

    def test_a_mark_has_to_be_defined(self):
        self.assert_wrong("docs/asvs.md:6: no test: 1.1.2 | two", asvs=ASVS.replace("*Not built*", "*Not there*"))

    def test_a_requirement_that_no_test_cites_is_named(self):
        self.assert_wrong("docs/requirements.md:5: no test: **1** must: one.",
                          rule=RULE.replace("requirements 1, 2", "requirement 2"))

    def test_a_number_that_is_not_in_the_list_is_named(self):
        self.assert_wrong("session::rule::a_copy_ends_the_session: requirement 9 is not in the list",
                          rule=RULE.replace("requirements 1, 2", "requirements 1, 2, 9"))
        self.assert_wrong("docs/asvs.md:5: there is no requirement 9", asvs=ASVS.replace("requirement 1", "requirement 9"))

    def test_a_citation_is_above_its_test(self):
        self.assert_wrong("tests/session/rule.rs:6: a requirement is cited, but not above a test",
                          rule=RULE.replace("// #[test]", "// requirement 1"))

    def test_a_document_without_claims_is_wrong(self):
        self.assert_wrong("docs/asvs.md: there are no claims", asvs="# ASVS\n")


def run():
    """Runs all tests; returns the exit status."""
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(Claims)
    return 0 if unittest.TextTestRunner().run(tests).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(run())
