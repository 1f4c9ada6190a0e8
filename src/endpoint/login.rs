//! [`LoginEndpoint`].

use bytes::Bytes;
use http::header::USER_AGENT;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;

use super::delivery::Flow;
use super::request::Parameters;
use super::response::Refused;
use super::service::endpoint;
use crate::bearer::bearer_token;
use crate::error::BoxError;
use crate::session::Authenticate;

/// `POST /auth/login`: credentials become tokens.
///
/// | parameter | |
/// |---|---|
/// | `username`, `password` | for [`PasswordCredentials`](crate::PasswordCredentials); else the fields of the application's own type |
/// | `grant_type` | absent, or `password`; no field of the application's credentials |
/// | `delivery` | absent, `body` or `cookie`: how the tokens go, where the application has cookies; else ignored |
/// | `device` | text: what the user may recognise the session by; without it the `User-Agent`. The credentials see it too |
///
/// Other parameters are ignored, `scope` too: what a user may have is the application's to say. A login that bears an access token, as its
/// `Authorization` header, ends the session of that token: the new one takes its place (OWASP ASVS 7.2.4). Any other scheme is ignored.
///
/// Answers: 200 with a [`TokenResponse`](crate::TokenResponse), or a [`SessionError`](crate::SessionError).
pub struct LoginEndpoint<A> {
    pub(super) flow: Flow<A>,
}

endpoint!(LoginEndpoint);

impl<A: Authenticate> LoginEndpoint<A> {
    pub(super) async fn handle<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Refused>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (parts, parameters) = Parameters::read(request).await?;
        self.answer(&parts, parameters).await
    }

    pub(super) async fn answer(&self, parts: &Parts, mut parameters: Parameters) -> Result<Response<Bytes>, Refused> {
        parameters.demand_grant_type("password")?;
        // The application's own credentials may have a field of that name.
        let device = parameters.text("device")?;
        let agent = || parts.headers.get(USER_AGENT)?.to_str().ok();
        let device = device.as_deref().or_else(agent);

        let delivery = self.flow.delivery(parameters.text("delivery")?.as_deref())?;
        // Before the password is looked at: another site must not log anybody in here (login CSRF).
        let held = match delivery {
            Some(delivery) => {
                delivery.demand_own_site(parts)?;
                delivery.refresh_token(parts)?
            }
            None => None,
        };
        let before = bearer_token(&parts.headers).map_err(|malformed| Refused::bearer(malformed.into(), parts))?;
        let tokens = self.flow.sessions.log_in(parameters.into_credentials()?, device).await?;
        for replaced in before.into_iter().chain(held) {
            self.flow.sessions.end_replaced(replaced).await?;
        }
        Ok(match delivery {
            Some(delivery) => delivery.deliver(&tokens, None),
            None => tokens.to_response(),
        })
    }
}
