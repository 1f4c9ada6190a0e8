//! [`RefreshEndpoint`].

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body::Body;

use super::delivery::Flow;
use super::request::Parameters;
use super::response::Refused;
use super::service::endpoint;
use crate::error::BoxError;
use crate::keys::RefreshToken;
use crate::session::{Authenticate, Refresh, SessionError, SessionErrorKind};

/// `POST /auth/refresh`: a refresh token becomes new tokens (RFC 6749 section 6).
///
/// | parameter | |
/// |---|---|
/// | `refresh_token` | absent where a cookie has it |
/// | `delivery` | absent, `body` or `cookie`, as at [login](super::LoginEndpoint). A token that came by cookie goes back by cookie |
/// | `grant_type` | absent, or `refresh_token` |
/// | `scope` | absent, or a part of what is granted |
///
/// Other parameters and the `Authorization` header are ignored. A client that may have to try again sends an `Idempotency-Key`, of at most
/// 255 bytes, the same each time: see [`Refresh::with_idempotency_key`]. It is random, belongs to one refresh token, and is kept with it: one that never
/// changes, or that is made from the token, would let a thief pass for a client that has lost an answer.
///
/// Answers: 200 with a [`TokenResponse`](crate::TokenResponse), or a [`SessionError`].
pub struct RefreshEndpoint<A> {
    pub(super) flow: Flow<A>,
}

endpoint!(RefreshEndpoint);

impl<A: Authenticate> RefreshEndpoint<A> {
    pub(super) async fn handle<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Refused>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (parts, parameters) = Parameters::read(request).await?;
        self.answer(&parts, parameters).await
    }

    pub(super) async fn answer(&self, parts: &Parts, mut parameters: Parameters) -> Result<Response<Bytes>, Refused> {
        parameters.demand_grant_type("refresh_token")?;
        let mut delivery = self.flow.delivery(parameters.text("delivery")?.as_deref())?;
        let given = parameters.take("refresh_token")?;
        let held = match (&given, self.flow.delivery.as_deref()) {
            // A token that came by cookie goes back by cookie, whatever the request asks for: no script gets hold of it.
            (None, Some(cookies)) => cookies.refresh_token(parts)?.inspect(|_| delivery = Some(cookies)),
            _ => None,
        };
        if let Some(delivery) = delivery {
            delivery.demand_own_site(parts)?;
        }
        let token = given.or_else(|| held.map(str::to_owned));
        let token = token.ok_or(Refused::invalid_request("refresh_token is missing"))?;
        let mut refresh = Refresh::new(RefreshToken::new(token));
        if let Some(scope) = parameters.take("scope")? {
            let scope = scope.parse().map_err(|_| SessionError::new(SessionErrorKind::InvalidScope))?;
            refresh = refresh.with_scope(scope);
        }
        if let Some(key) = idempotency_key(&parts.headers)? {
            refresh = refresh.with_idempotency_key(key)?;
        }
        let tokens = self.flow.sessions.refresh(refresh).await?;
        Ok(match delivery {
            Some(delivery) => delivery.deliver(&tokens, held),
            None => tokens.to_response(),
        })
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&[u8]>, Refused> {
    let mut values = headers.get_all("idempotency-key").iter();
    let key = values.next().map(http::HeaderValue::as_bytes);
    if values.next().is_some() {
        return Err(Refused::invalid_request("more than one Idempotency-Key"));
    }
    Ok(key)
}
