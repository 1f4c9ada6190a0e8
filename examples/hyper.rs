//! Hyper and Tower, no Axum anywhere: the layer around a plain service, the endpoints beside it,
//! and a limit on slow headers.
//!
//! ```sh
//! cargo run --example hyper
//! curl -d 'username=alice&password=wonderland-7' localhost:3001/auth/login
//! curl -H "Authorization: Bearer $ACCESS_TOKEN" localhost:3001/me
//! ```

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::edge::ClientAddress;
use tower_bearer::{
    AccessTokenClaims, Authenticate, Authorization, AuthorizeRequest, BoxError, Grant, Identity,
    Login, MemoryStore, Outcome, PasswordCredentials, Secret, Sessions,
};

/// The protected service. The layer has left the claims in the request.
async fn me(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let name = AccessTokenClaims::from_extensions(request.extensions())
        .map(|claims| claims.subject().to_string());
    Ok(Response::new(Full::from(name.unwrap_or_default())))
}

fn not_found() -> Response<BoxBody<Bytes, Infallible>> {
    let mut response = Response::new(BoxBody::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let sessions = Sessions::builder(Accounts, MemoryStore::new())
        .issuer("http://127.0.0.1:3001")
        .audience("example-api")
        .secret(Secret::random()?)
        .build()?;

    let me = sessions.layer().layer(service_fn(me));
    // No router takes the prefix off here, so the endpoints have to know it.
    let auth = sessions.endpoints().with_path("/auth");
    let app = service_fn(move |request: Request<Incoming>| {
        let (me, auth) = (me.clone(), auth.clone());
        async move {
            match request.uri().path() {
                "/me" => Ok::<_, Infallible>(me.oneshot(request).await?.map(BodyExt::boxed)),
                path if path.starts_with("/auth/") => {
                    Ok(auth.oneshot(request).await?.map(BodyExt::boxed))
                }
                _ => Ok(not_found()),
            }
        }
    });

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3001").await?;
    println!("listening on http://127.0.0.1:3001");
    loop {
        // Too many open files, say. It passes.
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // Guesses at passwords are counted by the client's address.
        let app = app.clone();
        let service =
            TowerToHyperService::new(service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(ClientAddress::from(peer));
                app.clone().oneshot(request)
            }));
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                // A client that sends its headers one by one holds nothing for longer than this.
                .header_read_timeout(Duration::from_secs(10))
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                eprintln!("connection: {error}");
            }
        });
    }
}

struct Accounts;

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = Infallible;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, Infallible> {
        if login.username() == "alice" && login.password() == "wonderland-7" {
            Ok(Identity::new("alice").into())
        } else {
            Ok(Outcome::invalid_credentials())
        }
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().into())
    }
}
