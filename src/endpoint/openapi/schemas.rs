//! What requests and answers hold.

use utoipa::openapi::content::Content;
use utoipa::openapi::schema::{
    ArrayBuilder, ComponentsBuilder, KnownFormat, ObjectBuilder, Ref, Schema, SchemaFormat,
    SchemaType, Type,
};

use super::mounted::Mounted;

pub(super) const LOGIN_REQUEST: &str = "LoginRequest";
pub(super) const REFRESH_REQUEST: &str = "RefreshRequest";
pub(super) const TOKEN_REQUEST: &str = "TokenRequest";
pub(super) const LOGOUT_REQUEST: &str = "LogoutRequest";
pub(super) const TOKEN_RESPONSE: &str = "TokenResponse";
pub(super) const SESSION_LIST: &str = "SessionList";
/// Not `Error`: many an application has a schema of that name, and would keep it.
pub(super) const AUTH_ERROR: &str = "AuthError";

pub(super) fn components(mounted: Mounted<'_>) -> ComponentsBuilder {
    ComponentsBuilder::new()
        .schema(LOGIN_REQUEST, login_request(mounted))
        .schema(REFRESH_REQUEST, refresh_request(mounted))
        .schema(TOKEN_REQUEST, token_request(mounted))
        .schema(LOGOUT_REQUEST, logout_request(mounted))
        .schema(TOKEN_RESPONSE, token_response(mounted))
        .schema(SESSION_LIST, session_list())
        .schema(AUTH_ERROR, auth_error())
}

pub(super) fn by_name(name: &str) -> Content {
    Content::new(Some(Ref::from_schema_name(name)))
}

pub(super) fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
}

fn one_of<const N: usize>(values: [&str; N], description: &str) -> ObjectBuilder {
    text(description).enum_values(Some(values))
}

fn password() -> ObjectBuilder {
    text("The password.").format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
}

fn whole(description: &str) -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(format))
        .description(Some(description))
}

fn login_request(mounted: Mounted<'_>) -> ObjectBuilder {
    let login = ObjectBuilder::new()
        .property("grant_type", one_of(["password"], "Absent, or `password`."))
        .property("username", text("The user name.").min_length(Some(1)))
        .required("username")
        .property("password", password().min_length(Some(1)))
        .required("password")
        .property("device", text(DEVICE));
    with_delivery(mounted, login)
}

fn refresh_request(mounted: Mounted<'_>) -> ObjectBuilder {
    let refresh = ObjectBuilder::new()
        .property(
            "grant_type",
            one_of(["refresh_token"], "Absent, or `refresh_token`."),
        )
        .property("scope", text("Absent, or a part of what is granted."));
    let refresh = if mounted.has_cookies {
        refresh.property(
            "refresh_token",
            text("The refresh token. Absent where a cookie has it."),
        )
    } else {
        refresh
            .property(
                "refresh_token",
                text("The refresh token.").min_length(Some(1)),
            )
            .required("refresh_token")
    };
    with_delivery(mounted, refresh)
}

/// Flat: Swagger UI makes no form of what is one of several.
fn token_request(mounted: Mounted<'_>) -> ObjectBuilder {
    let token = ObjectBuilder::new()
        .property(
            "grant_type",
            one_of(["password", "refresh_token"], "A login, or a refresh."),
        )
        .required("grant_type")
        .property("username", text("The user name, for a login."))
        .property("password", password())
        .property("device", text(DEVICE))
        .property("refresh_token", text("The refresh token, for a refresh."))
        .property(
            "scope",
            text("For a refresh: a part of what is granted. At a login it is ignored."),
        );
    with_delivery(mounted, token)
}

fn logout_request(mounted: Mounted<'_>) -> ObjectBuilder {
    let token = if mounted.has_cookies {
        "A refresh token or an access token. Absent where the `Authorization` header or a cookie has it."
    } else {
        "A refresh token or an access token. Absent where the `Authorization` header has it."
    };
    ObjectBuilder::new().property("token", text(token))
}

fn with_delivery(mounted: Mounted<'_>, request: ObjectBuilder) -> ObjectBuilder {
    if mounted.has_cookies {
        request.property(
            "delivery",
            one_of(
                ["body", "cookie"],
                "How the tokens go: the refresh token as a cookie that no script reads.",
            ),
        )
    } else {
        request
    }
}

fn token_response(mounted: Mounted<'_>) -> ObjectBuilder {
    let tokens = ObjectBuilder::new()
        .description(Some(
            "Tokens (RFC 6749 section 5.1). The old refresh token is thrown away.",
        ))
        .property("access_token", text("The access token: a JWT."))
        .required("access_token")
        .property("token_type", one_of(["Bearer"], "`Bearer`."))
        .required("token_type")
        .property("expires_in", whole("Seconds until the access token ends."))
        .required("expires_in")
        .property(
            "refresh_token_expires_in",
            whole("Seconds until the session ends if it is not refreshed before."),
        )
        .required("refresh_token_expires_in")
        .property(
            "scope",
            text("What is granted, separated by spaces. Absent: nothing in particular."),
        );
    if mounted.has_cookies {
        tokens.property(
            "refresh_token",
            text("The refresh token. Absent where it is a cookie."),
        )
    } else {
        tokens
            .property("refresh_token", text("The refresh token."))
            .required("refresh_token")
    }
}

fn session_list() -> ObjectBuilder {
    let device = SchemaType::from_iter([Type::String, Type::Null]);
    let device = ObjectBuilder::new()
        .schema_type(device)
        .description(Some("What the user may recognise it by."));
    let current = ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .description(Some("The session that asks."));
    let mut session = ObjectBuilder::new()
        .property("id", text("Names the session; 22 characters of base64url."))
        .property("device", device)
        .property("created_at", whole("Seconds since the epoch."))
        .property(
            "last_used_at",
            whole("Seconds since the epoch, to the hour."),
        )
        .property("expires_at", whole("Seconds since the epoch."))
        .property("current", current);
    for name in [
        "id",
        "device",
        "created_at",
        "last_used_at",
        "expires_at",
        "current",
    ] {
        session = session.required(name);
    }
    let sessions = ArrayBuilder::new()
        .items(session)
        .description(Some("Newest first."));
    ObjectBuilder::new()
        .property("sessions", sessions)
        .required("sessions")
}

pub(super) fn auth_error() -> ObjectBuilder {
    ObjectBuilder::new()
        .description(Some("An error of RFC 6749 section 5.2 or RFC 6750 section 3.1. Nothing in it comes from the request."))
        .property("error", text("The code, as in `invalid_grant`."))
        .required("error")
        .property("error_description", text("For people."))
        .required("error_description")
        .property(
            "reason",
            text("A stable word for programs, as in `token_expired`. Absent where it is the form of the request, or the server."),
        )
}

/// `{}`: what there is to say of a logout.
pub(super) fn nothing() -> Schema {
    ObjectBuilder::new().into()
}

const DEVICE: &str = "What the user may recognise the session by. Without it the `User-Agent`.";
