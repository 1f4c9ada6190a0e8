//! The endpoints as an OpenAPI document, for applications that describe themselves by `utoipa`.

use super::mounted::{Mounted, TAG};
use super::{operations, schemas, security};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Info, OpenApi, OpenApiBuilder};

use crate::endpoint::auth::AuthEndpoints;

impl AuthEndpoints {
    /// The endpoints as an OpenAPI 3.1 document, to be merged into the application's own (feature
    /// `utoipa`).
    ///
    /// **Addresses** begin with what [`with_path`](Self::with_path) says. So call it, where Axum's
    /// `nest_service` takes the prefix off too. Do not use `OpenApi::nest` instead: it leaves
    /// the addresses of the security schemes as they are.
    ///
    /// **Security schemes** are two. `bearer` is an access token, put in by hand. `password` is by
    /// user name and password: Swagger UI's Authorize button. Swagger UI sends a token only
    /// where the operation names the scheme that the token came by. So name both at the
    /// application's operations: `security(("bearer" = []), ("password" = []))`.
    ///
    /// **Schemas** are `LoginRequest`, `RefreshRequest`, `TokenRequest`, `LogoutRequest`,
    /// `TokenResponse`, `SessionList` and `AuthError`. A merge keeps what is there already. So
    /// an application whose credentials are not a user name and a password has a `LoginRequest` and a
    /// `TokenRequest` of its own; and of two `AuthEndpoints` in one document the scheme
    /// `password` is the first one's.
    ///
    /// **With cookies** it says what they change: call it after `with_cookies`.
    ///
    /// ```
    /// # fn example(sessions: tower_bearer::Sessions) -> axum::Router {
    /// use tower_bearer::{BearerError, CurrentUser};
    /// use utoipa::OpenApi;
    ///
    /// #[derive(OpenApi)]
    /// #[openapi(paths(me))]
    /// struct Api;
    ///
    /// /// Who am I?
    /// #[utoipa::path(
    ///     get,
    ///     path = "/me",
    ///     responses((status = 200, body = String), BearerError),
    ///     security(("bearer" = []), ("password" = []))
    /// )]
    /// async fn me(CurrentUser(claims): CurrentUser) -> String {
    ///     claims.subject().to_string()
    /// }
    ///
    /// let endpoints = sessions.endpoints().with_path("/auth");
    /// let document = Api::openapi().merge_from(endpoints.openapi());
    /// axum::Router::new()
    ///     .merge(utoipa_swagger_ui::SwaggerUi::new("/docs").url("/openapi.json", document))
    ///     .nest_service("/auth", endpoints)
    /// # }
    /// ```
    #[must_use]
    pub fn openapi(&self) -> OpenApi {
        let mounted = Mounted {
            path: &self.state.path,
            has_cookies: self.state.delivery.is_some(),
        };
        let schemas = schemas::components(mounted);
        OpenApiBuilder::new()
            .info(Info::new("Login", env!("CARGO_PKG_VERSION")))
            .paths(operations::paths(mounted))
            .components(Some(security::schemes(mounted, schemas).build()))
            .tags(Some([TagBuilder::new()
                .name(TAG)
                .description(Some(ABOUT))
                .build()]))
            .build()
    }
}

const ABOUT: &str = "Login, refresh and logout. What comes in is a form or a JSON object, of at most 8 KiB: a repeated parameter is \
    refused, an empty one (and `null`) counts as absent, an unknown one is ignored. Parameters do not belong into the address. Another method is \
    405 with `Allow`.";
