//! jwt-authorizer, as its documentation shows it: one key, claims as a struct.

use jwt_authorizer::layer::AuthorizationLayer;
use jwt_authorizer::{Authorizer, IntoLayer, JwtAuthorizer, Validation};
use tokio::runtime::Handle;
use tower_layer::Layer;

use super::hand_written::Claims;
use crate::kind::{Kind, SECRET};
use crate::route::Route;
use crate::side::Side;
use crate::tokens::{AUDIENCE, ISSUER};

pub fn side(kind: Kind) -> Box<dyn Side> {
    let layer: AuthorizationLayer<Claims> = authorizer(kind).into_layer();
    Box::new(layer.layer(Route::<axum_07::body::Body>::new()))
}

fn authorizer(kind: Kind) -> Authorizer<Claims> {
    let pem = kind.public_pem();
    let builder = match kind {
        Kind::Hs256 => JwtAuthorizer::from_secret(SECRET),
        Kind::EdDsa => JwtAuthorizer::from_ed_pem_text(pem),
        Kind::Es256 => JwtAuthorizer::from_ec_pem_text(pem),
        Kind::Rs256 => JwtAuthorizer::from_rsa_pem_text(pem),
    };
    let validation = Validation::new().iss(&[ISSUER]).aud(&[AUDIENCE]);
    let built = Handle::current().block_on(builder.validation(validation).build());
    built.expect("the key is good")
}
