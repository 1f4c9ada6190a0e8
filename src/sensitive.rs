//! Marks headers that carry secrets, so that a log of all headers does not show them.

use http::HeaderMap;
use http::header::HeaderName;

/// Marks the values of this header: their `Debug` is `Sensitive`, and HTTP/2 never puts them into
/// its compression tables (RFC 7541 section 7.1.3). It returns whether there are any.
pub(crate) fn mark_sensitive(headers: &mut HeaderMap, name: HeaderName) -> bool {
    let Some(value) = headers.get_mut(&name) else {
        return false;
    };
    value.set_sensitive(true);
    // `entry` may allocate, so it is only for repeated headers: there are more values than names.
    if headers.len() > headers.keys_len()
        && let http::header::Entry::Occupied(mut values) = headers.entry(name)
    {
        for value in values.iter_mut() {
            value.set_sensitive(true);
        }
    }
    true
}
