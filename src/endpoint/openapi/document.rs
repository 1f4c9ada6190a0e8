//! [`AuthEndpoints::openapi`] is the OpenAPI document of the endpoints.

use super::mounted::{Mounted, TAG};
use super::{operations, schemas, security};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Info, OpenApi, OpenApiBuilder};

use crate::endpoint::auth::AuthEndpoints;

impl AuthEndpoints {
    /// Returns the endpoints as an OpenAPI 3.1 document, to be merged into the application's own
    /// (feature `utoipa`).
    ///
    /// **Paths** begin with the prefix that [`with_path`](Self::with_path) sets. So call it also
    /// where Axum's `nest_service` removes the prefix. Do not use `OpenApi::nest` instead: it does
    /// not change the URLs of the security schemes.
    ///
    /// There are two **security schemes**. `bearer` is an access token that a person pastes.
    /// `password` is a login with user name and password, with Swagger UI's Authorize button.
    /// Swagger UI sends a token only if the operation names the scheme that the token came from. So
    /// name both in the application's operations: `security(("bearer" = []), ("password" = []))`.
    ///
    /// **Schemas** are `LoginRequest`, `RefreshRequest`, `TokenRequest`, `LogoutRequest`,
    /// `TokenResponse`, `SessionList` and `AuthError`. A merge keeps a schema that is there
    /// already. So an application whose credentials are not a user name and a password defines its
    /// own `LoginRequest` and `TokenRequest`. If two `AuthEndpoints` are in one document, the
    /// scheme `password` is that of the first.
    ///
    /// **With cookies** the document says what they change: call this after `with_cookies`.
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
    ///     responses((status = 200, description = "The name.", body = String), BearerError),
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

const ABOUT: &str = "Login, refresh and logout. A request body is a form or a JSON object of at \
    most 8 KiB. A repeated parameter is refused, an empty one (and `null`) counts as absent, and \
    an unknown one is ignored. They are not allowed in the query string. Another method is \
    405 with `Allow`.";
