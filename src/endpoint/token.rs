//! [`TokenEndpoint`].

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use super::delivery::Flow;
use super::login::LoginEndpoint;
use super::refresh::RefreshEndpoint;
use super::request::Parameters;
use super::response::Refused;
use super::service::endpoint;
use crate::error::BoxError;
use crate::session::{Authenticate, SessionError, SessionErrorKind};

/// `POST /auth/token`: login and refresh at one address, as stock OAuth clients want it (RFC 6749 section 3.2).
///
/// `grant_type` is demanded: `password` is [`LoginEndpoint`], `refresh_token` is [`RefreshEndpoint`]. Everything else is as there.
pub struct TokenEndpoint<A> {
    pub(super) flow: Flow<A>,
}

endpoint!(TokenEndpoint);

impl<A: Authenticate> TokenEndpoint<A> {
    pub(super) async fn handle<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Refused>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (parts, parameters) = Parameters::read(request).await?;
        let flow = self.flow.clone();
        match parameters.text("grant_type")?.as_deref() {
            Some("password") => LoginEndpoint { flow }.answer(&parts, parameters).await,
            Some("refresh_token") => RefreshEndpoint { flow }.answer(&parts, parameters).await,
            Some(_) => Err(SessionError::new(SessionErrorKind::UnsupportedGrantType).into()),
            None => Err(Refused::invalid_request("grant_type is missing")),
        }
    }
}
