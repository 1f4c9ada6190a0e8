//! Cookies, which a browser sends by itself, and whether another site made the request.

mod cookie;
mod cross_site;

#[cfg(feature = "cookie")]
pub(crate) use cookie::only;
pub(crate) use cookie::{SeveralCookies, token};
pub(crate) use cross_site::Origins;
#[cfg(feature = "cookie")]
pub(crate) use cross_site::Site;
