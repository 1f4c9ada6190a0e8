//! [`Proxy`]: a network between the store and its server.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A proxy that forwards all bytes until it is told to freeze.
pub(super) struct Proxy {
    port: u16,
    freeze: watch::Sender<()>,
}

impl Proxy {
    pub(super) async fn to(url: &str) -> Self {
        let address = url.trim_start_matches("redis://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let freeze = watch::Sender::new(());
        let frozen = freeze.clone();
        tokio::spawn(async move {
            loop {
                let (mut here, _) = listener.accept().await.unwrap();
                let mut there = TcpStream::connect(&address).await.unwrap();
                let mut frozen = frozen.subscribe();
                tokio::spawn(async move {
                    let has_ended = tokio::select! {
                        _ = copy_bidirectional(&mut here, &mut there) => true,
                        _ = frozen.changed() => false,
                    };
                    if !has_ended {
                        // Both stay open.
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        Self { port, freeze }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// On the connections that there are, nothing passes any more, and none of them ends. New ones
    /// work.
    pub(super) fn freeze(&self) {
        self.freeze.send_replace(());
    }
}
