"""Tests `.ci/public-api` on a planted crate, which the nightly rustdoc reads without any dependency."""
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = """
mod hidden {
    #[derive(Clone)]
    #[non_exhaustive]
    pub struct Thing<T: Send = u8> { pub count: u64, secret: T }
    impl<T: Send> Thing<T> {
        pub const MOST: u64 = 7;
        pub fn new(secret: T) -> Self { Self { count: 0, secret } }
        pub async fn take<'a, F>(&mut self, text: &'a str, call: F) -> Option<&'a str>
        where F: Fn(&u8) -> bool + Send { let _ = (&self.secret, call); Some(text) }
        pub fn parts(self) -> impl Iterator<Item = (u8,)> { [(1,)].into_iter() }
        pub(crate) fn not_public(&self) {}
        fn private(&self) { self.not_public() }
    }
    impl<T: Send> Drop for Thing<T> { fn drop(&mut self) { self.private() } }
    pub trait Sealed {}
    pub struct NotNamed;
    impl Clone for NotNamed { fn clone(&self) -> Self { Self } }
}
pub use hidden::Thing;
pub mod inner {
    pub use crate::hidden::Thing;
    pub use std::fmt::Debug as Shown;
    pub enum Kind { Plain, Pair(u8, String), #[non_exhaustive] Named { at: [u8; 4] } }
    impl crate::hidden::Sealed for Kind {}
    impl From<Kind> for String { fn from(_: Kind) -> Self { Self::new() } }
    impl std::str::FromStr for Kind {
        type Err = std::fmt::Error;
        fn from_str(_: &str) -> Result<Self, Self::Err> { Ok(Self::Plain) }
    }
}
pub trait Does: Send {
    type Output: Clone;
    fn now(&self, other: &dyn Fn(u8) -> u8) -> Self::Output;
    fn later(self: Box<Self>) {}
}
impl<T: Does + ?Sized> Does for Box<T> {
    type Output = T::Output;
    fn now(&self, other: &dyn Fn(u8) -> u8) -> Self::Output { (**self).now(other) }
}
pub type Short = Result<*const u8, fn(u8) -> u8>;
pub const LIMIT: usize = 3;
#[macro_export]
macro_rules! planted { () => {} }
#[doc(hidden)]
pub fn not_listed() {}
"""
LISTING = """\
Does: trait: Send (dyn)
Does::Output: type: Clone
Does::later: fn(self: Box<Self>) { .. }
Does::now: fn(&self, &dyn Fn(u8) -> u8) -> <Self as Does>::Output
LIMIT: const usize = 3usize
Short: type = Result<*const u8, fn(u8) -> u8>
Thing: impl<T: Clone + Send> Clone for Thing<T>
Thing: impl<T: Send> Drop for Thing<T>
Thing: struct<T: Send = u8> #[non_exhaustive]
Thing::MOST: const u64 = 7
Thing::count: u64
Thing::new: fn(T) -> Self
Thing::parts: fn(self) -> impl Iterator<Item = (u8,)>
Thing::take: async fn<'a, F>(&mut self, &'a str, F) -> Option<&'a str> where F: Fn(&u8) -> bool + Send
impl From<inner::Kind> for String
impl<T: Does + ?Sized> Does for Box<T> { Output = <T as Does>::Output }
inner: mod
inner::Kind: enum
inner::Kind: impl FromStr for inner::Kind { Err = fmt::Error }
inner::Kind::Named: variant (struct) #[non_exhaustive]
inner::Kind::Named::at: [u8; 4]
inner::Kind::Pair: variant (tuple)
inner::Kind::Pair::0: u8
inner::Kind::Pair::1: String
inner::Kind::Plain: variant (plain)
inner::Shown: use std::fmt::Debug
inner::Thing: use Thing
planted: macro
"""


def run(toolchain, listing_of):
    """Runs all tests; returns the exit status."""

    class Planted(unittest.TestCase):
        """The listing of a crate that has one of everything."""

        maxDiff = None

        def test_planted_crate(self):
            with tempfile.TemporaryDirectory() as folder:
                source = Path(folder) / "planted.rs"
                source.write_text(SOURCE, encoding="utf-8")
                command = ["rustup", "run", toolchain, "rustdoc", "--edition", "2024", "-A", "warnings", "-o", folder,
                           "-Z", "unstable-options", "--output-format", "json", source]
                subprocess.run(command, check=True)
                listing = listing_of(Path(folder) / "planted.json")
            if listing is not None:
                self.assertEqual(listing, LISTING)

    tests = unittest.defaultTestLoader.loadTestsFromTestCase(Planted)
    return 0 if unittest.TextTestRunner().run(tests).wasSuccessful() else 1
