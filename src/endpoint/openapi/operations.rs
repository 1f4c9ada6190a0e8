//! The operations: an endpoint each.

use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, Paths,
    PathsBuilder,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::Responses;
use utoipa::openapi::{Required, Schema};

use super::answers::{
    Answer, bad_bodies, bad_request, bad_request_or_header, cross_site, ended, logged_out,
    misconfigured, no_token, not_found, session_list, tokens, unavailable,
};
use super::mounted::Mounted;
use super::schemas::{
    LOGIN_REQUEST, LOGOUT_REQUEST, REFRESH_REQUEST, TOKEN_REQUEST, by_name, text,
};
use super::security::{nobody, perhaps_signed_in, signed_in};

pub(super) fn paths(mounted: Mounted<'_>) -> Paths {
    let (get, post, delete) = (HttpMethod::Get, HttpMethod::Post, HttpMethod::Delete);
    [
        ("login", post.clone(), login(mounted)),
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
            paths.path(mounted.address(endpoint), PathItem::new(method, operation))
        },
    )
    .build()
}

fn login(mounted: Mounted<'_>) -> OperationBuilder {
    let description = "A login with an access token in its `Authorization` header ends the session of that token.";
    let refused = "`invalid_request`, `unsupported_grant_type`; or `invalid_grant` with the reason `credentials_invalid` or `user_gone`. \
        With the reason `token_malformed` it is the `Authorization` header.";
    mounted
        .operation("login", "Credentials become tokens", description)
        .securities(Some(nobody()))
        .request_body(Some(form_or_json(LOGIN_REQUEST, Required::True)))
        .responses(gives_tokens(mounted, bad_request_or_header(refused)))
}

fn refresh(mounted: Mounted<'_>) -> OperationBuilder {
    let refused = "`invalid_request`, `invalid_scope`, `unsupported_grant_type`; or `invalid_grant`, which means: log in again. Its reason is \
        `token_invalid`, `session_expired`, `session_revoked`, `refresh_reused` or `user_gone`.";
    mounted
        .operation(
            "refresh",
            "A refresh token becomes new tokens",
            "The old refresh token is used up.",
        )
        .securities(Some(nobody()))
        .parameter(idempotency_key())
        .request_body(Some(form_or_json(
            REFRESH_REQUEST,
            body_with_token(mounted),
        )))
        .responses(gives_tokens(mounted, bad_request(refused)))
}

fn token(mounted: Mounted<'_>) -> OperationBuilder {
    let refused = "`invalid_request`, `invalid_scope`, `unsupported_grant_type`; or `invalid_grant` with the reason `credentials_invalid`, \
        `token_invalid`, `session_expired`, `session_revoked`, `refresh_reused` or `user_gone`. With the reason `token_malformed` it is the \
        `Authorization` header.";
    mounted
        .operation(
            "token",
            "Login and refresh at one address",
            "`grant_type` says which (RFC 6749 section 3.2).",
        )
        .securities(Some(nobody()))
        .parameter(idempotency_key())
        .request_body(Some(form_or_json(TOKEN_REQUEST, Required::True)))
        .responses(gives_tokens(mounted, bad_request_or_header(refused)))
}

fn logout(mounted: Mounted<'_>) -> OperationBuilder {
    let description = "The session of `token`; without it, of the access token in the request's header (RFC 7009). An unknown token is not an error.";
    let refused = "`invalid_request`: no token was sent, or the `Authorization` header is malformed (reason `token_malformed`).";
    let answers = [
        logged_out(mounted),
        bad_request_or_header(refused),
        unavailable(),
    ];
    mounted
        .operation("logout", "Ends a session", description)
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
            "Ends all sessions of the user",
            "The one that asks too.",
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
            "The user's own sessions",
            "Those that live, newest first.",
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
    let id = text("As the list names it.").pattern(Some("^[A-Za-z0-9_-]{22}$"));
    let id = ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(id));
    mounted
        .operation(
            "end_session",
            "Ends one of the user's own sessions",
            "A session of another user is not found, as one that does not exist.",
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

fn gives_tokens(mounted: Mounted<'_>, refused: Answer) -> Responses {
    let answers = [tokens(mounted), refused, misconfigured(), unavailable()];
    responses(
        answers
            .into_iter()
            .chain(bad_bodies())
            .chain(cross_site(mounted)),
    )
}

fn responses(answers: impl IntoIterator<Item = Answer>) -> Responses {
    answers.into_iter().collect()
}

/// Of an endpoint that reads no body.
fn no_good_request() -> Answer {
    bad_request_or_header(
        "`invalid_request`: parameters in the address, or a malformed `Authorization` header (reason `token_malformed`).",
    )
}

/// A cookie may have the token.
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
        text("For a refresh: the same each time that a client tries again, from 1 to 255 bytes.")
            .into();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .schema(Some(key))
        .build()
}
