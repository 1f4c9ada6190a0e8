//! aliri_tower, as its documentation shows it: custom claims, and the terse responses.

use aliri::jwt::{self, CoreClaims};
use aliri::{Jwk, Jwks, jwa};
use aliri_base64::Base64Url;
use aliri_clock::UnixTime;
use aliri_oauth2::Authority;
use aliri_oauth2::scope::{HasScope, Scope};
use aliri_tower::Oauth2Authorizer;
use bytes::Bytes;
use http_body_util::Full;
use serde::Deserialize;
use tower_layer::Layer;

use crate::kind::SECRET;
use crate::route::Route;
use crate::side::{Body, Side};
use crate::tokens::{AUDIENCE, ISSUER};

#[derive(Clone, Debug, Deserialize)]
#[allow(dead_code)]
struct Claims {
    sub: jwt::Subject,
    iss: jwt::Issuer,
    aud: jwt::Audiences,
    exp: UnixTime,
    iat: UnixTime,
    jti: String,
    scope: Scope,
    name: String,
}

impl CoreClaims for Claims {
    fn nbf(&self) -> Option<UnixTime> {
        None
    }

    fn exp(&self) -> Option<UnixTime> {
        Some(self.exp)
    }

    fn aud(&self) -> &jwt::Audiences {
        &self.aud
    }

    fn iss(&self) -> Option<&jwt::IssuerRef> {
        Some(&self.iss)
    }

    fn sub(&self) -> Option<&jwt::SubjectRef> {
        Some(&self.sub)
    }
}

impl HasScope for Claims {
    fn scope(&self) -> &Scope {
        &self.scope
    }
}

/// The layer with HS256. It has neither EdDSA nor, without OpenSSL, ES256.
pub fn side() -> Box<dyn Side> {
    let key = Jwk::from(jwa::Hmac::new(Base64Url::from_raw(SECRET)));
    let mut keys = Jwks::default();
    keys.add_key(key.with_algorithm(jwa::Algorithm::HS256));
    let validator = jwt::CoreValidator::default()
        .add_approved_algorithm(jwa::Algorithm::HS256)
        .add_allowed_audience(jwt::Audience::from_static(AUDIENCE))
        .require_issuer(jwt::Issuer::from_static(ISSUER));
    let authorizer = Oauth2Authorizer::new()
        .with_claims::<Claims>()
        .with_terse_error_handler::<Full<Bytes>>();
    let layer = authorizer.jwt_layer::<Body>(Authority::new(keys, validator));
    Box::new(layer.layer(Route::<Full<Bytes>>::new()))
}
