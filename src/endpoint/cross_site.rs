//! [`CrossSite`] is why a request must not set cookies or use them, and what to do about it.

use http::request::Parts;

use crate::browser::{Caller, Claim};
use crate::shown::path;

/// Why a request must not set cookies or use them.
#[derive(Clone, Copy, Debug)]
pub(super) struct CrossSite {
    why: Why,
    /// Whether the client can have the tokens in the body instead.
    may_choose: bool,
}

#[derive(Clone, Copy, Debug)]
enum Why {
    NotOurs(Caller),
    #[cfg(feature = "cookie")]
    CookieNeverArrives,
}

impl CrossSite {
    pub(super) fn of(parts: &Parts, may_choose: bool) -> Self {
        Self {
            why: Why::NotOurs(Caller::of(parts)),
            may_choose,
        }
    }

    /// A page of another site.
    pub(super) const PAGE: Self = Self {
        why: Why::NotOurs(Caller::Page),
        may_choose: false,
    };

    #[cfg(feature = "cookie")]
    pub(super) fn cookie(may_choose: bool) -> Self {
        Self {
            why: Why::CookieNeverArrives,
            may_choose,
        }
    }

    pub(super) fn reason(self) -> &'static str {
        match self.why {
            Why::NotOurs(_) => "cross_site",
            #[cfg(feature = "cookie")]
            Why::CookieNeverArrives => "cross_site_cookie",
        }
    }

    /// Returns the sentence for the client. It repeats nothing from the request.
    pub(super) fn description(self) -> &'static str {
        match (self.why, self.may_choose) {
            (Why::NotOurs(Caller::Page), _) => "the request comes from a page of another site",
            (Why::NotOurs(Caller::App), true) => {
                "the request comes from an app or an extension: use delivery=body, or let the \
                 server accept its origin"
            }
            (Why::NotOurs(Caller::App), false) => {
                "the request comes from an app or an extension: let the server accept its origin"
            }
            (Why::NotOurs(Caller::Opaque), true) => {
                "the request comes from a page without an origin: use delivery=body"
            }
            (Why::NotOurs(Caller::Opaque), false) => {
                "the request comes from a page without an origin"
            }
            (Why::NotOurs(Caller::Unsaid), true) => {
                "the request does not say where it comes from: outside a browser use delivery=body"
            }
            (Why::NotOurs(Caller::Unsaid), false) => "the request does not say where it comes from",
            #[cfg(feature = "cookie")]
            (Why::CookieNeverArrives, true) => {
                "the browser would drop the cookies, because this page is on another site: use \
                 delivery=body"
            }
            #[cfg(feature = "cookie")]
            (Why::CookieNeverArrives, false) => {
                "the browser would drop the cookies, because this page is on another site"
            }
        }
    }

    /// Logs what the request says of itself, and the setting that would let it pass.
    pub(super) fn log(self, parts: &Parts) {
        let Claim {
            origin,
            host,
            fetch_site,
        } = Claim::of(parts);
        tracing::info!(
            path = &*path(parts),
            reason = self.reason(),
            origin,
            host,
            sec_fetch_site = fetch_site,
            cure = self.cure(),
            "request refused"
        );
    }

    fn cure(self) -> &'static str {
        match (self.why, self.may_choose) {
            (Why::NotOurs(Caller::Page), _) => {
                "if this is a page of yours, list its origin with `CookieDelivery::with_origin`; \
                 if a proxy changes `Host`, set `public_origin` on the builder of the sessions"
            }
            (Why::NotOurs(Caller::App), true) => {
                "let it send delivery=body, or list its origin with `CookieDelivery::with_origin`"
            }
            (Why::NotOurs(Caller::App), false) => {
                "list its origin with `CookieDelivery::with_origin`"
            }
            (Why::NotOurs(Caller::Opaque), true) => {
                "let it send delivery=body; if this is a form on a page of yours, send the page \
                 without `Referrer-Policy: no-referrer`"
            }
            (Why::NotOurs(Caller::Opaque), false) => {
                "if this is a form on a page of yours, send the page without `Referrer-Policy: \
                 no-referrer`; else leave out `CookieDelivery::for_every_client`, so that it can \
                 ask for delivery=body"
            }
            (Why::NotOurs(Caller::Unsaid), true) => "let it send delivery=body",
            (Why::NotOurs(Caller::Unsaid), false) => {
                "leave out `CookieDelivery::for_every_client`, so that it can ask for delivery=body"
            }
            #[cfg(feature = "cookie")]
            (Why::CookieNeverArrives, true) => {
                "let the page send delivery=body, or set `CookieDelivery::for_other_sites`"
            }
            #[cfg(feature = "cookie")]
            (Why::CookieNeverArrives, false) => "set `CookieDelivery::for_other_sites`",
        }
    }
}
