//! The log lines of one input.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use tracing::Level;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What is logged while one input is handled, down to `TRACE`.
#[derive(Debug)]
pub struct Log;

impl Log {
    /// Forgets what was logged before.
    pub fn start() -> Self {
        static SUBSCRIBED: Once = Once::new();
        SUBSCRIBED.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(Level::TRACE)
                .with_ansi(false)
                .without_time()
                .with_writer(|| Writer)
                .init();
        });
        LINES.take();
        Self
    }

    /// Asserts that each line is short, is one line, and has none of these secrets, but where the
    /// client has written them into a part of its request that is `logged`.
    #[track_caller]
    pub fn assert_harmless(self, logged: &str, secrets: &[&str]) {
        let lines = String::from_utf8(LINES.take()).expect("the log is text");
        for line in lines.lines() {
            assert!(line.len() <= MAX_BYTES, "{} bytes: {line}", line.len());
            let hidden = line.chars().any(|char| char.is_control() && char != '\t');
            assert!(!hidden, "a control character is in: {line:?}");
            for secret in secrets.iter().filter(|secret| !logged.contains(**secret)) {
                assert!(!line.contains(secret), "a secret is in: {line}");
            }
        }
    }
}

struct Writer;

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The fields of a line are cut at 256 or 1024 characters, and a line has several.
const MAX_BYTES: usize = 8 * 1024;
