//! The answers of the endpoints: status, headers, body.

use utoipa::openapi::content::Content;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};

use super::mounted::Mounted;
use super::schemas::{AUTH_ERROR, SESSION_LIST, TOKEN_RESPONSE, by_name, nothing, text};

/// A status, and what it says.
pub(super) type Answer = (&'static str, Response);

pub(super) fn tokens(mounted: Mounted<'_>) -> Answer {
    (
        "200",
        may_set_cookies(mounted, json("New tokens.", by_name(TOKEN_RESPONSE))),
    )
}

pub(super) fn session_list() -> Answer {
    ("200", json("The sessions.", by_name(SESSION_LIST)).build())
}

pub(super) fn logged_out(mounted: Mounted<'_>) -> Answer {
    let done = json(
        "`{}`. Access tokens are refused from the next request on.",
        Content::new(Some(nothing())),
    );
    ("200", may_set_cookies(mounted, done))
}

pub(super) fn ended() -> Answer {
    ("204", not_stored("The session has ended.").build())
}

pub(super) fn bad_request(description: &str) -> Answer {
    ("400", refusal(description).build())
}

/// Of an endpoint that looks at the `Authorization` header.
pub(super) fn bad_request_or_header(description: &str) -> Answer {
    ("400", challenged(refusal(description)).build())
}

pub(super) fn no_token() -> Answer {
    let description = "No access token (`unauthorized`, reason `token_missing`), or none that counts: `invalid_token` with the reason \
        `token_invalid`, `token_expired` or `session_revoked`.";
    ("401", challenged(refusal(description)).build())
}

/// Only where there are cookies.
pub(super) fn cross_site(mounted: Mounted<'_>) -> Option<Answer> {
    let description = "A cookie is at stake, and no page of ours made the request: `access_denied`, reason `cross_site`.";
    mounted
        .has_cookies
        .then(|| ("403", refusal(description).build()))
}

pub(super) fn not_found() -> Answer {
    (
        "404",
        refusal("The user has no such session: `invalid_request`.").build(),
    )
}

pub(super) fn bad_bodies() -> [Answer; 2] {
    [
        (
            "413",
            refusal("The body is above 8 KiB: `invalid_request`.").build(),
        ),
        (
            "415",
            refusal("The body is neither a form nor JSON: `invalid_request`.").build(),
        ),
    ]
}

pub(super) fn misconfigured() -> Answer {
    (
        "500",
        refusal("The application grants what cannot be: `server_error`.").build(),
    )
}

pub(super) fn unavailable() -> Answer {
    let description = "Users or sessions cannot be asked now: `temporarily_unavailable`. The same request may be sent again.";
    (
        "503",
        refusal(description)
            .header("Retry-After", seconds())
            .build(),
    )
}

pub(super) fn challenge() -> Header {
    header(text("`Bearer`, with what is wrong (RFC 6750 section 3)."))
}

pub(super) fn seconds() -> Header {
    header(text("In seconds."))
}

fn challenged(answer: ResponseBuilder) -> ResponseBuilder {
    answer.header("WWW-Authenticate", challenge())
}

fn may_set_cookies(mounted: Mounted<'_>, answer: ResponseBuilder) -> Response {
    if mounted.has_cookies {
        answer
            .header(
                "Set-Cookie",
                header(text("Where the tokens are sent as cookies.")),
            )
            .build()
    } else {
        answer.build()
    }
}

fn refusal(description: &str) -> ResponseBuilder {
    json(description, by_name(AUTH_ERROR))
}

fn json(description: &str, content: Content) -> ResponseBuilder {
    not_stored(description).content("application/json", content)
}

/// RFC 6749 section 5.1.
fn not_stored(description: &str) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(description)
        .header("Cache-Control", header(text("`no-store`.")))
}

fn header(schema: utoipa::openapi::ObjectBuilder) -> Header {
    HeaderBuilder::new().schema(schema).build()
}
