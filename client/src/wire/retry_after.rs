//! How long a server asks to wait (RFC 9110 section 10.2.3).

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, HeaderName, RETRY_AFTER};

/// In seconds, or as a date, a day at most. Anything else counts as absent. A date is measured from
/// the `Date` of the response, since the clock of the client may be wrong, and without one from
/// `now`.
pub(crate) fn retry_after(
    headers: &HeaderMap,
    now: impl FnOnce() -> SystemTime,
) -> Option<Duration> {
    let text = text_of(headers, RETRY_AFTER)?;
    let is_seconds = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wait = if is_seconds {
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let until = httpdate::parse_http_date(text).ok()?;
        let sent = text_of(headers, DATE).and_then(|text| httpdate::parse_http_date(text).ok());
        let since = sent.unwrap_or_else(now);
        until.duration_since(since).unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

fn text_of(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

/// An application adds it to a time, which has an end.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
