//! The endpoints one by one: thin services over the state that all of them share.

use std::sync::Arc;

use super::auth::AuthEndpoints;

/// `tower::Service` for a type with a `state`, and the route of a request.
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

/// One endpoint by itself.
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
    /// `POST /auth/login`: credentials become tokens.
    ///
    /// | parameter | |
    /// |---|---|
    /// | `username`, `password` | for [`PasswordCredentials`](crate::PasswordCredentials); else the fields of the application's own type |
    /// | `grant_type` | absent, or `password`; no field of the application's credentials |
    /// | `delivery` | absent, `body` or `cookie`: how the tokens go, where the application has cookies; else ignored |
    /// | `device` | text: what the user may recognise the session by; without it the `User-Agent`. The credentials see it too |
    ///
    /// Other parameters are ignored, `scope` too: what a user may have is the application's to say. A login with an access token in its
    /// `Authorization` header ends the session of that token: the new one takes its place (OWASP ASVS 7.2.4). Any other scheme is ignored.
    ///
    /// Answers: 200 with a [`TokenResponse`](crate::TokenResponse), or a [`SessionError`](crate::SessionError).
    LoginEndpoint, Login
}

endpoint! {
    /// `POST /auth/refresh`: a refresh token becomes new tokens (RFC 6749 section 6).
    ///
    /// | parameter | |
    /// |---|---|
    /// | `refresh_token` | absent where a cookie has it |
    /// | `delivery` | absent, `body` or `cookie`, as at [login](super::LoginEndpoint). A token that came in a cookie goes back in a cookie |
    /// | `grant_type` | absent, or `refresh_token` |
    /// | `scope` | absent, or a part of what is granted |
    ///
    /// Other parameters and the `Authorization` header are ignored. A client that may have to try again sends an `Idempotency-Key`, of at most
    /// 255 bytes, the same each time: see [`Refresh::with_idempotency_key`](crate::session::Refresh::with_idempotency_key). It is random, belongs to one refresh token, and is kept with it: one that never
    /// changes, or that is made from the token, would let a thief pass for a client that has lost an answer.
    ///
    /// Answers: 200 with a [`TokenResponse`](crate::TokenResponse), or a [`SessionError`](crate::SessionError).
    RefreshEndpoint, Refresh
}

endpoint! {
    /// `POST /auth/token`: login and refresh at one address, as stock OAuth clients want it (RFC 6749 section 3.2).
    ///
    /// `grant_type` is demanded: `password` is [`LoginEndpoint`], `refresh_token` is [`RefreshEndpoint`]. Everything else is as there.
    TokenEndpoint, Token
}

endpoint! {
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
    LogoutEndpoint, Logout
}

endpoint! {
    /// `POST /auth/logout-everywhere`: ends all sessions of the user who asks, with the one they ask in.
    ///
    /// Demands a live access token, and refuses as [`BearerAuthLayer`](crate::BearerAuthLayer) does. Answers 200 `{}`.
    LogoutEverywhereEndpoint, LogoutEverywhere
}

endpoint! {
    /// `GET /auth/sessions` lists the user's own sessions; `DELETE /auth/sessions/{id}` ends one of them.
    ///
    /// Both demand a live access token, and refuse as [`BearerAuthLayer`](crate::BearerAuthLayer) does.
    ///
    /// The list is `{"sessions": [{"id", "device", "created_at", "last_used_at", "expires_at", "current"}]}`, newest first, times in seconds
    /// since the epoch, the last use to the hour. Ending one answers 204; an unknown session and somebody else's both 404.
    ///
    /// A path that ends in `/sessions` or `/` is the list; any other names a session by its last segment.
    SessionsEndpoint, Sessions
}

serve!(AuthEndpoints, |endpoints, request| endpoints.route(request));

impl AuthEndpoints {
    /// `POST /login`, to be mounted by itself.
    #[must_use]
    pub fn login(&self) -> LoginEndpoint {
        LoginEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// `POST /refresh`, to be mounted by itself.
    #[must_use]
    pub fn refresh(&self) -> RefreshEndpoint {
        RefreshEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// `POST /token`, to be mounted by itself.
    #[must_use]
    pub fn token(&self) -> TokenEndpoint {
        TokenEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// `POST /logout`, to be mounted by itself.
    #[must_use]
    pub fn logout(&self) -> LogoutEndpoint {
        LogoutEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// `POST /logout-everywhere`, to be mounted by itself.
    #[must_use]
    pub fn logout_everywhere(&self) -> LogoutEverywhereEndpoint {
        LogoutEverywhereEndpoint {
            state: Arc::clone(&self.state),
        }
    }

    /// `GET /sessions` and `DELETE /sessions/{id}`, to be mounted by itself.
    #[must_use]
    pub fn sessions(&self) -> SessionsEndpoint {
        SessionsEndpoint {
            state: Arc::clone(&self.state),
        }
    }
}
