//! Real connections over loopback.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use bytes::Bytes;
use example_tonic::accounts::sessions;
use example_tonic::client::{greeter, log_in};
use example_tonic::proto::HelloRequest;
use example_tonic::proto::greeter_client::GreeterClient;
use example_tonic::server::{serve, serve_behind, serve_beside};
use http::Version;
use http::header::{AUTHORIZATION, CONTENT_TYPE, TE, WWW_AUTHENTICATE};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tower::{Layer, ServiceExt};
use tower_bearer::{Identity, Sessions};
use tower_bearer_client::{Login, SendOnce, Server};

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

async fn channel(url: &str) -> Channel {
    Channel::from_shared(url.to_owned())
        .unwrap()
        .connect()
        .await
        .unwrap()
}

async fn axum_server() -> String {
    let (listener, url) = listener().await;
    tokio::spawn(serve(listener, sessions().unwrap()));
    url
}

async fn token(sessions: &Sessions) -> String {
    sessions
        .start(Identity::new("alice"))
        .await
        .unwrap()
        .access_token()
        .secret()
        .to_owned()
}

async fn hello(channel: Channel, token: &str) -> Result<String, Status> {
    greeter(channel, token)
        .unwrap()
        .say_hello(HelloRequest {})
        .await
        .map(|reply| reply.into_inner().message)
}

async fn refusal(channel: Channel) -> Status {
    GreeterClient::new(channel)
        .say_hello(HelloRequest {})
        .await
        .unwrap_err()
}

fn assert_unauthenticated(status: &Status) {
    assert_eq!(status.code(), Code::Unauthenticated);
    assert_eq!(status.message(), "an access token is needed");
    assert_eq!(status.metadata().get("www-authenticate").unwrap(), "Bearer");
}

#[tokio::test]
async fn axum_greets_alice() {
    let channel = channel(&axum_server().await).await;
    let token = log_in(channel.clone(), "alice", "wonderland-7")
        .await
        .unwrap();
    assert_eq!(hello(channel, &token).await.unwrap(), "hello alice");
}

/// The login goes over the connection of the calls, in the body that the channel takes.
#[tokio::test]
async fn a_channel_behind_the_layer_of_the_client_sends_its_token_to_the_origin_that_is_named() {
    let url = axum_server().await;
    let channel = channel(&url).await;
    let http = channel
        .clone()
        .map_request(|request: http::Request<Full<Bytes>>| request.map(tonic::body::Body::new));
    let login = Login::new(Server::new(&url, "/auth").unwrap(), http);
    login.log_in("alice", "wonderland-7").await.unwrap();
    let client = login.layer().resend(SendOnce).layer(channel);

    let mut greeter = GreeterClient::with_origin(client.clone(), url.parse().unwrap());
    let reply = greeter.say_hello(HelloRequest {}).await.unwrap();
    assert_eq!(reply.into_inner().message, "hello alice");
    let refused = GreeterClient::new(client).say_hello(HelloRequest {}).await;
    assert_unauthenticated(&refused.unwrap_err());
    login.log_out().await.unwrap();
    let refused = greeter.say_hello(HelloRequest {}).await.unwrap_err();
    assert!(
        refused.message().contains("no user is logged in"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn axum_refuses_a_stranger() {
    let channel = channel(&axum_server().await).await;
    assert_unauthenticated(&refusal(channel.clone()).await);
    let status = hello(channel, "nonsense").await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unauthenticated, "the access token is invalid")
    );
    let challenge = status.metadata().get("www-authenticate").unwrap();
    assert!(
        challenge
            .to_str()
            .unwrap()
            .starts_with("Bearer error=\"invalid_token\""),
        "{challenge:?}"
    );
}

#[tokio::test]
async fn axum_refuses_a_wrong_password() {
    let error = log_in(channel(&axum_server().await).await, "alice", "wrong")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("400") && error.contains("credentials_invalid"),
        "{error}"
    );
}

#[tokio::test]
async fn one_port_speaks_http1_too() {
    let url = axum_server().await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let login = http::Request::post(format!("{url}/auth/login"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from("username=alice&password=wonderland-7"))
        .unwrap();
    let answer = client.request(login).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, Version::HTTP_11)
    );
    let tokens: serde_json::Value =
        serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let token = tokens["access_token"].as_str().unwrap();

    let me =
        http::Request::get(format!("{url}/me")).header(AUTHORIZATION, format!("Bearer {token}"));
    let answer = client
        .request(me.body(Full::default()).unwrap())
        .await
        .unwrap();
    assert_eq!(
        answer.into_body().collect().await.unwrap().to_bytes(),
        "alice"
    );
    let answer = client
        .get(format!("{url}/me").parse().unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    // Tonic's fallback is not that of the web pages.
    let answer = client
        .get(format!("{url}/nowhere").parse().unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);

    assert_eq!(
        hello(channel(&url).await, token).await.unwrap(),
        "hello alice"
    );
}

