//! A layer on jsonwebtoken, as applications write it: key and validation are made once, the future
//! is not boxed, the claims are a struct in the request's extensions.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::Either;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::Full;
use jsonwebtoken::{DecodingKey, Validation};
use serde::Deserialize;
use tower_layer::Layer;
use tower_service::Service;

use crate::kind::Kind;
use crate::route::Route;
use crate::side::Side;
use crate::tokens::{AUDIENCE, ISSUER};

/// The claims as an application names them.
#[derive(Clone, Debug, Deserialize)]
#[allow(dead_code)]
pub struct Claims {
    pub sub: String,
    pub iss: String,
    pub aud: String,
    pub exp: u64,
    pub iat: u64,
    pub jti: String,
    pub scope: String,
    pub name: String,
}

pub fn side(kind: Kind) -> Box<dyn Side> {
    Box::new(HandWritten::new(kind).layer(Route::<Full<Bytes>>::new()))
}

#[derive(Clone)]
pub struct HandWritten(Arc<Settings>);

struct Settings {
    key: DecodingKey,
    validation: Validation,
}

impl HandWritten {
    pub fn new(kind: Kind) -> Self {
        let mut validation = Validation::new(kind.of_jsonwebtoken());
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        let key = kind.decoding_key();
        Self(Arc::new(Settings { key, validation }))
    }

    // One provider of signatures is on, so the process-wide choice is this one.
    #[allow(clippy::disallowed_methods)]
    fn claims(&self, headers: &HeaderMap) -> Result<Claims, String> {
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(String::new)?;
        jsonwebtoken::decode::<Claims>(token, &self.0.key, &self.0.validation)
            .map(|token| token.claims)
            .map_err(|error| error.to_string())
    }
}

impl<S> Layer<S> for HandWritten {
    type Service = HandWrittenService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        HandWrittenService { inner, layer }
    }
}

#[derive(Clone)]
pub struct HandWrittenService<S> {
    inner: S,
    layer: HandWritten,
}

type Unauthorized<B, E> = Ready<Result<Response<B>, E>>;

impl<S, R, B> Service<Request<R>> for HandWrittenService<S>
where
    S: Service<Request<R>, Response = Response<B>, Error = Infallible>,
    B: From<String>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Either<S::Future, Unauthorized<B, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<R>) -> Self::Future {
        match self.layer.claims(request.headers()) {
            Ok(claims) => {
                request.extensions_mut().insert(claims);
                Either::Left(self.inner.call(request))
            }
            Err(error) => {
                let mut response = Response::new(B::from(error));
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                Either::Right(ready(Ok(response)))
            }
        }
    }
}
