//! Tokens in cookies, which a browser sends with every request, whichever site made the request.

#[cfg(feature = "cookie")]
use http::HeaderMap;
use http::HeaderValue;
use http::header::COOKIE;
use http::request::Parts;

use super::cross_site::{Origins, Site, opens_a_page};
use crate::edge::Edge;
use crate::shown::path;

/// Returns the token in this cookie, unless another origin made the request.
pub(crate) fn token<'p>(
    parts: &'p Parts,
    name: &str,
    origins: &Origins,
    edge: &Edge,
) -> Result<Option<&'p str>, SeveralCookies> {
    let is_there = all(parts, name).next().flatten().is_some();
    if is_there && origins.site(parts, edge) == Site::Other && !opens_a_page(parts) {
        tracing::debug!(
            path = &*path(parts),
            "the token cookie is ignored, because no page of ours made the request"
        );
        return Ok(None);
    }
    only(parts, name)
}

/// Returns the value of this cookie. Two cookies of this name are an error: one of them was set by
/// someone else, for another path or from a neighbouring host.
pub(crate) fn only<'p>(parts: &'p Parts, name: &str) -> Result<Option<&'p str>, SeveralCookies> {
    let mut values = all(parts, name);
    let value = values.next();
    if values.next().is_some() {
        Err(SeveralCookies)
    } else {
        Ok(value.flatten())
    }
}

/// Returns the values of all cookies of this name, each once, and no more than 256.
#[cfg(feature = "cookie")]
pub(crate) fn several<'p>(parts: &'p Parts, name: &str) -> Vec<&'p str> {
    let mut values = Vec::new();
    for value in all(parts, name).flatten() {
        if values.len() < MAX_VALUES && !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// Replaces the cookies of these names in a request. `None` removes them.
#[cfg(feature = "cookie")]
pub(crate) fn replace(headers: &mut HeaderMap, changes: &[(&str, Option<&str>)]) {
    let is_changed = |pair: &[u8]| {
        let name = pair.split(|&byte| byte == b'=').next().unwrap_or_default();
        changes
            .iter()
            .any(|(known, _)| known.as_bytes() == name.trim_ascii())
    };
    let mut pairs = Vec::new();
    for line in headers.get_all(COOKIE) {
        let line = line.as_bytes().split(|&byte| byte == b';');
        let others = line.map(<[u8]>::trim_ascii);
        pairs.extend(
            others
                .filter(|pair| !pair.is_empty() && !is_changed(pair))
                .map(<[u8]>::to_vec),
        );
    }
    let new = changes
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", (*value)?)));
    pairs.extend(new.map(String::into_bytes));
    headers.remove(COOKIE);
    // It is made of parts of header values, and of our tokens.
    if let Ok(mut value) = HeaderValue::try_from(pairs.join(&b"; "[..]))
        && !value.is_empty()
    {
        value.set_sensitive(true);
        headers.insert(COOKIE, value);
    }
}

#[cfg(feature = "cookie")]
const MAX_VALUES: usize = 256;

/// Returns the cookies of this name. `None` means that the value is empty, or not text. The header
/// is read as bytes, so that other cookies with odd values cannot hide ours.
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

/// More than one cookie has this name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeveralCookies;
