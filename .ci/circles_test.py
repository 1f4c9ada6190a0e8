#!/usr/bin/env python3
"""Tests `circles` on small crates in a temporary folder: `circles --self-test`, or this file by itself."""
import contextlib
import io
import sys
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

sys.dont_write_bytecode = True
LOADER = SourceFileLoader("circles", str(Path(__file__).resolve().parent / "circles"))
circles = module_from_spec(spec_from_loader("circles", LOADER))
LOADER.exec_module(circles)

A_TO_B = "src/store/a.rs:1: uses"


class Planted(unittest.TestCase):
    """Each test plants a crate and reads what `circles` says of it."""

    def check(self, files, *options):
        """The exit status and the output for a crate of these files; `lib.rs` gets a `mod` line for each room."""
        with tempfile.TemporaryDirectory() as folder:
            src = Path(folder, "src")
            rooms = sorted({name.split("/")[0].removesuffix(".rs") for name in files} - {"lib"})
            lib = files.get("lib.rs", "") + "".join(f"mod {room};\n" for room in rooms)
            for name, text in {**files, "lib.rs": lib}.items():
                path = src / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                status = circles.main([*options, str(src)])
        return status, output.getvalue()

    def store(self, mod="", **files):
        """Checks a crate with one room, `store`: what its mod.rs has besides `mod` lines, and its other files."""
        mods = "".join(f"mod {name};\n" for name in files)
        return self.check({"store/mod.rs": mods + mod, **{f"store/{name}.rs": text for name, text in files.items()}})

    def assert_circle(self, answer, length, *lines):
        """The output is one circle of this many files, and has these lines."""
        status, output = answer
        self.assertEqual(status, 1, output)
        self.assertTrue(output.startswith(f"circle of {length} files:\n"), output)
        self.assertEqual(len(output.splitlines()), length + 1, output)
        for line in lines:
            self.assertIn(line, output)

    def assert_clean(self, answer):
        self.assertEqual(answer, (0, "no circles, and no code in mod.rs\n"))

    def test_a_clean_crate_passes(self):
        self.assert_clean(self.check({
            "lib.rs": "//! Docs.\n#![doc = include_str!(\"../README.md\")]\n#[cfg(not(feature = \"x\"))]\n"
                      "compile_error!(\"no x\");\npub use store::{A, MemoryStore as Memory};\n",
            "error.rs": "pub struct Error;",
            "store/mod.rs": "//! Docs.\nmod a;\npub mod memory;\n\npub use a::A;\npub use memory::*;\nuse a as b;\n",
            "store/a.rs": "use crate::{error::Error, names::Name};\npub struct A(Error, Name);",
            "store/memory.rs": "use super::A;\npub struct MemoryStore(A);",
            "names/mod.rs": "mod name;\npub use self::name::Name;",
            "names/name.rs": "use crate::error::Error;\npub struct Name(Error);",
        }))

    def test_a_direct_circle(self):
        answer = self.store(a="use super::b::B;\nstruct A(B);", b="\nuse super::a::A;\nstruct B(A);")
        self.assert_circle(answer, 2, f"{A_TO_B} super::b::B of src/store/b.rs\n",
                           "src/store/b.rs:2: uses super::a::A of src/store/a.rs\n")

    def test_a_circle_through_a_re_export(self):
        answer = self.store("pub use b::B;\npub(crate) use self::a::A;", a="use super::B;\npub struct A(B);",
                            b="use crate::store::A;\npub struct B(A);")
        self.assert_circle(answer, 2, f"{A_TO_B} super::B of src/store/b.rs")

    def test_a_re_export_of_a_sibling_is_a_use(self):
        answer = self.store(a="pub use super::b::B;", b="use super::a::A;")
        self.assert_circle(answer, 2, f"{A_TO_B} super::b::B")

    def test_a_circle_through_several_re_exports_and_the_root(self):
        answer = self.check({
            "lib.rs": "pub use store::B;\n",
            "store/mod.rs": "mod a;\nmod inner;\npub use inner::B;",
            "store/inner/mod.rs": "mod b;\npub use b::B;",
            "store/inner/b.rs": "use super::super::a::A;\npub struct B(A);",
            "store/a.rs": "use crate::B;\npub struct A(B);",
        })
        self.assert_circle(answer, 2, f"{A_TO_B} crate::B of src/store/inner/b.rs")

    def test_a_circle_through_a_glob(self):
        for glob in ("super::*", "super::b::*", "crate::store::*"):
            answer = self.store("pub use b::*;", a=f"use {glob};\npub struct A(B);",
                                b="use super::a::A;\npub struct B(A);")
            self.assert_circle(answer, 2, f"{A_TO_B} {glob[:-1]}B of src/store/b.rs")

    def test_a_glob_counts_for_the_names_that_are_used(self):
        self.assert_clean(self.store("pub use b::*;\npub use a::*;", a="use super::*;\npub struct A(super::a::X);",
                                     b="use super::A;\npub struct B(A);"))

    def test_a_private_import_of_another_module_does_not_pass_a_glob(self):
        files = {"store/mod.rs": "mod a;\nmod b;\nmod c;", "store/a.rs": "use super::c::*;\npub struct A(C, B);",
                 "store/b.rs": "pub struct B;", "store/c.rs": "use super::b::B;\npub struct C(B);"}
        answer = self.check(files, "--edges", "a.rs")
        self.assertEqual(answer, (0, "src/store/a.rs:1 -> src/store/c.rs: super::c::C\n"))

    def test_a_circle_through_a_rename(self):
        answer = self.store("pub use b::B as Renamed;", a="use super::Renamed as Mine;\npub struct A(Mine);",
                            b="use super::a::A as Other;\npub struct B(Other);")
        self.assert_circle(answer, 2, f"{A_TO_B} super::Renamed of src/store/b.rs")

    def test_a_circle_by_an_inline_path(self):
        for path in ("crate::store::b::B::new()", "super::b::f::<u8>(1)", "Some(super::b::C)",
                     "<super::b::B as Default>::default()", "vec![crate::store::b::C]", "Foo { ..super::b::B::new() }",
                     "1..super::b::C", "'\"'; super::b::C", "let super::b::B(x) = y", "for<'a> super::b::B<'a>"):
            answer = self.store(a=f"fn f() {{ {path}; }}", b="fn g() { super::a::f(); }")
            self.assert_circle(answer, 2, f"{A_TO_B} ")

    def test_a_circle_through_a_module_alias(self):
        for line, path in (("use super::b;", "b::f"), ("use super::b as row;", "row::f"),
                           ("use super::{b::{self}};", "b::f"), ("use crate as root;", "root::store::b::f")):
            answer = self.store(a=f"{line} fn f() {{ {path}(); }}", b="use super::a;\nfn f() { a::f(); }")
            self.assert_circle(answer, 2, f"{A_TO_B} ")

    def test_a_circle_by_a_nested_use(self):
        nested = "use super::{\n    c::{self, D as E},\n    b::{inner::{B, *}, self as x},\n};"
        answer = self.store(a=nested, b="use {crate::store::{self, a::{A}}};\npub mod inner { pub struct B; }",
                            c="pub struct D;")
        self.assert_circle(answer, 2, "src/store/a.rs:3: uses super::b", "src/store/b.rs:1: uses crate::store::a::A")

    def test_a_circle_by_an_inline_module(self):
        answer = self.store(a="mod inner { use super::super::b::B; }", b="use super::a::A;")
        self.assert_circle(answer, 2, f"{A_TO_B} super::super::b::B")

    def test_a_circle_by_a_use_in_a_function(self):
        answer = self.store(a="fn f() { use super::b::B; B::new() }", b="use super::a::f;")
        self.assert_circle(answer, 2, f"{A_TO_B} super::b::B")

    def test_a_circle_by_the_body_of_a_macro(self):
        macro = "macro_rules! m { ($x:ty) => { $crate::store::b::B::<$x>::new() }; }\npub(super) use m;"
        answer = self.store(a=macro, b="use super::a::m;\npub struct B;")
        self.assert_circle(answer, 2, f"{A_TO_B} crate::store::b::B")

    def test_a_path_from_the_arguments_of_a_macro_is_left_out(self):
        macro = "macro_rules! m { ($room:ident: $($x:ident),+) => { pub use super::$room::{$($x),+}; $room::f(); }; }"
        self.assert_clean(self.store(a=macro + "\nm! { b: B }", b="use super::a::m;\npub struct B;\npub mod room {}"))

    def test_a_circle_by_a_macro_without_a_path(self):
        answer = self.check({"store/mod.rs": "#[macro_use]\nmod a;\nmod b;",
                             "store/a.rs": "macro_rules! m { () => { $crate::store::b::B }; }",
                             "store/b.rs": "pub struct B;\nfn f() { m!() }"})
        self.assert_circle(answer, 2, "src/store/b.rs:2: uses m! of src/store/a.rs")

    def test_a_circle_by_an_exported_macro(self):
        answer = self.store(a="use super::b::B;\n#[macro_export]\nmacro_rules! m { () => {}; }",
                            b="fn f() { crate::m!() }")
        self.assert_circle(answer, 2, "src/store/b.rs:1: uses crate::m of src/store/a.rs")

    def test_a_circle_by_a_type_that_a_macro_makes(self):
        answer = self.store("pub use b::*;", a="use super::B;\npub struct A;",
                            b="use super::a::A;\nnew_type!(B, \"b\");")
        self.assert_circle(answer, 2, f"{A_TO_B} super::B of src/store/b.rs")

    def test_a_circle_by_an_attribute(self):
        answer = self.store(a="#[serde(with = \"super::b\")] pub struct A;", b="use super::a::A;")
        self.assert_circle(answer, 2, f"{A_TO_B} super::b of")

    def test_a_circle_of_three_files(self):
        answer = self.store(a="use super::b::B;", b="use super::c::C;", c="use super::a::A;")
        self.assert_circle(answer, 3, f"{A_TO_B} super::b::B of src/store/b.rs",
                           "src/store/c.rs:1: uses super::a::A of src/store/a.rs")

    def test_a_short_circle_stands_for_its_knot(self):
        files = {"store/mod.rs": "mod a;\nmod b;\nmod c;", "store/a.rs": "use super::b::B;",
                 "store/b.rs": "use super::{a::A, c::C};", "store/c.rs": "use super::a::A;"}
        status, output = self.check(files)
        self.assertEqual((status, output.count("circle of 2 files"), output.count("circle of 3 files")), (1, 1, 0))
        self.assertIn("3 files are in this knot; `--all` shows 2 short circles", output)
        status, output = self.check(files, "--all")
        self.assertEqual((status, output.count("circle of 2 files"), output.count("circle of 3 files")), (1, 1, 1))

    def test_a_parent_and_its_child_may_use_each_other(self):
        self.assert_clean(self.check({
            "store/mod.rs": "mod a;\nmod c;\npub use a::{A, B};",
            "store/a.rs": "mod b;\npub use b::B;\npub struct A(B);",
            "store/a/b.rs": "mod d;\nuse super::A;\npub struct B(A, d::D);",
            "store/a/b/d.rs": "use super::super::A;\npub struct D(A);",
            "store/c.rs": "use super::{A, B};",
        }))

    def test_a_longer_circle_through_the_parent(self):
        answer = self.check({"store/mod.rs": "mod p;", "store/p.rs": "mod a;\nmod b;\npub struct P(a::A);",
                             "store/p/a.rs": "use super::b::B;\npub struct A(B);",
                             "store/p/b.rs": "use super::P;\npub struct B(P);"})
        self.assert_circle(answer, 3, "src/store/p/a.rs:1: uses super::b::B", "src/store/p.rs:3: uses a::A")

    def test_a_re_export_of_the_parent_is_not_a_use(self):
        files = {"store/mod.rs": "mod p;", "store/p.rs": "mod a;\nmod b;\npub use a::A;\npub struct P;",
                 "store/p/a.rs": "use super::b::B;\npub struct A(B);", "store/p/b.rs": "use super::P;"}
        self.assert_clean(self.check(files))
        files["store/p.rs"] += "\nfn f(a: A) {}"
        self.assert_circle(self.check(files), 3, "src/store/p.rs:3: uses a::A of src/store/p/a.rs")

    def test_tests_do_not_count(self):
        for test in ("#[cfg(test)]\nmod tests { use super::super::b::B; }", "#[cfg(test)] use super::b::B;",
                     "#[cfg(test)] mod only;", "#[test] fn f() { super::b::f(); }",
                     "#[cfg(all(test, unix))] const B: super::b::B = B { b: 1 };",
                     "fn f() { #[cfg(test)] let x: M<A, B> = super::b::f(); }",
                     "struct A { #[cfg(test)] b: super::b::B, c: u8 }"):
            self.assert_clean(self.check({"store/mod.rs": "mod a;\nmod b;", "store/a.rs": test,
                                          "store/b.rs": "use super::a::A;",
                                          "store/a/only.rs": "use super::super::b::B;"}))
        for real in ("#[cfg(any(test, unix))] use super::b::B;", "#[cfg(not(test))] use super::b::B;",
                     "#[cfg(test)] use x::{y}; use super::b::B;", "#[cfg(test)] fn f() {} fn g() { super::b::f() }"):
            self.assert_circle(self.store(a=real, b="use super::a::A;"), 2)

    def test_comments_and_texts_do_not_count(self):
        for text in ("// use super::b::B;", "/* /* x */ use super::b::B; */", "/// [B](super::b::B)\nstruct A;",
                     'const B: &str = "super::b::B \\" super::b::B";', 'const B: &str = r#"" super::b::B "#;',
                     "//! super::b::B", "#[doc = \"see super::b::B\"] struct A;"):
            self.assert_clean(self.store(a=text, b="use super::a::A;"))

    def test_names_of_other_crates_do_not_count(self):
        outside = "use redis::B;\nuse std::fmt;\npub struct R;\nfn f(b: u8) { fmt::f(b, ::store::b::B, x.b::<u8>()) }"
        self.assert_clean(self.check({
            "store/mod.rs": "mod redis;\nmod b;\npub use ::redis as driver;\nuse b::B;",
            "store/b.rs": "use super::redis::R;\npub struct B(R);",
            "store/redis/mod.rs": "mod a;\npub use a::R;",
            "store/redis/a.rs": outside,
        }))

    def test_methods_of_another_file_count_one_way(self):
        self.assert_clean(self.store(a="pub struct A;\nfn f(a: A) { a.b(); }",
                                     b="use super::a::A;\nimpl A { fn b(&self) {} }"))

    def test_code_in_mod_files(self):
        kinds = {
            "struct S;": "struct S", "pub(crate) enum E { A }": "enum E", "union U { a: u8 }": "union U",
            "pub trait T {}": "trait T", "impl S {}": "an impl", "unsafe impl Send for S {}": "an impl",
            "async fn f() {}": "fn f", "pub const fn f() {}": "fn f", "const N: u8 = 1;": "const N",
            "static N: u8 = 1;": "static N", "type X = u8;": "type X",
            "macro_rules! m { () => {} }": "macro_rules m", "service::serve!(X);": "service::serve!",
            "compile_error!(\"always\");": "compile_error!", "#[cfg(test)] mod tests { #[test] fn f() {} }": "fn f",
        }
        for code, name in kinds.items():
            answer = self.store(f"use std::fmt;\n{code}", a="")
            self.assertEqual(answer, (1, f"src/store/mod.rs:3: {name} does not belong in mod.rs\n"), code)
            answer = self.check({"lib.rs": f"{code}\n", "error.rs": ""})
            self.assertEqual(answer, (1, f"src/lib.rs:1: {name} does not belong in lib.rs\n"), code)

    def test_a_circle_between_rooms(self):
        status, output = self.check({
            "token/mod.rs": "mod t;\nmod u;\npub use t::T;\npub use u::U;", "token/t.rs": "pub struct T;",
            "token/u.rs": "use crate::keys::K;",
            "keys/mod.rs": "mod k;\npub use k::K;", "keys/k.rs": "use crate::token::T;\npub struct K(T);"})
        self.assertEqual(status, 1)
        self.assertIn("circle of 2 rooms: keys -> token -> keys\n"
                      "  src/keys/k.rs:1: uses crate::token::T of src/token/t.rs", output)
        self.assertIn("src/keys/k.rs:1: keys may not use token: crate::token::T of src/token/t.rs", output)
        self.assertNotIn("files:", output)

    def test_arrows_between_rooms(self):
        files = {"store/mod.rs": "mod s;", "store/s.rs": "\nuse crate::token::{T, U};",
                 "token/mod.rs": "mod t;\npub use t::*;", "token/t.rs": "pub struct T;\npub struct U;",
                 "attic/mod.rs": "mod x;", "attic/x.rs": "", "error.rs": "use crate::token::T;"}
        self.assertEqual(self.check(files), (
            1, "src/attic: ARROWS in .ci/circles has no line for this room\n"
            "src/error.rs:1: error may not use token: crate::token::T of src/token/t.rs\n"
            "src/store/s.rs:2: store may not use token: crate::token::T, crate::token::U of src/token/t.rs\n"))
        answer = self.check(files, "--graph")
        self.assertEqual(answer, (0, "    1  error -> token  !\n    2  store -> token  !\n"))
        answer = self.check(files, "--edges", "store/s.rs")
        self.assertEqual(answer, (0, "src/store/s.rs:2 -> src/token/t.rs: crate::token::T, crate::token::U\n"))

    def test_the_table_of_arrows_has_no_circle(self):
        self.assertEqual(circles.knots({room: set(others) for room, others in circles.ARROWS.items()}), [])

    def test_a_file_that_cannot_be_read_is_a_problem(self):
        answer = self.check({"store/mod.rs": "mod a;\n#[path = \"x.rs\"] mod b;"})
        self.assertEqual(answer, (1, "src/store/mod.rs:1: the file of `mod a` is missing\n"
                                  "src/store/mod.rs:2: `#[path]` is not understood here\n"
                                  "src/store/mod.rs:2: the file of `mod b` is missing\n"))


def run():
    """Runs all tests; returns the exit status."""
    tests = unittest.defaultTestLoader.loadTestsFromTestCase(Planted)
    return 0 if unittest.TextTestRunner().run(tests).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(run())