#[tokio::test]
async fn a_tonic_server_behind_the_layer() {
    let sessions = sessions().unwrap();
    let (listener, url) = listener().await;
    tokio::spawn(serve_behind(listener, sessions.layer().grpc()));
    let channel = channel(&url).await;
    assert_eq!(
        hello(channel.clone(), &token(&sessions).await)
            .await
            .unwrap(),
        "hello alice"
    );
    assert_unauthenticated(&refusal(channel).await);
}

#[tokio::test]
async fn one_service_behind_the_layer() {
    let (listener, url) = listener().await;
    tokio::spawn(serve_beside(listener, sessions().unwrap()));
    let channel = channel(&url).await;
    assert_unauthenticated(&refusal(channel.clone()).await);
    let token = log_in(channel.clone(), "alice", "wonderland-7")
        .await
        .unwrap();
    assert_eq!(hello(channel, &token).await.unwrap(), "hello alice");
}

/// A token of ours does not outlive its session, in gRPC neither.
#[tokio::test]
async fn a_logout_counts() {
    let sessions = sessions().unwrap();
    let (listener, url) = listener().await;
    tokio::spawn(serve_behind(listener, sessions.layer().grpc()));
    let channel = channel(&url).await;
    let token = token(&sessions).await;
    assert_eq!(hello(channel.clone(), &token).await.unwrap(), "hello alice");
    sessions.log_out_everywhere(&"alice".into()).await.unwrap();
    let status = hello(channel, &token).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Unauthenticated, "the session has ended")
    );
}

/// The refusal on the wire.
#[tokio::test]
async fn a_refusal_is_trailers_only() {
    let request = http::Request::post("/greeter.Greeter/SayHello")
        .header(CONTENT_TYPE, "application/grpc")
        .header(TE, "trailers");
    let request = request.body(tonic::body::Body::empty()).unwrap();
    let response = channel(&axum_server().await)
        .await
        .oneshot(request)
        .await
        .unwrap();
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (200, Version::HTTP_2)
    );
    assert_eq!(response.headers()["content-type"], "application/grpc");
    assert_eq!(response.headers()["grpc-status"], "16");
    assert_eq!(
        response.headers()["grpc-message"],
        "an access token is needed"
    );
    assert!(
        response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .is_empty()
    );
}

/// A plain page answers 401 behind the same layer, whatever the media type of the request.
#[tokio::test]
async fn a_page_is_never_refused_with_200() {
    let url = axum_server().await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    for media_type in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc-web",
        "application/json",
    ] {
        let request = http::Request::post(format!("{url}/me"))
            .header(CONTENT_TYPE, media_type)
            .header(TE, "trailers");
        let answer = client
            .request(request.body(Full::default()).unwrap())
            .await
            .unwrap();
        assert_eq!(
            (
                answer.status().as_u16(),
                &answer.headers()[WWW_AUTHENTICATE]
            ),
            (401, &"Bearer".parse().unwrap()),
            "{media_type}"
        );
        // Over HTTP/2 too, where no gRPC client says that it is one.
        let request = http::Request::post("/me")
            .header(CONTENT_TYPE, media_type)
            .body(tonic::body::Body::empty())
            .unwrap();
        let answer = channel(&url).await.oneshot(request).await.unwrap();
        assert_eq!(
            (
                answer.status().as_u16(),
                &answer.headers()[WWW_AUTHENTICATE]
            ),
            (401, &"Bearer".parse().unwrap()),
            "{media_type}"
        );
    }
}

/// Six wrong passwords from this machine, one after the other: what becomes of the last.
async fn sixth_guess(channel: &Channel) -> String {
    let mut last = String::new();
    for _ in 0..6 {
        let refused = log_in(channel.clone(), "alice", "guessed").await;
        last = refused.unwrap_err().to_string();
    }
    last
}

/// Without the client's address, 30 guesses of all strangers together would be looked at.
#[tokio::test]
async fn guesses_are_counted_by_the_address_of_the_client() {
    let (listener, url) = listener().await;
    tokio::spawn(serve_beside(listener, sessions().unwrap()));
    for url in [url, axum_server().await] {
        let last = sixth_guess(&channel(&url).await).await;
        assert!(
            last.contains("429") && last.contains("too_many_attempts"),
            "{last}"
        );
    }
}
