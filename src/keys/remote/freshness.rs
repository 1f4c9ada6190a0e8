//! Reads how long a key set may be kept (RFC 9111 section 4.2).

use std::time::Duration;

use http::header::{AGE, CACHE_CONTROL};
use http::{HeaderMap, HeaderName};

/// Returns the rest of `max-age`, but at least a minute and at most a day.
pub(super) fn lifetime(headers: &HeaderMap) -> Duration {
    let lifetime = match max_age(headers) {
        Some(max_age) => max_age.saturating_sub(seconds(headers, AGE).unwrap_or_default()),
        None => UNSAID,
    };
    lifetime.clamp(SHORTEST, LONGEST)
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut max_age = None;
    for directive in lines.flat_map(|line| line.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let name = name.trim();
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return Some(Duration::ZERO);
        }
        if name.eq_ignore_ascii_case("max-age") {
            max_age = value
                .trim()
                .trim_matches('"')
                .parse()
                .ok()
                .map(Duration::from_secs);
        }
    }
    max_age
}

fn seconds(headers: &HeaderMap, name: HeaderName) -> Option<Duration> {
    headers
        .get(name)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

const UNSAID: Duration = Duration::from_secs(600);
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_for(headers: &[(HeaderName, &str)]) -> u64 {
        lifetime(
            &headers
                .iter()
                .map(|(name, value)| (name.clone(), value.parse().unwrap()))
                .collect(),
        )
        .as_secs()
    }

    #[test]
    fn max_age_counts_within_our_bounds() {
        assert_eq!(kept_for(&[]), 600);
        for (said, secs) in [
            ("max-age=3600", 3600),
            ("public, Max-Age = \"3600\" , must-revalidate", 3600),
            ("max-age=15, stale-while-revalidate=15", 60),
            ("max-age=31536000", 86_400),
            ("no-store", 60),
            ("max-age=3600, no-cache", 60),
            ("max-age=soon", 600),
            ("max-age=-1", 600),
            ("max-age=99999999999999999999999", 600),
            ("s-maxage=3600", 600),
            ("", 600),
        ] {
            assert_eq!(kept_for(&[(CACHE_CONTROL, said)]), secs, "{said}");
        }
    }

    #[test]
    fn what_a_cache_has_kept_already_is_taken_off() {
        assert_eq!(
            kept_for(&[(CACHE_CONTROL, "max-age=3600"), (AGE, "600")]),
            3000
        );
        assert_eq!(
            kept_for(&[(CACHE_CONTROL, "max-age=3600"), (AGE, "7200")]),
            60
        );
        assert_eq!(kept_for(&[(AGE, "100")]), 600);
    }
}
