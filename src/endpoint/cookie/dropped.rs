//! Whether a browser keeps the cookies of a login, and sends them back.

use http::request::Parts;

use super::CookieDelivery;
use crate::browser::{
    are_different_sites, is_another_site, is_plain_http, is_safari_via_plain_http,
};
use crate::endpoint::delivery::Delivery;
use crate::endpoint::error::EndpointError;
use crate::once::Once;

/// The warnings that are logged once.
#[derive(Debug, Default)]
pub(super) struct Warned {
    plain_http: Once,
    safari: Once,
}

impl CookieDelivery {
    /// Refuses a page that can never send the cookies back.
    pub(super) fn check_arrival(&self, parts: &Parts) -> Result<(), EndpointError> {
        if !self.for_other_sites && is_another_site(parts, &self.edge) {
            return Err(EndpointError::cross_site_cookie(self.lets_client_choose()));
        }
        Ok(())
    }

    /// Warns of listed origins whose pages can never send the cookies back.
    pub(super) fn warn_of_other_sites(&self) {
        let Some(own) = self.edge.public_origin() else {
            return;
        };
        for origin in self.origins.iter() {
            if !self.for_other_sites && are_different_sites(origin, own) {
                tracing::warn!(
                    origin,
                    public_origin = own,
                    cure = "let its pages log in with delivery=body, or set the cookies with \
                            `CookieDelivery::for_other_sites`",
                    "pages of this origin are on another site, so cookies do not reach them"
                );
            }
        }
    }

    /// Warns if the browser drops `Secure` cookies.
    pub(super) fn warn_of_dropped_cookies(&self, parts: &Parts) {
        if is_plain_http(parts) {
            if self.warned.plain_http.is_first() {
                tracing::warn!(
                    cure = "serve the page via https; on your own machine use http://localhost",
                    "a page logs in via plain http: its browser drops the cookies, which are \
                     `Secure`; only the first such login is a warning"
                );
            }
        } else if is_safari_via_plain_http(parts) && self.warned.safari.is_first() {
            tracing::warn!(
                cure = "use https, or another browser on your own machine",
                "Safari logs in via plain http: it drops the cookies, which are `Secure`, also \
                 on localhost; only the first such login is a warning"
            );
        }
    }
}
