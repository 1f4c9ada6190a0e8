//! [`Proxy`]: a reverse proxy in front of a server, and clients with addresses of their own.

use std::io;
use std::net::SocketAddr;

use support::Received;
use support::app_server::{AppServer, exchange};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// The address that proxies connect from. The clients of these tests have others.
pub(crate) const PROXY: &str = "127.0.0.2";

/// It adds the address of its client to `X-Forwarded-For`, behind whatever the client wrote there,
/// as nginx and HAProxy do. Each connection has one request.
pub(crate) struct Proxy {
    addr: SocketAddr,
    _serving: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn before(server: &AppServer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (addr, server) = (
            listener.local_addr().unwrap(),
            server.addr().parse().unwrap(),
        );
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, from) = listener.accept().await.unwrap();
                connections.spawn(forward(client, from, server));
            }
        });
        Self {
            addr,
            _serving: serving,
        }
    }

    /// A login of a client with this address.
    pub(crate) async fn log_in(&self, from: &str, headers: &[&str], form: &str) -> Received {
        log_in(self.addr, from, headers, form).await
    }
}

/// A login of a client with this address, without a proxy.
pub(crate) async fn log_in(to: SocketAddr, from: &str, headers: &[&str], form: &str) -> Received {
    let form_type = "content-type: application/x-www-form-urlencoded";
    let headers = [&[form_type], headers].concat();
    let stream = connect(from, to).await.unwrap();
    let answer = exchange(stream, "POST", "/auth/login", &headers, form).await;
    answer.unwrap()
}

async fn forward(mut client: TcpStream, from: SocketAddr, to: SocketAddr) -> io::Result<()> {
    let (mut head, end) = (Vec::new(), b"\r\n\r\n");
    while !head.ends_with(end) {
        head.push(client.read_u8().await?);
    }
    head.truncate(head.len() - 2);
    head.extend(format!("x-forwarded-for: {}\r\n\r\n", from.ip()).into_bytes());
    let mut server = connect(PROXY, to).await?;
    server.write_all(&head).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// All addresses in 127.0.0.0/8 are loopback.
async fn connect(from: &str, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0))?;
    socket.connect(to).await
}
