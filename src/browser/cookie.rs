//! The token in a cookie, which the browser sends with every request, whichever site made it.

use http::HeaderValue;
use http::header::COOKIE;
use http::request::Parts;

use super::cross_site::{Origins, Site, opens_a_page};
use crate::edge::Edge;

/// The token of this cookie, if no other origin made the request.
pub(crate) fn token<'p>(
    parts: &'p Parts,
    name: &str,
    origins: &Origins,
    edge: &Edge,
) -> Result<Option<&'p str>, SeveralCookies> {
    let is_there = all(parts, name).next().flatten().is_some();
    if is_there && origins.site(parts, edge) == Site::Other && !opens_a_page(parts) {
        tracing::debug!(
            path = parts.uri.path(),
            "the cookie of a request from another origin does not count"
        );
        return Ok(None);
    }
    only(parts, name)
}

/// The value of this cookie. If there are two, somebody else set one of them: for another path, or
/// from a neighbouring host.
pub(crate) fn only<'p>(parts: &'p Parts, name: &str) -> Result<Option<&'p str>, SeveralCookies> {
    let mut values = all(parts, name);
    let value = values.next();
    if values.next().is_some() {
        Err(SeveralCookies)
    } else {
        Ok(value.flatten())
    }
}

/// The cookies of this name. `None`: the value is empty, or not text. Byte by byte, so that other
/// cookies with odd values hide none of ours.
fn all<'p>(parts: &'p Parts, name: &str) -> impl Iterator<Item = Option<&'p str>> {
    let lines = parts
        .headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes);
    let pairs = lines
        .flat_map(|line| line.split(|&byte| byte == b';'))
        .map(<[u8]>::trim_ascii);
    pairs.filter_map(move |pair| {
        let value = pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        let value = value
            .strip_prefix(b"\"")
            .and_then(|value| value.strip_suffix(b"\""))
            .unwrap_or(value);
        Some(
            std::str::from_utf8(value)
                .ok()
                .filter(|value| !value.is_empty()),
        )
    })
}

/// Two cookies have this name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeveralCookies;
