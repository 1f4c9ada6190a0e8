//! Login, a web page and a gRPC service on one port.
//!
//! ```sh
//! cargo run -p example-tonic
//! cargo run -p example-tonic --bin client
//! curl -d 'username=alice&password=wonderland-7' localhost:3003/auth/login
//! curl -H "Authorization: Bearer $ACCESS_TOKEN" localhost:3003/me
//! ```

use tower_bearer::BoxError;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt::init();
    let sessions = example_tonic::accounts::sessions()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3003").await?;
    println!("listening on http://127.0.0.1:3003");
    example_tonic::server::serve(listener, sessions).await
}
