//! The responses of the layer to refused requests, for the application's own operations.

use std::borrow::Cow;
use std::collections::BTreeMap;

use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use super::responses::{challenge, seconds};
use super::schemas::{AUTH_ERROR, auth_error, by_name};
use crate::bearer::BearerError;

/// The usual responses of [`BearerAuthLayer`](crate::BearerAuthLayer), for `responses(…,
/// BearerError)` of an operation behind it (feature `utoipa`).
impl IntoResponses for BearerError {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let no_token = "The access token is missing (`unauthorized`), or is not accepted \
            (`invalid_token`), or the user authenticated too long ago \
            (`insufficient_user_authentication`).";
        let not_allowed = "The access token does not allow this: `insufficient_scope`, or \
            `access_denied` without a challenge.";
        let unavailable = refusal("Try again in a moment: `temporarily_unavailable`.");
        [
            (
                "400",
                challenged("The `Authorization` header is malformed: `invalid_request`."),
            ),
            ("401", challenged(no_token)),
            ("403", challenged(not_allowed)),
            (
                "500",
                refusal("The server is misconfigured: `server_error`."),
            ),
            ("503", unavailable.header("Retry-After", seconds())),
        ]
        .map(|(status, refusal)| (status.to_owned(), refusal.into()))
        .into()
    }
}

/// The body of these responses, for `components(schemas(BearerError))` of an application that only
/// verifies tokens (feature `utoipa`). The document of [`AuthEndpoints`](crate::AuthEndpoints)
/// already has it.
impl ToSchema for BearerError {
    fn name() -> Cow<'static, str> {
        AUTH_ERROR.into()
    }
}

impl PartialSchema for BearerError {
    fn schema() -> RefOr<Schema> {
        auth_error().into()
    }
}

fn challenged(description: &str) -> ResponseBuilder {
    refusal(description).header("WWW-Authenticate", challenge())
}

fn refusal(description: &str) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(description)
        .content("application/json", by_name(AUTH_ERROR))
}
