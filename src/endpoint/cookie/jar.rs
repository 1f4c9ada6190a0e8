//! The cookies themselves: their names and attributes.

use cookie::time::Duration;
use cookie::{Cookie, CookieBuilder, SameSite};
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderValue, Response};

use super::{CookieDelivery, max_age};
use crate::browser::only;
use crate::session::TokenResponse;
use crate::throttle::DeviceMark;

impl CookieDelivery {
    pub(super) fn refresh_name(&self) -> String {
        let prefix = if self.path.is_some() {
            "__Secure-"
        } else {
            "__Host-"
        };
        format!("{prefix}{}refresh_token", self.name)
    }

    pub(super) fn access_name(&self) -> String {
        format!("__Host-{}access_token", self.name)
    }

    pub(super) fn mark_name(&self) -> String {
        format!("__Host-{}device_mark", self.name)
    }

    /// `Lax`: a login that a link of another site leads to is on a known device too.
    pub(super) fn mark_cookie<'t>(&self, mark: &'t DeviceMark) -> Cookie<'t> {
        let cookie = Cookie::build((self.mark_name(), mark.secret())).path("/");
        self.secured(cookie, SameSite::Lax, Some(mark.lifetime().as_secs()))
    }

    pub(super) fn refresh_cookie<'t>(&'t self, token: &'t str, max_age: Option<u64>) -> Cookie<'t> {
        let path = self.path.as_deref().unwrap_or("/");
        let cookie = Cookie::build((self.refresh_name(), token)).path(path);
        let same_site = if self.for_pages {
            SameSite::Lax
        } else {
            SameSite::Strict
        };
        self.secured(cookie, same_site, max_age)
    }

    fn access_cookie<'t>(&self, token: &'t str, max_age: Option<u64>) -> Cookie<'t> {
        let cookie = Cookie::build((self.access_name(), token)).path("/");
        // `Lax`: a link from another site opens the page as the user, and only the user sees it.
        self.secured(cookie, SameSite::Lax, max_age)
    }

    fn secured<'c>(
        &self,
        cookie: CookieBuilder<'c>,
        same_site: SameSite,
        max_age: Option<u64>,
    ) -> Cookie<'c> {
        let cookie = cookie.http_only(true).secure(true);
        let cookie = if self.for_other_sites {
            cookie.same_site(SameSite::None).partitioned(true)
        } else {
            cookie.same_site(same_site)
        };
        match max_age.map(i64::try_from) {
            Some(seconds) => cookie
                .max_age(Duration::seconds(seconds.unwrap_or(i64::MAX)))
                .build(),
            None => cookie.build(),
        }
    }

    pub(super) fn set_access_token<B>(
        &self,
        tokens: &TokenResponse,
        parts: &Parts,
        answer: &mut Response<B>,
    ) {
        if !self.access_token {
            return;
        }
        let (name, token) = (self.access_name(), tokens.access_token().secret());
        if only(parts, &name).is_ok_and(|held| held == Some(token)) {
            return;
        }
        if name.len() + token.len() > MAX_COOKIE_BYTES {
            // Browsers silently drop a larger cookie (RFC 6265bis section 5.6).
            tracing::error!(
                cure = "grant fewer claims",
                "the access token is too large for a cookie"
            );
            return;
        }
        let max_age = max_age(tokens, tokens.expires_in());
        add(answer, &self.access_cookie(token, max_age));
    }

    pub(super) fn clear<B>(&self, answer: &mut Response<B>) {
        let mut cookie = self.refresh_cookie("", Some(0));
        add(answer, &cookie);
        let path = self.path.as_deref().unwrap_or_default();
        for (end, _) in path.match_indices('/').take(MAX_PATHS) {
            let shorter = if end == 0 { "/" } else { &path[..end] };
            cookie.set_path(shorter.to_owned());
            add(answer, &cookie);
        }
        if self.access_token {
            add(answer, &self.access_cookie("", Some(0)));
        }
    }
}

pub(super) fn add<B>(answer: &mut Response<B>, cookie: &Cookie<'_>) {
    // Our tokens are base64url and dots, which are always a valid header value.
    if let Ok(mut value) = HeaderValue::try_from(cookie.to_string()) {
        value.set_sensitive(true);
        answer.headers_mut().append(SET_COOKIE, value);
    }
}

/// The limit for name and value together (RFC 6265bis section 5.6).
const MAX_COOKIE_BYTES: usize = 4096;
const MAX_PATHS: usize = 8;
