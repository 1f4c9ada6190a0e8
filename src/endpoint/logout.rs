//! [`LogoutEndpoint`] and [`LogoutEverywhereEndpoint`].

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use serde_json::json;

use super::delivery::Flow;
use super::request::{Parameters, demand};
use super::response::{Refused, json_response};
use super::service::endpoint;
use super::signed_in::signed_in;
use crate::bearer::bearer_token;
use crate::error::BoxError;
use crate::session::Authenticate;

/// `POST /auth/logout`: ends the session of a token (RFC 7009).
///
/// | parameter | |
/// |---|---|
/// | `token` | a refresh token of any generation, or an access token, ended or not |
/// | `token_type_hint` | ignored: the tokens tell themselves apart |
///
/// Without `token` it is the access token of the `Authorization` header, and the refresh token of the cookie where the application has cookies, which are
/// then taken back; with none of them 400 `invalid_request`.
///
/// Answers 200 `{}`, for an unknown token too (RFC 7009 section 2.2). Access tokens of the session are refused from the next request on.
pub struct LogoutEndpoint<A> {
    pub(super) flow: Flow<A>,
}

endpoint!(LogoutEndpoint);

impl<A: Authenticate> LogoutEndpoint<A> {
    pub(super) async fn handle<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Refused>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (parts, mut parameters) = Parameters::read(request).await?;
        let answer = json_response(StatusCode::OK, &json!({}));
        if let Some(token) = parameters.take("token")? {
            self.flow.sessions.log_out(&token).await?;
            return Ok(answer);
        }
        let borne = bearer_token(&parts.headers).map_err(|malformed| Refused::bearer(malformed.into(), &parts))?;
        let held = match &self.flow.delivery {
            Some(delivery) => delivery.refresh_token(&parts)?.map(|token| (delivery, token)),
            None => None,
        };
        if let Some((delivery, _)) = held {
            delivery.demand_own_site(&parts)?;
        }
        let tokens = borne.into_iter().chain(held.map(|(_, token)| token));
        if borne.is_none() && held.is_none() {
            return Err(Refused::invalid_request("token is missing"));
        }
        for token in tokens {
            self.flow.sessions.log_out(token).await?;
        }
        Ok(self.flow.without_cookies(&parts, answer))
    }
}

/// `POST /auth/logout-everywhere`: ends all sessions of the user who asks, his own too.
///
/// Demands a live access token, and refuses as [`BearerAuthLayer`](crate::BearerAuthLayer) does. Answers 200 `{}`.
pub struct LogoutEverywhereEndpoint<A> {
    pub(super) flow: Flow<A>,
}

endpoint!(LogoutEverywhereEndpoint);

impl<A: Authenticate> LogoutEverywhereEndpoint<A> {
    pub(super) async fn handle<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Refused> {
        let (parts, _) = request.into_parts();
        demand(&parts, &Method::POST, "POST")?;
        let claims = signed_in(&self.flow, &parts).await?;
        self.flow.sessions.log_out_everywhere(claims.subject()).await?;
        let answer = json_response(StatusCode::OK, &json!({}));
        Ok(self.flow.without_cookies(&parts, answer))
    }
}
