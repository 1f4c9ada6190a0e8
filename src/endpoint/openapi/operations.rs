//! The operations of the document, one for each endpoint and method.

use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths,
    PathsBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::Responses;
use utoipa::openapi::{Required, Schema};

use super::mounted::Mounted;
use super::responses::{
    DocumentedResponse, access_token, arrived, bad_bodies, bad_request, bad_request_or_header,
    cross_site, ended, logged_out, misconfigured, no_token, not_found, session_list, tokens,
    too_many_attempts, unavailable,
};
use super::schemas::{
    LOGIN_REQUEST, LOGOUT_REQUEST, REFRESH_REQUEST, TOKEN_REQUEST, by_name, text,
};
use super::security::{no_security, perhaps_signed_in, signed_in};

pub(super) fn paths(mounted: Mounted<'_>) -> Paths {
    let (get, post, delete) = (HttpMethod::Get, HttpMethod::Post, HttpMethod::Delete);
    [
        ("login", post.clone(), login(mounted)),
        ("reauthenticate", post.clone(), reauthenticate(mounted)),
        ("refresh", post.clone(), refresh(mounted)),
        ("token", post.clone(), token(mounted)),
        ("logout", post.clone(), logout(mounted)),
        ("logout-everywhere", post, logout_everywhere(mounted)),
        ("sessions", get, sessions(mounted)),
        ("sessions/{id}", delete, end_session(mounted)),
    ]
    .into_iter()
    .fold(
        PathsBuilder::new(),
        |paths, (endpoint, method, operation)| {
            paths.path(mounted.path_of(endpoint), PathItem::new(method, operation))
        },
    )
    .build()
}

fn login(mounted: Mounted<'_>) -> OperationBuilder {
    let description = "If the request has an access token in its `Authorization` header, the new \
        session replaces the session of that token.";
    let refused = "`invalid_request`, `invalid_scope`, `unsupported_grant_type`; or \
        `invalid_grant` with the reason `credentials_invalid` or `user_gone`.";
    mounted
        .operation("login", "Log in", description)
        .securities(Some(no_security()))
        .request_body(Some(form_or_json(LOGIN_REQUEST, Required::True)))
        .responses(gives_tokens(
            mounted,
            [bad_request(refused), too_many_attempts()],
        ))
}

fn reauthenticate(mounted: Mounted<'_>) -> OperationBuilder {
    let description = "Checks the credentials of the user again, and returns a new access token of \
        the same session, whose `auth_time` is now. The client keeps its refresh token.";
    let refused = "`invalid_request`, `invalid_scope`, `unsupported_grant_type`; or \
        `invalid_grant` with the reason `credentials_invalid`, `token_invalid`, `session_expired`, \
        `session_revoked` or `user_gone`. A malformed `Authorization` header has the reason \
        `token_malformed`.";
    let answers = [
        access_token(mounted),
        bad_request_or_header(refused),
        no_token(),
        too_many_attempts(),
        misconfigured(),
        unavailable(),
    ];
    mounted
        .operation("reauthenticate", "Authenticate again", description)
        .securities(Some(signed_in()))
        .request_body(Some(form_or_json(LOGIN_REQUEST, Required::True)))
        .responses(responses(
            answers
                .into_iter()
                .chain(bad_bodies())
                .chain(cross_site(mounted)),
        ))
}

fn refresh(mounted: Mounted<'_>) -> OperationBuilder {
    let refused = "`invalid_request`, `invalid_scope`, `unsupported_grant_type`; or \
        `invalid_grant`, which means that the user has to log in again. Its reason is \
        `token_invalid`, `session_expired`, `session_revoked`, `refresh_reused` or `user_gone`.";
    mounted
        .operation(
            "refresh",
            "Exchange a refresh token for new tokens",
            "The new refresh token replaces the old one.",
        )
        .securities(Some(no_security()))
        .parameter(idempotency_key())
        .request_body(Some(form_or_json(
            REFRESH_REQUEST,
            body_with_token(mounted),
        )))
        .responses(gives_tokens(mounted, [bad_request(refused), arrived()]))
}

