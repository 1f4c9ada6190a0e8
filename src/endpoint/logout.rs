//! [`LogoutEndpoint`] and [`LogoutEverywhereEndpoint`].

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use serde_json::json;

use super::request::{Parameters, demand};
use super::response::{Refused, json_response};
use super::service::endpoint;
use super::signed_in::signed_in;
use crate::bearer::bearer_token;
use crate::error::BoxError;
use crate::session::{Authenticate, Sessions};

/// `POST /auth/logout`: ends the session of a token (RFC 7009).
///
/// | parameter | |
/// |---|---|
/// | `token` | a refresh token of any generation, or an access token, ended or not |
/// | `token_type_hint` | ignored: the tokens tell themselves apart |
///
/// Without `token` it is the access token of the `Authorization` header; with neither 400 `invalid_request`.
///
/// Answers 200 `{}`, for an unknown token too (RFC 7009 section 2.2). Access tokens of the session are refused from the next request on.
pub struct LogoutEndpoint<A> {
    pub(super) sessions: Sessions<A>,
}

endpoint!(LogoutEndpoint);

impl<A: Authenticate> LogoutEndpoint<A> {
    pub(super) async fn handle<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Refused>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (parts, mut parameters) = Parameters::read(request).await?;
        match parameters.take("token")? {
            Some(token) => self.sessions.log_out(&token).await?,
            None => {
                let token = bearer_token(&parts.headers).map_err(|malformed| Refused::bearer(malformed.into(), &parts))?;
                self.sessions.log_out(token.ok_or(Refused::invalid_request("token is missing"))?).await?;
            }
        }
        Ok(json_response(StatusCode::OK, &json!({})))
    }
}

/// `POST /auth/logout-everywhere`: ends all sessions of the user who asks, his own too.
///
/// Demands a live access token, and refuses as [`BearerAuthLayer`](crate::BearerAuthLayer) does. Answers 200 `{}`.
pub struct LogoutEverywhereEndpoint<A> {
    pub(super) sessions: Sessions<A>,
}

endpoint!(LogoutEverywhereEndpoint);

impl<A: Authenticate> LogoutEverywhereEndpoint<A> {
    pub(super) async fn handle<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Refused> {
        let (parts, _) = request.into_parts();
        demand(&parts, &Method::POST, "POST")?;
        let claims = signed_in(&self.sessions, &parts).await?;
        self.sessions.log_out_everywhere(claims.subject()).await?;
        Ok(json_response(StatusCode::OK, &json!({})))
    }
}
