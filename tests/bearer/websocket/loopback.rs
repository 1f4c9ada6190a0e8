//! A real WebSocket on loopback: a server of Axum's, and a client that is as strict as a browser.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::ws::{CloseFrame, Message as ServerMessage, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use futures_util::{SinkExt, StreamExt};
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{Extensions, HeaderMap};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tower_bearer::bearer::{AccessTokenWatch, EndReason};

/// Serves until the runtime of the test ends.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Agrees to `feed.v1`, says who listens and what was offered, and repeats what it hears, until the
/// token ends: 4401 or 4403.
pub(crate) async fn feed(
    upgrade: WebSocketUpgrade,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let watch = AccessTokenWatch::from_extensions(&extensions).expect("a token");
    let offered = headers
        .get(SEC_WEBSOCKET_PROTOCOL)
        .map_or("nothing", |offered| offered.to_str().unwrap());
    let hello = format!("{} {offered}", watch.claims().subject());
    upgrade
        .protocols(["feed.v1"])
        .on_upgrade(|socket| speak(socket, watch, hello))
}

async fn speak(mut socket: WebSocket, watch: AccessTokenWatch, hello: String) {
    let _ = socket.send(hello.into()).await;
    loop {
        tokio::select! {
            end = watch.ended() => {
                let code = if end == EndReason::Expired { 4401 } else { 4403 };
                let frame = CloseFrame { code, reason: "".into() };
                let _ = socket.send(ServerMessage::Close(Some(frame))).await;
                return;
            }
            heard = socket.recv() => match heard {
                Some(Ok(heard @ ServerMessage::Text(_))) => drop(socket.send(heard).await),
                Some(Ok(_)) => {}
                _ => return,
            },
        }
    }
}

/// The client's end.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    pub(crate) headers: HeaderMap,
}

impl Client {
    pub(crate) async fn open(
        server: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{server}{path}")
            .into_client_request()
            .unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(server).await.unwrap();
        let (socket, response) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self {
            socket,
            headers: response.headers().clone(),
        })
    }

    /// The next text.
    pub(crate) async fn text(&mut self) -> String {
        match self.socket.next().await {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => panic!("no text: {other:?}"),
        }
    }

    /// Says something, and hears it again.
    pub(crate) async fn assert_open(&mut self) {
        self.socket
            .send(Message::text("still there?"))
            .await
            .unwrap();
        assert_eq!(self.text().await, "still there?");
    }

    /// The code by which the server closes.
    pub(crate) async fn closed(&mut self) -> u16 {
        match self.socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => frame.code.into(),
            other => panic!("no end: {other:?}"),
        }
    }
}
