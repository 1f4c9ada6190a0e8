#!/usr/bin/env python3
"""Tests `style` on planted lines: `style --self-test`, or this file by itself."""
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

sys.dont_write_bytecode = True
LOADER = SourceFileLoader("style", str(Path(__file__).resolve().parent / "style"))
style = module_from_spec(spec_from_loader("style", LOADER))
LOADER.exec_module(style)

# For each rule about phrases: its name, lines that must hit, and lines that must not.
PHRASES = [
    ("is no", ["/// The text is no JWK set.", "let error = \"the body is no UTF-8\";", "Its signers are no `Sync`."],
     ["/// There is no key.", "// It is no longer needed, and was no more than 3.", "It is not a JWK set.",
      "let is_no = 1;", "There may be no server.", "Each is no later than the next."]),
    ("whoever", ["/// For whoever asks."], ["/// For the client that asks."]),
    ("he", ["/// The user loses his phone.", "He is gone.", "// Ask him."], ["/// They lose their phone.", "# the"]),
    ("stands", ["\"a name stands twice\"", "The response will stand here.", "// As it stood in the application.",
                  "/// The claim as it stands."],
     ["/// A clock that stands still.", "// `+` stands for a space.", "// It understands in time."]),
    ("mend", ["Only the latest release is mended.", "// It mends the connection."], ["We recommend an amendment."]),
    ("bear", ["/// A request that bears a token.", "// Bearing it."], ["/// The bearer token.", "let bear_token = 1;"]),
    ("there and back", ["// A way there and back."], ["// A round trip: there, then back."]),
    ("had rather", ["/// For applications that had rather go on."], ["/// It had, rather late, gone on."]),
    ("takes the place of", ["// A new one takes the place of the old."], ["// In place of the old one."]),
    ("lies ahead", ["/// `exp` is there and lies ahead."], ["/// `exp` is in the future. Further ahead."]),
    ("by cookie", ["/// Tokens by cookie.", "// by plain `http`", "//! It came by the header."],
     ["/// Tokens via cookie.", "// Checked by a header parser.", "by cookies_of(x)"]),
    ("a sentence", ["/// Nobody is refused.", "// It waits. Somebody may come.", "//! - **Who gets cookies.** At login.",
                    "let text = \"Whoever comes.\";", "/** Who is it? */"],
     ["            Nobody,", "Verified::Nobody => None,", "// The one who asks, and nobody else.",
      "/// `Nobody` is a variant."]),
]
# For each old name: a line that must hit, and one that must not.
NAMES = [
    ("with_unused_lifetime", "policy.with_unused_lifetime(x)", "policy.with_unused_lifetimes(x)"),
    ("in_all", "self.in_all", "self.in_all_tabs"),
    ("within_deadline", "within_deadline(work)", "not_within_deadline(work)"),
    ("FormerTokens", "/// See `FormerTokens`.", "MyFormerTokens"),
    ("TokenSource::function", "TokenSource::function(f)", "TokenSource::functional(f)"),
    ("KeySet::with", "KeySet::with(other)", "KeySet::with_key(other)"),
    ("with_typ_jwt", ".with_typ_jwt()", ".with_typ_jwts()"),
    ("PasswordCheck", "PasswordCheck::Wrong", "PasswordChecks"),
    ("Passwords::check", "passwords.check(a, b)", "passwords.checked(a, b)"),
    ("CredentialsInvalid", "Kind::CredentialsInvalid", "\"credentials_invalid\""),
    ("TokenMissing", "Kind::TokenMissing", "token_missing"),
    ("ScopeMissing", "Kind::ScopeMissing", "scope_missing"),
    ("RefreshReused", "Kind::RefreshReused", "refresh_reused"),
    ("refusal_of_other_sites", "cookies.refusal_of_other_sites(&parts)", "refusal_of_others"),
    ("CookieDelivery::set, clear, always", "site.cookies.set(&tokens, answer)", "cookies.set_cookies(&tokens)"),
    ("TokenEnd", "TokenEnd::Expired", "TokenEndpoint"),
    ("AccessTokenWatch::end", "watch.end()", "watch.ended()"),
    ("Revoked (a type)", "because: Revoked,", "EndReason::Revoked => \"Revoked::Other\","),
    ("Origin (but for RFC 6454's)", "matches!(x, Origin::Own)", "let origins: Origins = header(ORIGIN);"),
    ("Refused", "Err(Refused::NotFound)", "/// Refused: 403."),
    ("Refusal", "use super::refusal::Refusal;", "let refusal = Rejection::of(x); // Refusal of it"),
    ("Answer", "/// An [`Answer`].", "/// Answer of the server."),
    ("Outage", "Outage::of(x)", "StoreOutage::Refuse"),
    ("judge", "self.judge(claims)?", "// The gate may judge it."),
    ("within, in_time (functions)", "within(LIMIT, work).await", "CONNECT_WITHIN; (a.within)(b); // within (30 seconds)"),
    ("Address", "Address::parse(text)", "/// Address of the client. `ClientAddress`"),
    ("an error in a log line, as it is", "tracing::warn!(cause = &error as &(dyn Error + 'static), \"\");",
     "tracing::info!(cause = %ShownCause(&error), kind = ?error.kind(), \"\");"),
    ("an error in a log line, as it is", "tracing::warn!(%error, \"\");", "tracing::info!(error = text % reasons, \"\");"),
]


