//! The single endpoints are thin services over the state that all of them share.

use std::sync::Arc;

use super::auth::AuthEndpoints;

/// Implements `tower_service::Service` for a type with a `state`. The closure returns the route of
/// a request.
macro_rules! serve {
    ($endpoint:ident, |$this:ident, $request:ident| $route:expr) => {
        impl<B> tower_service::Service<http::Request<B>> for $endpoint
        where
            B: http_body::Body + Send + 'static,
            B::Data: Send,
            B::Error: Into<$crate::BoxError>,
        {
            type Response = http::Response<$crate::endpoint::EndpointBody>;
            type Error = std::convert::Infallible;
            type Future = $crate::endpoint::EndpointFuture;

            fn poll_ready(
                &mut self,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), Self::Error>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<B>) -> Self::Future {
                let ($this, $request) = (&*self, &request);
                let route: Option<$crate::endpoint::route::Route> = $route;
                let state = std::sync::Arc::clone(&self.state);
                $crate::endpoint::EndpointFuture::new($crate::endpoint::route::Route::answer(
                    route, state, request,
                ))
            }
        }
    };
}

/// Defines the service of one endpoint.
macro_rules! endpoint {
    ($(#[$docs:meta])* $endpoint:ident, $route:ident) => {
        $(#[$docs])*
        #[derive(Clone, Debug)]
        pub struct $endpoint {
            state: std::sync::Arc<$crate::endpoint::state::State>,
        }

        serve!($endpoint, |_this, _request| Some($crate::endpoint::route::Route::$route));
    };
}

endpoint! {
    /// `POST /auth/login` exchanges credentials for tokens.
    ///
    /// | parameter | |
    /// |---|---|
    /// | `username`, `password` | for [`PasswordCredentials`](crate::PasswordCredentials); else the fields of the application's own type |
    /// | `grant_type` | absent, or `password`; never a field of the application's credentials |
    /// | `delivery` | absent, `body` or `cookie`: how the tokens are sent, if the application uses cookies; else ignored |
    /// | `device` | text by which the user may recognise the session, by default the `User-Agent`; it may also be a field of the credentials, of any type |
    /// | `device_mark` | absent, or the `device_mark` of the last login on this device; with cookies the browser sends it itself |
    /// | `scope` | absent, or what the access token shall allow: see below |
    ///
    /// Guesses are bounded: see [`LoginThrottle`](crate::throttle::LoginThrottle). Above the bound
    /// the response is 429 with `Retry-After`, and the password is not looked at.
    ///
    /// Other parameters are ignored. If a login has an access token in its `Authorization` header,
    /// the new session replaces the session of that token, which ends (OWASP ASVS 7.2.4). Other
    /// schemes and malformed headers are ignored.
    ///
    /// **`scope`** means the same at a login and at a refresh: the access token allows what is
    /// granted of it, and the response says what that is (RFC 6749 sections 3.3 and 5.1). Words
    /// that are not granted are dropped, so a token may allow nothing. A request without `scope`
    /// asks for everything. It counts for that access token alone: the application decides what a
    /// user may do. Only a malformed scope is refused, with `invalid_scope`.
    ///
    /// In JSON it may be a list of words. A value of another type is ignored at a login, because it
    /// may be a field of the application's credentials. It is refused at a refresh, and at the
    /// [token endpoint](TokenEndpoint).
    ///
    /// The response is 200 with a [`TokenResponse`](crate::TokenResponse), or an
    /// [`EndpointError`](super::EndpointError).
    LoginEndpoint, Login
}

endpoint! {
    /// `POST /auth/reauthenticate` checks the credentials again, and returns a new access token of
    /// the session that asks, whose `auth_time` is now: for a client that a route has refused with
    /// 401 `insufficient_user_authentication` (RFC 9470), as
    /// [`require_max_age`](crate::BearerAuthLayer::require_max_age) does.
    ///
    /// It requires an access token, and refuses a request as
    /// [`BearerAuthLayer`](crate::BearerAuthLayer) does: an expired token is refreshed before. The
    /// parameters are those of the [login](LoginEndpoint); `device` is ignored. An access token
    /// that came in its cookie is replaced in the cookie. The credentials of another user are
    /// `invalid_grant`, as wrong ones are. Where the application has no login, this path is 404
    /// too.
    ///
    /// The response is 200 with a [`TokenResponse`](crate::TokenResponse) without a refresh token,
    /// because the client keeps the one that it has; or an
    /// [`EndpointError`](super::EndpointError).
    ReauthenticateEndpoint, Reauthenticate
}

endpoint! {
    /// `POST /auth/refresh` exchanges a refresh token for new tokens (RFC 6749 section 6).
    ///
    /// | parameter | |
    /// |---|---|
    /// | `refresh_token` | absent where a cookie has it |
    /// | `delivery` | absent, `body` or `cookie`, as at [login](super::LoginEndpoint). A token that came in a cookie is replaced in the cookie |
    /// | `grant_type` | absent, or `refresh_token` |
    /// | `scope` | absent, or a part of what is granted, as at [login](super::LoginEndpoint) |
    /// | `dry_run` | absent, or `true`: 204 if a refresh token of this application has arrived, of the same session as the access token in `Authorization`, if that is sent. It is not looked up, so its session may be over, and nothing changes. So a page learns whether the browser kept its cookie |
    ///
    /// Other parameters and the `Authorization` header are ignored. A client that may have to try
    /// again sends an `Idempotency-Key` of at most 255 bytes, which is the same each time: see
    /// [`Refresh::with_idempotency_key`](crate::session::Refresh::with_idempotency_key). The key
    /// has to be random, belongs to one refresh token, and is kept with it. With a key that never
    /// changes, or that is made from the token, a thief could pretend to be a client that has lost
    /// a response.
    ///
    /// The response is 200 with a [`TokenResponse`](crate::TokenResponse), or an
    /// [`EndpointError`](super::EndpointError).
    RefreshEndpoint, Refresh
}

endpoint! {
    /// `POST /auth/token` is login and refresh at one URL, as standard OAuth clients need it (RFC
    /// 6749 section 3.2).
    ///
    /// `grant_type` is required: `password` is [`LoginEndpoint`], `refresh_token` is
    /// [`RefreshEndpoint`]. Everything else is the same as there.
    TokenEndpoint, Token
}

endpoint! {
    /// `POST /auth/logout` ends the session of a token (RFC 7009).
    ///
    /// | parameter | |
    /// |---|---|
    /// | `token` | a refresh token of any generation, or an access token, expired or not |
    /// | `token_type_hint` | ignored: the two kinds of tokens look different |
    ///
    /// Without `token` the request ends the sessions of the access token in the `Authorization`
    /// header and, if the application uses cookies, of the refresh token in the cookie; the cookies
    /// are then cleared. The access token may be in its cookie too, and may have expired. If a page
    /// of another site, or a client that is not a browser, sends an access token in the header, the
    /// cookies are ignored and kept. Without any of these tokens the response is 400
    /// `invalid_request`.
    ///
    /// The response is 200 `{}`, for an unknown token too (RFC 7009 section 2.2). Access tokens of
    /// the session are refused from the next request on.
    LogoutEndpoint, Logout
}

endpoint! {
    /// `POST /auth/logout-everywhere` ends all sessions of the user who asks, including the current
    /// one.
    ///
    /// It requires an access token, and refuses a request as
    /// [`BearerAuthLayer`](crate::BearerAuthLayer) does. The response is 200 `{}`.
    LogoutEverywhereEndpoint, LogoutEverywhere
}

endpoint! {
    /// `GET /auth/sessions` lists the user's own sessions, and `DELETE /auth/sessions/{id}` ends
    /// one of them.
    ///
    /// Both require an access token, and refuse a request as
    /// [`BearerAuthLayer`](crate::BearerAuthLayer) does.
    ///
    /// The list is `{"sessions": [{"id", "device", "created_at", "last_used_at", "expires_at",
    /// "current"}]}`, newest first. Times are seconds since the epoch, and the last use is rounded
    /// down to the hour. The response to an ended session is 204; an unknown session and the
    /// session of another user are both 404.
    ///
    /// A path that ends in `/sessions` or `/` is the list. The last segment of any other path is
    /// the id of a session.
    SessionsEndpoint, Sessions
}

serve!(AuthEndpoints, |endpoints, request| endpoints.route(request));

impl AuthEndpoints {
    /// Returns `POST /login` as a service of its own.
    #[must_use]
    pub fn login(&self) -> LoginEndpoint {
        LoginEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// Returns `POST /reauthenticate` as a service of its own.
    #[must_use]
    pub fn reauthenticate(&self) -> ReauthenticateEndpoint {
        ReauthenticateEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// Returns `POST /refresh` as a service of its own.
    #[must_use]
    pub fn refresh(&self) -> RefreshEndpoint {
        RefreshEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// Returns `POST /token` as a service of its own.
    #[must_use]
    pub fn token(&self) -> TokenEndpoint {
        TokenEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// Returns `POST /logout` as a service of its own.
    #[must_use]
    pub fn logout(&self) -> LogoutEndpoint {
        LogoutEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// Returns `POST /logout-everywhere` as a service of its own.
    #[must_use]
    pub fn logout_everywhere(&self) -> LogoutEverywhereEndpoint {
        LogoutEverywhereEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// Returns `GET /sessions` and `DELETE /sessions/{id}` as a service of its own.
    #[must_use]
    pub fn sessions(&self) -> SessionsEndpoint {
        SessionsEndpoint {
            state: Arc::clone(&self.state),
        }
    }
}
