//! The token in the query string, which `dangerous_query` reads.

use http::Uri;
use http::uri::PathAndQuery;

use crate::bearer::credentials::Malformed;

/// Returns the value of this parameter. It is not decoded, because no character of a token needs an
/// escape. An empty one counts as absent.
pub(super) fn parameter<'u>(uri: &'u Uri, name: &str) -> Result<Option<&'u str>, Malformed> {
    let mut values = parameters(uri).filter_map(|parameter| value(parameter, name));
    let found = values.next().filter(|value| !value.is_empty());
    if values.next().is_some() {
        return Err(Malformed::SeveralTokens);
    }
    Ok(found)
}

/// Removes this parameter from the URI.
pub(super) fn strip(uri: &mut Uri, name: &str) {
    if !parameters(uri).any(|parameter| value(parameter, name).is_some()) {
        return;
    }
    let others: Vec<&str> = parameters(uri)
        .filter(|parameter| value(parameter, name).is_none())
        .collect();
    let mut target = uri.path().to_owned();
    if !others.is_empty() {
        target.push('?');
        target.push_str(&others.join("&"));
    }
    let mut parts = uri.clone().into_parts();
    // A part of a valid query is valid.
    parts.path_and_query = PathAndQuery::try_from(target).ok();
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

fn parameters(uri: &Uri) -> impl Iterator<Item = &str> {
    uri.query().into_iter().flat_map(|query| query.split('&'))
}

fn value<'p>(parameter: &'p str, name: &str) -> Option<&'p str> {
    parameter.strip_prefix(name)?.strip_prefix('=')
}
