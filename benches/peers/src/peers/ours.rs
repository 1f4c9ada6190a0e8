//! Our layer without sessions, as for the tokens of an external issuer.

use bytes::Bytes;
use http_body_util::Full;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, KeySet};
use tower_layer::Layer;

use crate::kind::Kind;
use crate::route::Route;
use crate::side::Side;
use crate::tokens::{AUDIENCE, ISSUER};

pub fn side(kind: Kind) -> Box<dyn Side> {
    behind(&BearerAuthLayer::new(verifier(kind.key_set(), ISSUER)))
}

pub fn verifier(keys: KeySet, issuer: &str) -> AccessTokenVerifier {
    let builder = AccessTokenVerifier::builder(keys).issuer(issuer);
    let built = builder.audience(AUDIENCE).build();
    built.expect("the settings are complete")
}

/// The route behind this layer.
pub fn behind(layer: &BearerAuthLayer) -> Box<dyn Side> {
    Box::new(layer.layer(Route::<Full<Bytes>>::new()))
}
