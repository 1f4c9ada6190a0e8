//! The server of `lib.rs`, on port 3004, or where `ADDR` says.
//!
//! `ORIGIN` is what clients write, as in `https://mcp.example.com`, if it is not `ADDR`.

use std::env;

use tower_bearer::{BoxError, Secret};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let addr = env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3004".to_owned());
    let listener = tokio::net::TcpListener::bind(addr).await?;
    let here = format!("http://{}", listener.local_addr()?);
    let origin = env::var("ORIGIN").unwrap_or_else(|_| here.clone());
    let app = match env::var("ISSUER") {
        Ok(issuer) => example_mcp::app_of_issuer(&origin, &issuer)?,
        // The sessions in memory end with the program, so the secret may end with it too.
        Err(_) => example_mcp::app(&origin, &Secret::random()?)?,
    };
    println!("listening on {here}");
    example_mcp::serve(listener, app).await?;
    Ok(())
}
