//! The server of `lib.rs`, on port 3004.

use tower_bearer::{BoxError, Secret};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt::init();
    // The sessions in memory end with the program, so the secret may end with it too.
    let app = example_mcp::app("http://127.0.0.1:3004", &Secret::random()?)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3004").await?;
    println!("listening on http://127.0.0.1:3004");
    axum::serve(listener, app).await?;
    Ok(())
}
