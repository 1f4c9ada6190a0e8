//! Tells whether another origin made a request. Tokens that a browser sends by itself need this.

use std::sync::Arc;

use http::header::ORIGIN;
use http::request::Parts;
use http::{HeaderMap, Method};

use super::app_origin::app_origin;
use crate::edge::Edge;
use crate::error::ConfigError;
use crate::url::{HttpUrl, refuse_wildcard};

/// The other origins whose pages may act as ours do, as in `https://app.example.com`, or
/// `tauri://localhost`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    listed: Vec<Arc<str>>,
    are_asked_for: bool,
}

/// The site that made a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// A page of ours made the request, or the user, who typed the URL.
    Own,
    /// A page of another origin made the request.
    Other,
    /// The request does not say. It comes from a client that is not a browser, from an old browser,
    /// or it asks for a picture via plain `http`.
    Unsaid,
}

impl Origins {
    pub(crate) fn add(&mut self, origin: &str) -> Result<(), ConfigError> {
        refuse_wildcard(origin)?;
        let origin = match app_origin(origin)? {
            Some(app) => app.into(),
            None => HttpUrl::parse_origin(origin)?.as_str().into(),
        };
        self.listed.push(origin);
        Ok(())
    }

    /// Takes a request that may change something and does not say where it comes from for that of
    /// another site. It is for cookies that browsers send with the forms of every site.
    #[cfg(feature = "cookie")]
    pub(crate) fn ask_for_origins(&mut self) {
        self.are_asked_for = true;
    }

    /// Iterates over the origins.
    #[cfg(feature = "cookie")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(AsRef::as_ref)
    }

    /// Tells which site made a request, from Fetch Metadata (`Sec-Fetch-Site`), or from `Origin`
    /// where a browser does not send that.
    ///
    /// `edge` knows the origin of this server: the public one, or `Host`.
    pub(crate) fn site(&self, parts: &Parts, edge: &Edge) -> Site {
        let (fetch, origin) = (
            text(&parts.headers, FETCH_SITE),
            text(&parts.headers, ORIGIN.as_str()),
        );
        let is_listed =
            origin.is_some_and(|origin| self.listed.iter().any(|listed| **listed == *origin));
        match (fetch, origin) {
            (Some("same-origin" | "none"), _) => Site::Own,
            _ if is_listed => Site::Own,
            (None, None) if self.are_asked_for && !parts.method.is_safe() => Site::Other,
            (None, None) => Site::Unsaid,
            (None, Some(origin))
                if edge
                    .origin(parts)
                    .is_some_and(|own| own.is_named_by(origin)) =>
            {
                Site::Own
            }
            _ => Site::Other,
        }
    }
}

/// Returns whether the request opens a page in a window of its own, as a link does. Only the user
/// sees the response.
pub(crate) fn opens_a_page(parts: &Parts) -> bool {
    let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
    is_read
        && text(&parts.headers, "sec-fetch-mode") == Some("navigate")
        && text(&parts.headers, "sec-fetch-dest") == Some("document")
}

/// Returns whether the request loads a page that may be renewed: one in a window of its own,
/// whichever site the link is on, or a frame of our own page.
///
/// Old browsers, and all browsers via plain `http`, send no Fetch Metadata. Then `Accept` tells.
#[cfg(feature = "cookie")]
pub(crate) fn loads_a_page(parts: &Parts) -> bool {
    let header = |name: &str| text(&parts.headers, name);
    let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
    let is_page = match (header("sec-fetch-mode"), header(FETCH_SITE)) {
        (Some("navigate"), site) => {
            opens_a_page(parts) || matches!(site, Some("same-origin" | "none"))
        }
        (None, None) => {
            let accepted = header("accept").unwrap_or_default();
            accepted.contains("text/html") && header(ORIGIN.as_str()).is_none()
        }
        _ => false,
    };
    is_read && is_page
}

/// Returns the value of a header. A header that is not text, or is repeated, is empty, so that no
/// rule matches it.
pub(super) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    Some(if values.next().is_some() {
        ""
    } else {
        value.to_str().unwrap_or_default()
    })
}

pub(super) const FETCH_SITE: &str = "sec-fetch-site";

#[cfg(test)]
mod tests {
    use http::Request;
    use http::header::HOST;

    use super::*;

    fn is_refused(method: Method, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder()
            .method(method)
            .uri("/me")
            .header(HOST, "api.example.com");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let parts = request.body(()).unwrap().into_parts().0;
        Origins::default().site(&parts, &Edge::default()) == Site::Other && !opens_a_page(&parts)
    }