fn token(mounted: Mounted<'_>) -> OperationBuilder {
    let refused = "`invalid_request`, `invalid_scope`, `unsupported_grant_type`; or \
        `invalid_grant` with the reason `credentials_invalid`, `token_invalid`, `session_expired`, \
        `session_revoked`, `refresh_reused` or `user_gone`.";
    mounted
        .operation(
            "token",
            "Log in, or refresh, at one URL",
            "`grant_type` says which (RFC 6749 section 3.2).",
        )
        .securities(Some(no_security()))
        .parameter(idempotency_key())
        .request_body(Some(form_or_json(TOKEN_REQUEST, Required::True)))
        .responses(gives_tokens(
            mounted,
            [bad_request(refused), arrived(), too_many_attempts()],
        ))
}

fn logout(mounted: Mounted<'_>) -> OperationBuilder {
    let description = "Ends the session of `token`, or without `token` the session of the access \
        token in the `Authorization` header (RFC 7009). An unknown token is not an error.";
    let refused = "`invalid_request`: no token was sent, or the `Authorization` header is \
        malformed (reason `token_malformed`).";
    let answers = [
        logged_out(mounted),
        bad_request_or_header(refused),
        unavailable(),
    ];
    mounted
        .operation("logout", "Log out", description)
        .securities(Some(perhaps_signed_in()))
        .request_body(Some(form_or_json(LOGOUT_REQUEST, Required::False)))
        .responses(responses(
            answers
                .into_iter()
                .chain(bad_bodies())
                .chain(cross_site(mounted)),
        ))
}

fn logout_everywhere(mounted: Mounted<'_>) -> OperationBuilder {
    mounted
        .operation(
            "logout_everywhere",
            "Log out everywhere",
            "Ends all sessions of the user, including the current one.",
        )
        .securities(Some(signed_in()))
        .responses(responses([
            logged_out(mounted),
            no_good_request(),
            no_token(),
            unavailable(),
        ]))
}

fn sessions(mounted: Mounted<'_>) -> OperationBuilder {
    mounted
        .operation(
            "sessions",
            "List the user's own sessions",
            "The list has the sessions that have not ended, newest first.",
        )
        .securities(Some(signed_in()))
        .responses(responses([
            session_list(),
            no_good_request(),
            no_token(),
            unavailable(),
        ]))
}

fn end_session(mounted: Mounted<'_>) -> OperationBuilder {
    let id = text("The id of the session in the list.").pattern(Some("^[A-Za-z0-9_-]{22}$"));
    let id = ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(id));
    mounted
        .operation(
            "end_session",
            "End one of the user's own sessions",
            "The session of another user is 404, like one that does not exist.",
        )
        .securities(Some(signed_in()))
        .parameter(id)
        .responses(responses([
            ended(),
            no_good_request(),
            no_token(),
            not_found(),
            unavailable(),
        ]))
}

fn gives_tokens(
    mounted: Mounted<'_>,
    others: impl IntoIterator<Item = DocumentedResponse>,
) -> Responses {
    let answers = [tokens(mounted), misconfigured(), unavailable()];
    responses(
        answers
            .into_iter()
            .chain(others)
            .chain(bad_bodies())
            .chain(cross_site(mounted)),
    )
}

fn responses(answers: impl IntoIterator<Item = DocumentedResponse>) -> Responses {
    answers.into_iter().collect()
}

/// Describes the 400 of an endpoint that does not read a body.
fn no_good_request() -> DocumentedResponse {
    bad_request_or_header(
        "`invalid_request`: a parameter in the query string, or a malformed `Authorization` header \
         (reason `token_malformed`).",
    )
}

/// Returns whether the body is required. It is optional where a cookie may have the token.
fn body_with_token(mounted: Mounted<'_>) -> Required {
    if mounted.has_cookies {
        Required::False
    } else {
        Required::True
    }
}

fn form_or_json(schema: &str, required: Required) -> RequestBody {
    ["application/x-www-form-urlencoded", "application/json"]
        .into_iter()
        .fold(RequestBodyBuilder::new(), |body, media_type| {
            body.content(media_type, by_name(schema))
        })
        .required(Some(required))
        .build()
}

fn idempotency_key() -> Parameter {
    let key: Schema =
        text("For a refresh: random, the same at each retry, from 1 to 255 bytes.").into();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(key))
        .build()
}
