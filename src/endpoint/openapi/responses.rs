//! The responses of the endpoints: status, headers, body.

use utoipa::openapi::content::Content;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};

use super::mounted::Mounted;
use super::schemas::{
    ACCESS_TOKEN_RESPONSE, AUTH_ERROR, SESSION_LIST, TOKEN_RESPONSE, by_name, nothing, text,
};

/// A status, and the response that has it.
pub(super) type DocumentedResponse = (&'static str, Response);

pub(super) fn tokens(mounted: Mounted<'_>) -> DocumentedResponse {
    (
        "200",
        may_set_cookies(mounted, json("New tokens.", by_name(TOKEN_RESPONSE))),
    )
}

pub(super) fn access_token(mounted: Mounted<'_>) -> DocumentedResponse {
    let token = json("A new access token.", by_name(ACCESS_TOKEN_RESPONSE));
    ("200", may_set_cookies(mounted, token))
}

pub(super) fn session_list() -> DocumentedResponse {
    ("200", json("The sessions.", by_name(SESSION_LIST)).build())
}

pub(super) fn logged_out(mounted: Mounted<'_>) -> DocumentedResponse {
    let done = json(
        "`{}`. Access tokens are refused from the next request on.",
        Content::new(Some(nothing())),
    );
    ("200", may_set_cookies(mounted, done))
}

pub(super) fn ended() -> DocumentedResponse {
    ("204", not_stored("The session has ended.").build())
}

pub(super) fn arrived() -> DocumentedResponse {
    let description = "With `dry_run`: a refresh token of this application has arrived, of the \
                       session of the access token, if one is sent. It may be over.";
    ("204", not_stored(description).build())
}

pub(super) fn bad_request(description: &str) -> DocumentedResponse {
    ("400", refusal(description).build())
}

/// Describes the 400 of an endpoint that reads the `Authorization` header.
pub(super) fn bad_request_or_header(description: &str) -> DocumentedResponse {
    ("400", challenged(refusal(description)).build())
}

pub(super) fn no_token() -> DocumentedResponse {
    let description = "The access token is missing (`unauthorized`, reason `token_missing`), \
        or is not accepted: `invalid_token` with the reason `token_invalid`, `token_expired` or \
        `session_revoked`.";
    ("401", challenged(refusal(description)).build())
}

/// Describes the 403 of an endpoint that uses cookies.
pub(super) fn cross_site(mounted: Mounted<'_>) -> Option<DocumentedResponse> {
    let description = "The request would set or use a cookie, and comes from another site, or \
        does not say where it comes from: `access_denied`, reason `cross_site`. The reason \
        `cross_site_cookie` means that the browser would drop the cookies of this page.";
    mounted
        .has_cookies
        .then(|| ("403", refusal(description).build()))
}

pub(super) fn not_found() -> DocumentedResponse {
    (
        "404",
        refusal("The user has no such session: `invalid_request`.").build(),
    )
}

pub(super) fn bad_bodies() -> [DocumentedResponse; 2] {
    [
        (
            "413",
            refusal("The body is above 8 KiB: `invalid_request`.").build(),
        ),
        (
            "415",
            refusal("The body is neither a form nor JSON, or is compressed: `invalid_request`.")
                .build(),
        ),
    ]
}

pub(super) fn misconfigured() -> DocumentedResponse {
    (
        "500",
        refusal("The server is misconfigured: `server_error`.").build(),
    )
}

pub(super) fn too_many_attempts() -> DocumentedResponse {
    let description = "Too many logins, at this account or from this network: \
        `temporarily_unavailable`, reason `too_many_attempts`. The password was not looked at.";
    (
        "429",
        refusal(description)
            .header("Retry-After", seconds())
            .build(),
    )
}

pub(super) fn unavailable() -> DocumentedResponse {
    let description = "Users or sessions are not available now: `temporarily_unavailable`. The \
        same request may be sent again.";
    (
        "503",
        refusal(description)
            .header("Retry-After", seconds())
            .build(),
    )
}

pub(super) fn challenge() -> Header {
    header(text("`Bearer`, with the error (RFC 6750 section 3)."))
}

pub(super) fn seconds() -> Header {
    header(text("Seconds to wait before the next request."))
}

fn challenged(response: ResponseBuilder) -> ResponseBuilder {
    response.header("WWW-Authenticate", challenge())
}

fn may_set_cookies(mounted: Mounted<'_>, response: ResponseBuilder) -> Response {
    if mounted.has_cookies {
        response
            .header(
                "Set-Cookie",
                header(text(
                    "Present if the tokens are sent or cleared as cookies.",
                )),
            )
            .build()
    } else {
        response.build()
    }
}

fn refusal(description: &str) -> ResponseBuilder {
    json(description, by_name(AUTH_ERROR))
}

fn json(description: &str, content: Content) -> ResponseBuilder {
    not_stored(description).content("application/json", content)
}

/// Responses must not be stored (RFC 6749 section 5.1).
fn not_stored(description: &str) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(description)
        .header("Cache-Control", header(text("`no-store`.")))
}

fn header(schema: utoipa::openapi::ObjectBuilder) -> Header {
    HeaderBuilder::new().schema(Some(schema)).build()
}
