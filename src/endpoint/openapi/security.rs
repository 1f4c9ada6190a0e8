//! The security schemes of the operations: an access token, or a login that gets one.

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
        .description(Some("An access token from a login or a refresh."))
        .build();
    // Both grants are at one URL, as standard clients send them.
    let token = mounted.path_of("token");
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

/// Requires one of the two schemes.
pub(super) fn signed_in() -> [SecurityRequirement; 2] {
    [BEARER, PASSWORD].map(|scheme| SecurityRequirement::new(scheme, [] as [&str; 0]))
}

/// Requires one of the two schemes, or nothing.
pub(super) fn perhaps_signed_in() -> impl Iterator<Item = SecurityRequirement> {
    [SecurityRequirement::default()]
        .into_iter()
        .chain(signed_in())
}

/// Requires nothing, even if the application's document has a requirement for all operations.
pub(super) fn no_security() -> [SecurityRequirement; 0] {
    []
}

const BEARER: &str = "bearer";
const PASSWORD: &str = "password";
