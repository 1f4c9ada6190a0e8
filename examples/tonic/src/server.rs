//! The greeter, and three servers for it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::{Router, routing::get};
use tokio::net::TcpListener;
use tonic::server::NamedService;
use tonic::service::{LayerExt, Routes};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status};
use tower::Service;
use tower_bearer::{
    AccessTokenClaims, AuthEndpoints, BearerAuthLayer, BoxError, CurrentUser, Sessions,
};

use crate::proto::greeter_server::{Greeter, GreeterServer};
use crate::proto::{HelloReply, HelloRequest};

/// Greets the user that the access token names.
#[derive(Debug)]
pub struct Greet;

#[tonic::async_trait]
impl Greeter for Greet {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        // The layer left the claims. `None`: the greeter is not wrapped.
        let claims = AccessTokenClaims::from_extensions(request.extensions());
        let claims =
            claims.ok_or_else(|| Status::internal("no BearerAuthLayer saw this request"))?;
        Ok(Response::new(HelloReply {
            message: format!("hello {}", claims.subject()),
        }))
    }
}

/// Login, a web page and the greeter on one port, over HTTP/1.1 and HTTP/2.
pub fn app(sessions: &Sessions) -> Router {
    let greeter = Routes::new(GreeterServer::new(Greet))
        .into_axum_router()
        // Tonic answers unknown paths with 200 and a `grpc-status`. Merged, that would hold for the
        // web pages too.
        .reset_fallback();
    Router::new()
        .route(
            "/me",
            get(async |CurrentUser(claims): CurrentUser| claims.subject().to_string()),
        )
        .merge(greeter)
        // Told so, it answers gRPC clients in their way, and all others as usual.
        .route_layer(sessions.layer().grpc())
        .nest_service("/auth", sessions.endpoints())
}

/// A Tonic server that is wholly behind the layer. Users log in elsewhere.
pub async fn serve_behind(
    listener: TcpListener,
    layer: BearerAuthLayer,
) -> Result<(), tonic::transport::Error> {
    Server::builder()
        .layer(layer)
        .add_service(GreeterServer::new(Greet))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await
}

/// Login and the greeter on one port, without Axum: the layer wraps one service of the server.
pub async fn serve_beside(
    listener: TcpListener,
    sessions: Sessions,
) -> Result<(), tonic::transport::Error> {
    Server::builder()
        // For the login: else the port speaks HTTP/2 only.
        .accept_http1(true)
        .add_service(
            sessions
                .layer()
                .grpc()
                .named_layer(GreeterServer::new(Greet)),
        )
        .add_service(Auth(sessions.endpoints().with_path("/auth")))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await
}

/// The endpoints under a name: Tonic finds a service by the first segment of the path.
#[derive(Clone)]
struct Auth(AuthEndpoints);

impl NamedService for Auth {
    const NAME: &'static str = "auth";
}

impl<R> Service<R> for Auth
where
    AuthEndpoints: Service<R, Error = Infallible>,
{
    type Response = <AuthEndpoints as Service<R>>::Response;
    type Error = Infallible;
    type Future = <AuthEndpoints as Service<R>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.0.call(request)
    }
}

/// Serves [`app`].
pub async fn serve(listener: TcpListener, sessions: Sessions) -> Result<(), BoxError> {
    let app = app(&sessions).into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}
