//! The schemas of requests and responses.

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
pub(super) const ACCESS_TOKEN_RESPONSE: &str = "AccessTokenResponse";
pub(super) const SESSION_LIST: &str = "SessionList";
/// It is not called `Error`, because many applications have a schema of that name, which a merge
/// would keep.
pub(super) const AUTH_ERROR: &str = "AuthError";

pub(super) fn components(mounted: Mounted<'_>) -> ComponentsBuilder {
    ComponentsBuilder::new()
        .schema(LOGIN_REQUEST, login_request(mounted))
        .schema(REFRESH_REQUEST, refresh_request(mounted))
        .schema(TOKEN_REQUEST, token_request(mounted))
        .schema(LOGOUT_REQUEST, logout_request(mounted))
        .schema(TOKEN_RESPONSE, token_response(mounted))
        .schema(ACCESS_TOKEN_RESPONSE, access_token_response())
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
        .property("device", text(DEVICE))
        .property("device_mark", text(PRESENTED_MARK))
        .property("scope", text(SCOPE));
    with_delivery(mounted, login)
}

fn refresh_request(mounted: Mounted<'_>) -> ObjectBuilder {
    let refresh = ObjectBuilder::new()
        .property(
            "grant_type",
            one_of(["refresh_token"], "Absent, or `refresh_token`."),
        )
        .property("scope", text(SCOPE))
        .property("dry_run", one_of(["true"], DRY_RUN));
    let refresh = if mounted.has_cookies {
        refresh.property(
            "refresh_token",
            text("The refresh token. Absent where a cookie has the token."),
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

/// Describes login and refresh in one flat schema, because Swagger UI does not show a form for
/// `oneOf`.
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
        .property("device_mark", text(PRESENTED_MARK))
        .property("refresh_token", text("The refresh token, for a refresh."))
        .property("scope", text(SCOPE))
        .property("dry_run", one_of(["true"], DRY_RUN));
    with_delivery(mounted, token)
}

fn logout_request(mounted: Mounted<'_>) -> ObjectBuilder {
    let token = if mounted.has_cookies {
        "A refresh token or an access token. Absent where the `Authorization` header or a cookie \
         has the token."
    } else {
        "A refresh token or an access token. Absent where the `Authorization` header has the token."
    };
    ObjectBuilder::new().property("token", text(token))
}

fn with_delivery(mounted: Mounted<'_>, request: ObjectBuilder) -> ObjectBuilder {
    if mounted.has_cookies {
        request.property(
            "delivery",
            one_of(
                ["body", "cookie"],
                "How the refresh token is sent: in the body, or as a cookie that scripts cannot \
                 read.",
            ),
        )
    } else {
        request
    }
}

fn token_response(mounted: Mounted<'_>) -> ObjectBuilder {
    let tokens = access_token_response().description(Some(
        "Tokens (RFC 6749 section 5.1). The client discards the old refresh token.",
    ));
    let tokens = tokens.property("device_mark", text(MARK));
    if mounted.has_cookies {
        tokens.property(
            "refresh_token",
            text("The refresh token. Absent where it is sent as a cookie."),
        )
    } else {
        tokens
            .property("refresh_token", text("The refresh token."))
            .required("refresh_token")
    }
}

fn access_token_response() -> ObjectBuilder {
    ObjectBuilder::new()
        .description(Some(
            "An access token (RFC 6749 section 5.1). The client keeps its refresh token.",
        ))
        .property("access_token", text("The access token: a JWT."))
        .required("access_token")
        .property("token_type", one_of(["Bearer"], "`Bearer`."))
        .required("token_type")
        .property(
            "expires_in",
            whole("Seconds until the access token expires."),
        )
        .required("expires_in")
        .property(
            "refresh_token_expires_in",
            whole("Seconds until the session ends, unless it is refreshed before that."),
        )
        .required("refresh_token_expires_in")
        .property(
            "refresh_token_timeout",
            whole("The same as `refresh_token_expires_in`, under the name of an IETF draft."),
        )
        .required("refresh_token_timeout")
        .property(
            "authorization_expires_in",
            whole("Seconds until the session ends, however often it is refreshed."),
        )
        .required("authorization_expires_in")
        .property(
            "scope",
            text(
                "The granted scope, as words separated by spaces. Absent if it is empty and no \
                 scope was asked for.",
            ),
        )
        .property("until_browser_closes", until_browser_closes())
}

fn until_browser_closes() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .enum_values(Some([true]))
        .description(Some(
            "`true` if the page forgets the tokens when the browser closes. Absent otherwise.",
        ))
}

fn session_list() -> ObjectBuilder {
    let device = SchemaType::from_iter([Type::String, Type::Null]);
    let device = ObjectBuilder::new()
        .schema_type(device)
        .description(Some("A text by which the user may recognise the session."));
    let current = ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .description(Some("Whether this is the session of the request."));
    let mut session = ObjectBuilder::new()
        .property(
            "id",
            text("The id of the session: 22 characters of base64url."),
        )
        .property("device", device)
        .property("created_at", whole("Seconds since the epoch."))
        .property(
            "last_used_at",
            whole("Seconds since the epoch, rounded down to the hour."),
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
        .description(Some(
            "An error of RFC 6749 section 5.2 or RFC 6750 section 3.1. It repeats nothing from the \
             request.",
        ))
        .property("error", text("The error code, as in `invalid_grant`."))
        .required("error")
        .property("error_description", text("A sentence for people."))
        .required("error_description")
        .property(
            "reason",
            text(
                "A stable word for programs, as in `token_expired`. Absent if the form of the \
                 request or the server is at fault.",
            ),
        )
}

/// Describes `{}`, the body of a logout.
pub(super) fn nothing() -> Schema {
    ObjectBuilder::new().into()
}

const SCOPE: &str = "Absent, or what the access token shall allow, as words separated by spaces. \
    Words that are not granted are dropped.";
const MARK: &str = "Shows at the next login that this device has logged in before.";
const PRESENTED_MARK: &str = "The `device_mark` of the last login on this device, if this client \
    keeps it: strangers who guess passwords do not use up its attempts.";
const DEVICE: &str =
    "A text by which the user may recognise the session. By default the `User-Agent`.";

const DRY_RUN: &str = "With `true` the response is 204 if a refresh token of this \
    application has arrived. Its session may be over, and nothing changes.";
