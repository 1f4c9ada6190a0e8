//! Starts the application. README.md has the variables of its environment.

use std::net::SocketAddr;

use app::accounts::Accounts;
use app::config::Config;
use app::routes;
use axum::extract::ConnectInfo;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix;
use tower_bearer::{BoxError, Passwords, Sessions};

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), BoxError> {
    let config = Config::from_env()?;
    tracing_subscriber::fmt().with_max_level(config.log).init();

    let (users, store) = config.database.open().await?;
    let accounts = Accounts::new(users, Passwords::new());
    let sessions = Sessions::builder(accounts.clone(), store)
        // With another issuer or audience, all users log in again.
        .issuer(config.issuer)
        .audience(env!("CARGO_PKG_NAME"))
        .secret(config.secret)
        // Guesses at passwords are counted by the client's address.
        .client_address(|parts| Some(parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()))
        .trusted_proxies(config.trusted_proxies.iter().map(String::as_str))
        .build()?;

    let listener = TcpListener::bind(&config.addr)
        .await
        .map_err(|error| format!("ADDR {}: {error}", config.addr))?;
    println!("listening on http://{}", listener.local_addr()?);
    let app = routes::app(accounts, &sessions);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(stopped())
        .await?;
    // What the store has not been told yet.
    sessions.flush().await?;
    Ok(())
}

/// Waits for Ctrl-C, or for the signal that stops a container.
async fn stopped() {
    let terminated = async {
        #[cfg(unix)]
        if let Ok(mut signal) = unix::signal(unix::SignalKind::terminate()) {
            signal.recv().await;
            return;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
