//! How long a server asks to wait (RFC 9110 section 10.2.3).

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// In seconds, or as a date, a day at most. Anything else counts as absent.
pub(crate) fn retry_after(
    headers: &HeaderMap,
    now: impl FnOnce() -> SystemTime,
) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_seconds = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wait = if is_seconds {
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        date.duration_since(now()).unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

/// An application adds it to a time, which has an end.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
