//! Whether another origin made a request: for tokens that the browser sends by itself.

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method};

/// By Fetch Metadata (`Sec-Fetch-Site`), or by `Origin` where a browser does not send it. What sends neither is no browser, or an old one, or a
/// picture by plain `http`: there `SameSite` has to do.
///
/// A `GET` that opens a page in a window of its own is what a link does: it is not counted, for it shows something to the user and to nobody else.
pub(super) fn is_cross_site(parts: &Parts) -> bool {
    match text(&parts.headers, "sec-fetch-site") {
        Some("same-origin" | "none") => false,
        Some(_) => !opens_a_page(parts),
        None => match text(&parts.headers, ORIGIN.as_str()) {
            None => false,
            Some(origin) => !is_own(origin, parts),
        },
    }
}

fn opens_a_page(parts: &Parts) -> bool {
    let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
    is_read
        && text(&parts.headers, "sec-fetch-mode") == Some("navigate")
        && text(&parts.headers, "sec-fetch-dest") == Some("document")
}

/// `Origin` is a scheme and an authority; the scheme of a request behind a proxy is unknown here.
fn is_own(origin: &str, parts: &Parts) -> bool {
    let host = parts.uri.authority().map(http::uri::Authority::as_str).or_else(|| text(&parts.headers, HOST.as_str()));
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
}

/// A header that is no text, or stands twice, is one that nobody knows.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    Some(if values.next().is_some() { "" } else { value.to_str().unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn judge(method: Method, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).uri("/me").header(HOST, "api.example.com");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        is_cross_site(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn fetch_metadata_decides() {
        for (site, cross) in [("same-origin", false), ("none", false), ("same-site", true), ("cross-site", true), ("odd", true)] {
            assert_eq!(judge(Method::POST, &[("sec-fetch-site", site)]), cross, "{site}");
            // It is the browser's word, whatever `Origin` says.
            assert_eq!(judge(Method::POST, &[("sec-fetch-site", site), ("origin", "https://api.example.com")]), cross, "{site}");
        }
    }

    #[test]
    fn a_link_opens_a_page_and_a_script_does_not() {
        let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
        assert!(!judge(Method::GET, &link));
        assert!(judge(Method::POST, &link));
        assert!(judge(Method::GET, &[link[0], link[1], ("sec-fetch-dest", "iframe")]));
        for mode in ["cors", "no-cors", "websocket"] {
            assert!(judge(Method::GET, &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode)]), "{mode}");
        }
    }

    #[test]
    fn without_fetch_metadata_the_origin_decides() {
        assert!(!judge(Method::POST, &[]));
        assert!(!judge(Method::POST, &[("origin", "https://API.example.com")]));
        for other in ["https://evil.example.com", "https://api.example.com.evil.test", "https://api.example.com:8443", "null", ""]
        {
            assert!(judge(Method::POST, &[("origin", other)]), "{other}");
            assert!(judge(Method::GET, &[("origin", other)]), "{other}");
        }
        assert!(judge(Method::POST, &[("origin", "https://api.example.com"), ("origin", "https://api.example.com")]));
    }
}
