//! How an operation is asked for: by an access token.

use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::security::{
    Flow, HttpAuthScheme, HttpBuilder, OAuth2, Password, Scopes, SecurityRequirement,
    SecurityScheme,
};

use super::mounted::Mounted;

pub(super) fn schemes(mounted: Mounted<'_>, components: ComponentsBuilder) -> ComponentsBuilder {
    let by_hand = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An access token, of a login or a refresh."))
        .build();
    // Both grants at one address, as stock clients send them.
    let token = mounted.address("token");
    let flow = Flow::Password(Password::with_refresh_url(
        token.clone(),
        Scopes::new(),
        token,
    ));
    let by_password = OAuth2::with_description(
        [flow],
        "User name and password. There are no client ids: leave them empty.",
    );
    components
        .security_scheme(BEARER, SecurityScheme::Http(by_hand))
        .security_scheme(PASSWORD, SecurityScheme::OAuth2(by_password))
}

/// By one scheme or the other.
pub(super) fn signed_in() -> [SecurityRequirement; 2] {
    [BEARER, PASSWORD].map(|scheme| SecurityRequirement::new(scheme, [] as [&str; 0]))
}

/// Without a token too.
pub(super) fn perhaps_signed_in() -> impl Iterator<Item = SecurityRequirement> {
    [SecurityRequirement::default()]
        .into_iter()
        .chain(signed_in())
}

/// Whatever the application's document demands of all operations.
pub(super) fn nobody() -> [SecurityRequirement; 0] {
    []
}

const BEARER: &str = "bearer";
const PASSWORD: &str = "password";