    #[test]
    fn fetch_metadata_decides() {
        for (site, cross) in [
            ("same-origin", false),
            ("none", false),
            ("same-site", true),
            ("cross-site", true),
            ("odd", true),
        ] {
            assert_eq!(
                is_refused(Method::POST, &[("sec-fetch-site", site)]),
                cross,
                "{site}"
            );
            // Fetch Metadata decides, whatever `Origin` says.
            assert_eq!(
                is_refused(
                    Method::POST,
                    &[
                        ("sec-fetch-site", site),
                        ("origin", "https://api.example.com")
                    ]
                ),
                cross,
                "{site}"
            );
        }
    }

    #[test]
    fn a_link_opens_a_page_and_a_script_does_not() {
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert!(!is_refused(Method::GET, &link));
        assert!(is_refused(Method::POST, &link));
        assert!(is_refused(
            Method::GET,
            &[link[0], link[1], ("sec-fetch-dest", "iframe")]
        ));
        for mode in ["cors", "no-cors", "websocket"] {
            assert!(
                is_refused(
                    Method::GET,
                    &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode)]
                ),
                "{mode}"
            );
        }
    }

    #[test]
    fn without_fetch_metadata_the_origin_decides() {
        assert!(!is_refused(Method::POST, &[]));
        assert!(!is_refused(
            Method::POST,
            &[("origin", "https://API.example.com")]
        ));
        for other in [
            "https://evil.example.com",
            "https://api.example.com.evil.test",
            "https://api.example.com:8443",
            "null",
            "",
        ] {
            assert!(is_refused(Method::POST, &[("origin", other)]), "{other}");
            assert!(is_refused(Method::GET, &[("origin", other)]), "{other}");
        }
        assert!(is_refused(
            Method::POST,
            &[
                ("origin", "https://api.example.com"),
                ("origin", "https://api.example.com")
            ]
        ));
    }

    #[test]
    fn another_origin_may_be_listed() {
        let mut origins = Origins::default();
        origins.add("https://app.example.com").unwrap();
        let error = |origin: &str| {
            let error = Origins::default().add(origin).unwrap_err();
            error.to_string()
        };
        for bad in [
            "*",
            "https://*.example.com",
            "https://app.example.com:*",
            "tauri://*",
            "chrome-extension://*",
        ] {
            let sentence = error(bad);
            assert!(sentence.contains("list each origin"), "{bad} {sentence}");
        }
        for bad in [
            "https://app.example.com/",
            "https://app.example.com:443",
            "https://app.example.com:",
            "https://app.example.com:08443",
            "HTTP://app.example.com",
            "app.example.com",
            "http://app.example.com",
            "https://app.example.com/x",
            "null",
            "*",
        ] {
            assert!(origins.add(bad).is_err(), "{bad}");
        }
        let site = |origin: &str| {
            let request = Request::post("/")
                .header("sec-fetch-site", "same-site")
                .header(ORIGIN, origin);
            origins.site(&request.body(()).unwrap().into_parts().0, &Edge::default())
        };
        assert_eq!(site("https://app.example.com"), Site::Own);
        let mut upper = Origins::default();
        upper.add("HTTPS://APP.Example.com:8443").unwrap();
        upper.add("Http://LocalHost:5173").unwrap();
        let listed = ["https://app.example.com:8443", "http://localhost:5173"];
        assert_eq!(
            upper.listed.iter().map(|one| &**one).collect::<Vec<_>>(),
            listed
        );
        for other in [
            "https://app.example.com.evil.test",
            "https://evil.example.com",
            "http://app.example.com",
            "null",
        ] {
            assert_eq!(site(other), Site::Other, "{other}");
        }
    }

    #[test]
    fn the_public_origin_replaces_host() {
        let mut edge = Edge::default();
        edge.set_public_origin("https://api.example.com").unwrap();
        let site = |origin: &str| {
            let request = Request::post("/")
                .header(HOST, "internal:8080")
                .header(ORIGIN, origin);
            Origins::default().site(&request.body(()).unwrap().into_parts().0, &edge)
        };
        assert_eq!(site("https://api.example.com"), Site::Own);
        for other in [
            "http://internal:8080",
            "https://internal:8080",
            "http://api.example.com",
            "null",
        ] {
            assert_eq!(site(other), Site::Other, "{other}");
        }
    }
}
