//! All log lines of a thread.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;

/// Collects the log lines of this thread while the guard lives, down to `TRACE`.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

/// Where it is alone, `tracing` lets the thread that first comes by decide for all whether a place
/// is worth logging: one without a log would silence it for the thread that has one. With these two
/// nobody is alone, and they want everything.
static OTHERS: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Dispatch::new(tracing_subscriber::registry())));

impl Log {
    /// From here on, until the guard is dropped.
    pub fn capture() -> (Self, DefaultGuard) {
        LazyLock::force(&OTHERS);
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The log so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("UTF-8")
    }

    /// The log since the last call.
    pub fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().expect("no panic"))).expect("UTF-8")
    }

    /// The same, line by line, without what other crates say, and without the warning that a first
    /// login has no client address: requests of tests come from no connection.
    pub fn take_our_own(&self) -> Vec<String> {
        self.take()
            .lines()
            .filter(|line| line.contains("tower_bearer"))
            .filter(|line| !line.contains("login without a client address"))
            .map(str::to_owned)
            .collect()
    }

    /// The warnings among them.
    pub fn take_warnings(&self) -> Vec<String> {
        let mut lines = self.take_our_own();
        lines.retain(|line| line.contains("WARN"));
        lines
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Asserts that neither a secret nor a segment of it is in a text.
#[track_caller]
pub fn assert_silent_about(said: &str, secrets: &[&str]) {
    for secret in secrets {
        // A segment of a token is a secret too.
        for part in secret.split(['.', ' ']).filter(|part| part.len() > 8) {
            assert!(!said.contains(part), "{part} is in:\n{said}");
        }
    }
}