def rules_of(line, path="src/a.rs"):
    """The rules that one line breaks."""
    return {rule for _, rule in style.hits_in(path, [line])}


def rule_of(name):
    """The rule with this name."""
    return next(rule for rule in style.ALL if rule.startswith((f"`{name}`", f"{name} that")))


class Planted(unittest.TestCase):
    """Lines that must hit and lines that must not, for every rule."""

    def test_phrases(self):
        for name, hits, misses in PHRASES:
            for line in hits:
                self.assertIn(rule_of(name), rules_of(line), line)
            for line in misses:
                self.assertNotIn(rule_of(name), rules_of(line), line)

    def test_old_names(self):
        for name, hit, miss in NAMES:
            self.assertIn(rule_of(name), rules_of(hit), hit)
            self.assertEqual(rules_of(miss), set(), miss)

    def test_every_rule_is_planted(self):
        planted = {rule_of(name) for name, *_ in PHRASES + NAMES}
        self.assertEqual(set(style.ALL) - planted, {style.WIDE, style.UNUSED})

    def test_wide_lines(self):
        hundred = "// " + "word " * 19 + "ab"
        self.assertEqual((len(hundred), rules_of(hundred)), (100, set()))
        for line in (hundred + "c", "let text = \"" + "word " * 20 + "\";", "/// See " + "word " * 12 + "a" * 60):
            self.assertEqual(rules_of(line), {style.WIDE}, line)
        for line in ("//! | a | " + "word " * 20 + "|", "    /// | " + "word " * 20, "// | " + "word " * 20,
                     "/// the specification says so at <https://example.com/" + "a" * 60 + ">",
                     "    const TOKEN: &str = \"" + "a" * 90 + "\";"):
            self.assertEqual(rules_of(line), set(), line)
        self.assertEqual(rules_of("word " * 30, "README.md"), set())

    def test_phrases_over_two_lines(self):
        lines = ["/// Text that is", "/// no JWK set.", "/// Where there", "/// is no key."]
        hits = list(style.hits_in("src/a.rs", lines))
        self.assertEqual(hits, [(1, rule_of("is no"))])

    def test_code_in_documents(self):
        lines = ["Refused: 403.", "```rust", "Err(Refused)", "```", "Refused again."]
        self.assertEqual(list(style.hits_in("docs/a.md", lines)), [(3, rule_of("Refused"))])
        lines = ["/// Refused: 403.", "/// ```", "/// Err(Refused)", "/// ```"]
        self.assertEqual(list(style.hits_in("src/a.rs", lines)), [(3, rule_of("Refused"))])

    def test_a_checkout(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            def git(*args):
                subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *args], check=True,
                               capture_output=True)

            def run(*args):
                output = io.StringIO()
                with contextlib.redirect_stdout(output):
                    status = style.main(list(args))
                os.chdir(folder)
                return status, output.getvalue()

            def write(path, text):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_text(text, encoding="utf-8")

            style.EXCEPTIONS.clear()
            git("init", "-q")
            write("src/a.rs", "// Mended.\n// Fine.\n")
            for path in ("tests/data/a.md", "tests/data/a.md", ".ci/style", "other/a.md", "docs/package-lock.json"):
                write(path, "Mended.\n")
            Path("docs/page.png").write_bytes(b"\xff")
            git("add", "-A")
            git("commit", "-qm", "a")
            rule = rule_of("mend")
            self.assertEqual(run(), (1, f"    1  {rule}\n       src/a.rs:1: // Mended.\n"))
            self.assertEqual(run("HEAD"), (0, ""))
            status, output = run("--count")
            self.assertEqual((status, output.count("\n"), f"    1  {rule}\n" in output), (1, len(style.ALL), True))
            write("src/a.rs", "// Mended.\n// Mends.\n// Fine.\n")
            write("docs/b.md", "To mend it.\n")
            self.assertEqual(run("HEAD"), (
                1, f"    2  {rule}\n       docs/b.md:1: To mend it.\n       src/a.rs:2: // Mends.\n"))
            style.EXCEPTIONS[:] = [("src/a.rs", "Mend", "a test"), ("docs/b.md", "To mend", "a test"),
                                   ("src/a.rs", "gone", "a test")]
            self.assertEqual(run(), (1, f"    1  {style.UNUSED}\n       src/a.rs: gone\n"))
            style.EXCEPTIONS.pop()
            self.assertEqual(run(), (0, ""))


def run():
    """Runs all tests; returns the exit status."""
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(Planted)
    return 0 if unittest.TextTestRunner().run(tests).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(run())
