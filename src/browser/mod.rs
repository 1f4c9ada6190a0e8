//! Cookies, which a browser sends by itself, and whether another site made the request.

mod app_origin;
#[cfg(feature = "cookie")]
mod arrival;
mod caller;
mod cookie;
mod cross_site;

#[cfg(feature = "cookie")]
pub(crate) use arrival::{
    are_different_sites, is_another_site, is_plain_http, is_safari_via_plain_http,
};
pub(crate) use caller::{Caller, Claim};
pub(crate) use cookie::{SeveralCookies, token};
#[cfg(feature = "cookie")]
pub(crate) use cookie::{only, replace, several};
pub(crate) use cross_site::Origins;
#[cfg(feature = "cookie")]
pub(crate) use cross_site::{Site, loads_a_page};
