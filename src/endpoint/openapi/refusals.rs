//! What the layer answers in place of a handler, for the application's own operations.

use std::borrow::Cow;
use std::collections::BTreeMap;

use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use super::answers::{challenge, seconds};
use super::schemas::{AUTH_ERROR, auth_error, by_name};
use crate::bearer::BearerError;

/// For `responses(…, BearerError)` of an operation behind
/// [`BearerAuthLayer`](crate::BearerAuthLayer) (feature `utoipa`): its usual answers.
impl IntoResponses for BearerError {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            ("400", challenged("The `Authorization` header is malformed: `invalid_request`.")),
            ("401", challenged("No access token (`unauthorized`), or none that counts (`invalid_token`).")),
            (
                "403",
                challenged("The access token does not allow this: `insufficient_scope`, or `access_denied` without a challenge."),
            ),
            ("500", refusal("The server is misconfigured: `server_error`.")),
            ("503", refusal("Try again in a moment: `temporarily_unavailable`.").header("Retry-After", seconds())),
        ]
        .map(|(status, refusal)| (status.to_owned(), refusal.into()))
        .into()
    }
}

/// Its body, for `components(schemas(BearerError))` of an application that only checks tokens
/// (feature `utoipa`). The document of [`AuthEndpoints`](crate::AuthEndpoints) has it already.
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
