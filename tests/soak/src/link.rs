//! [`Link`]: the network between a server and its database.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// While it is cut, nothing gets through, and nobody is told. What was sent arrives afterwards, as
/// TCP does it.
#[derive(Debug)]
pub(crate) struct Link {
    port: u16,
    is_up: Arc<watch::Sender<bool>>,
}

impl Link {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("a port").port();
        let is_up = Arc::new(watch::Sender::new(true));
        let up = Arc::clone(&is_up);
        tokio::spawn(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else {
                    continue;
                };
                tokio::spawn(join(near, port, up.subscribe()));
            }
        });
        Self { port: own, is_up }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn cut(&self) {
        self.is_up.send_replace(false);
    }

    pub(crate) fn heal(&self) {
        self.is_up.send_replace(true);
    }
}

async fn join(near: TcpStream, port: u16, mut up: watch::Receiver<bool>) -> io::Result<()> {
    let _ = up.wait_for(|up| *up).await;
    let (near_reads, near_writes) = near.into_split();
    let (far_reads, far_writes) = TcpStream::connect(("127.0.0.1", port)).await?.into_split();
    let there = tokio::spawn(forward(near_reads, far_writes, up.clone()));
    // If one end is gone, so is the other.
    let back = tokio::spawn(forward(far_reads, near_writes, up));
    tokio::select! { _ = there => {}, _ = back => {} }
    Ok(())
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut up: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut bytes).await?;
        let _ = up.wait_for(|up| *up).await;
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&bytes[..count]).await?;
    }
}
