//! What a layer requires of a valid token, and what it makes of the claims.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::BearerAuthLayer;
use crate::bearer::found::Found;
use crate::bearer::guard::Guard;
use crate::error::BoxError;
use crate::names::IntoScope;
use crate::token::AccessTokenClaims;
use crate::user::LoadUser;

impl BearerAuthLayer {
    /// Requires that the token allows all the words of `scope`, which are separated by spaces;
    /// otherwise 403 `insufficient_scope`. Each call adds to what is required.
    ///
    /// A request without a token, which [`optional`](Self::optional) lets through, needs no scope.
    /// For single routes and methods there is [`RequireLayer`](crate::bearer::RequireLayer).
    ///
    /// ```
    /// # use tower_bearer::{BearerAuthLayer, names::InvalidScope};
    /// # fn example(layer: BearerAuthLayer, configured: &str) -> Result<(), InvalidScope> {
    /// use tower_bearer::Scope;
    ///
    /// let layer = layer.require_scope("orders:read");
    /// // Text from outside is parsed first.
    /// let layer = layer.require_scope(configured.parse::<Scope>()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `scope` is a literal that is not a scope.
    #[track_caller]
    pub fn require_scope(self, scope: impl IntoScope) -> Self {
        let scope = scope.into_scope();
        self.map(|gate| gate.require_scope(&scope))
    }

    /// Requires that the token allows one of `scopes`; otherwise 403 `insufficient_scope`. The
    /// challenge names the first of them, so put the least powerful one there. An empty list lets
    /// no token through.
    ///
    /// ```
    /// # fn example(layer: tower_bearer::BearerAuthLayer) -> tower_bearer::BearerAuthLayer {
    /// layer.require_any_scope(["orders:read", "admin"])
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If one of them is a literal that is not a scope.
    #[track_caller]
    pub fn require_any_scope<S: IntoScope>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        let guard = Guard::any_scope(scopes);
        self.map(|gate| gate.guards.push(guard))
    }

    /// Requires that the user authenticated at most `max_age` ago, in whole seconds, as the claim
    /// `auth_time` says (RFC 9068 section 2.2.1). Otherwise the response is 401
    /// `insufficient_user_authentication` with `max_age` in the challenge (RFC 9470 section 3). It
    /// is for what a stolen session must not do: another password, another email address, a
    /// payment.
    ///
    /// A token without `auth_time` is refused, and so is one whose `auth_time` is in the future by
    /// more than the verifier's leeway. A refresh does not change `auth_time`:
    /// [`Sessions::reauthenticate`](crate::Sessions::reauthenticate) and its
    /// [endpoint](crate::endpoint::ReauthenticateEndpoint) do. The leeway is not added to
    /// `max_age`, so choose more than the clocks of your servers may differ.
    ///
    /// ```
    /// # fn example(layer: tower_bearer::BearerAuthLayer) -> tower_bearer::BearerAuthLayer {
    /// layer.require_max_age(std::time::Duration::from_secs(300))
    /// # }
    /// ```
    pub fn require_max_age(self, max_age: Duration) -> Self {
        self.map(|gate| gate.guards.push(Guard::MaxAge(max_age)))
    }

    /// Requires that `condition` returns `Ok(true)` for the claims of the token.
    ///
    /// `Ok(false)` is refused with 403 and the reason `denied`. `Err` is refused in the same way,
    /// and its cause is logged. An `Err` that is a [`BearerError`](crate::BearerError) is the
    /// rejection itself, with the application's own reason and status.
    ///
    /// It is called at every request with a good token, so it should not do I/O. It is not called
    /// for a request without a token, which [`optional`](Self::optional) lets through.
    ///
    /// ```
    /// use tower_bearer::{AccessTokenClaims, BearerAuthLayer, BearerError};
    ///
    /// # fn example(layer: BearerAuthLayer) -> BearerAuthLayer {
    /// layer
    ///     .require(|claims| Ok(claims.claim::<u8>("level")? >= Some(3)))
    ///     .require(|claims: &AccessTokenClaims| match claims.claim::<String>("plan")?.as_deref() {
    ///         Some("paid") => Ok(true),
    ///         _ => Err(BearerError::denied("payment_required").into()),
    ///     })
    /// # }
    /// ```
    pub fn require<F>(self, condition: F) -> Self
    where
        F: Fn(&AccessTokenClaims) -> Result<bool, BoxError> + Send + Sync + 'static,
    {
        self.map(|gate| gate.guards.push(Guard::condition(condition)))
    }

    /// Loads the application's user for each request, for
    /// [`CurrentUser<User>`](crate::CurrentUser).
    ///
    /// The token is checked once more when the user is loaded: if its session was revoked
    /// meanwhile, the request is refused. A layer within this one, without a loader, keeps the user
    /// if it accepts the same token.
    pub fn with_user_loader<L: LoadUser>(self, loader: L) -> Self {
        self.map(|gate| gate.loader = Some(Arc::new(loader)))
    }

    /// Parses the claims of each token into a `T`, for [`CurrentUser<T>`](crate::CurrentUser): the
    /// application's own claims in a handler, without a user loader.
    ///
    /// A token whose claims are not a `T` is refused with 401 `invalid_token`, and the log says
    /// which claim is at fault, without its value. Where the layer accepts [several
    /// issuers](Self::with_verifier), that is also true for the tokens of the others. It works
    /// together with a [user loader](Self::with_user_loader), whose type has to be another one.
    ///
    /// ```
    /// use serde::Deserialize;
    /// use tower_bearer::{BearerAuthLayer, CurrentUser};
    ///
    /// #[derive(Clone, Deserialize)]
    /// struct Claims {
    ///     company: String,
    /// }
    ///
    /// async fn company(claims: CurrentUser<Claims>) -> String {
    ///     claims.company.clone()
    /// }
    ///
    /// # fn example(layer: BearerAuthLayer) -> axum::Router {
    /// axum::Router::new()
    ///     .route("/company", axum::routing::get(company))
    ///     .route_layer(layer.with_typed_claims::<Claims>())
    /// # }
    /// ```
    pub fn with_typed_claims<T>(self) -> Self
    where
        T: DeserializeOwned + Clone + Send + Sync + 'static,
    {
        self.map(|gate| gate.parse_claims = Some(Found::in_claims::<T>))
    }
}
