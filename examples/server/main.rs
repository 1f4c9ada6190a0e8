//! A small, real application: Axum, SQLite or PostgreSQL, Argon2, sign-up, protected routes, one of
//! which wants a recent password.
//!
//! ```sh
//! cargo run --example server
//! ```
//!
//! It starts without any configuration, says where it listens and what to try. Its data and its
//! secret are beside the program, and survive a restart. `config.rs` lists the variables of the
//! environment.
//!
//! | file | what it is |
//! |---|---|
//! | `main.rs` | puts the parts together |
//! | `accounts.rs` | what the users table says to `tower-bearer` |
//! | `users.rs` | the users table |
//! | `database.rs` | `DATABASE_URL`: SQLite, PostgreSQL, Redis |
//! | `routes.rs` | the application's own routes |
//! | `page.rs`, `page/` | a page to see it work, with `js/session.js` of this repository |
//! | `docs.rs` | the OpenAPI document, and Swagger UI |
//! | `headers.rs` | what browsers may do with the responses |
//! | `config.rs` | the environment |

mod accounts;
mod config;
mod database;
mod docs;
mod headers;
mod page;
mod routes;
mod users;

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Extension};
use axum::middleware;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tower_bearer::bearer::RequireLayer;
use tower_bearer::endpoint::JwksEndpoint;
use tower_bearer::{BoxError, ConfigError, CookieDelivery, Sessions};

use accounts::Accounts;
use config::Config;
use database::Database;

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        // A file or the journal gets plain text, for fail2ban.
        .with_ansi(io::stdout().is_terminal())
        .init();
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), BoxError> {
    let addr = config::addr()?;
    let listener = TcpListener::bind(&addr).await.map_err(|error| {
        format!(
            "cannot listen on ADDR {addr:?}: {error}. It takes an address and a port, \
             as in ADDR=127.0.0.1:3000"
        )
    })?;
    let addr = listener.local_addr()?;
    let config = Config::from_env()?;

    let (users, store) = config.database.open().await?;
    let accounts = Accounts::new(users);
    // Behind a proxy, an address on loopback is open to all.
    let is_demo = addr.ip().is_loopback() && config.trusted_proxies.is_empty();
    let seeded = config.demo_users.unwrap_or(is_demo) && accounts.seed().await?;
    if seeded {
        println!(
            "demo users: alice / wonderland-7 (admin) and bob / builder-8, \
             because the database was empty"
        );
    }

    let sessions = Sessions::builder(accounts.clone(), store)
        .issuer(config.issuer)
        .audience(config.audience)
        .secret(config.secret)
        .signing_key(config.signing_key)
        .policy(config.policy)
        .leeway(config.leeway)
        .login_throttle(config.throttle)
        // A guess is counted at the address of the connection, or at what a named proxy says.
        .client_address(|parts| {
            let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
            peer.map(|peer| peer.0.ip())
        })
        .trusted_proxies(config.trusted_proxies.iter().map(String::as_str))
        .build()?;

    print_welcome(addr, &config.database);
    let app = app(accounts, &sessions, seeded)?.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app)
        .with_graceful_shutdown(stopped())
        .await?;
    sessions.flush().await?;
    Ok(())
}

fn app(
    accounts: Accounts,
    sessions: &Sessions,
    has_demo_users: bool,
) -> Result<Router, ConfigError> {
    // The page asks for them. Other clients get their tokens in the body.
    let cookies = CookieDelivery::new()
        .for_pages_without_scripts()
        .for_sessions(sessions);
    let endpoints = sessions
        .endpoints()
        .with_path("/auth")
        .with_cookies(cookies.clone());
    let signed_in = sessions
        .layer()
        .with_user_loader(accounts.clone())
        .with_token_sources(cookies.token_sources());
    // The password was given just now, so this is not a session that was stolen.
    let just_now = RequireLayer::max_age(Duration::from_secs(300));
    // On the methods, so that another method is 405, whatever token it has.
    let device = routes::Device {
        sessions: sessions.clone(),
        cookies: cookies.clone(),
    };
    let router = Router::new()
        .route("/me", get(routes::me).route_layer(signed_in.clone()))
        .route(
            "/admin",
            get(routes::admin)
                .route_layer(RequireLayer::scope("admin"))
                .route_layer(signed_in.clone()),
        )
        .route(
            "/password",
            post(routes::set_password)
                .route_layer(Extension(device))
                .route_layer(just_now)
                .route_layer(signed_in),
        )
        // Without scripts: `/me` stays logged in for as long as the refresh token lives.
        .route_layer(cookies.renewal_layer(sessions)?)
        .route_layer(middleware::map_response(headers::never_store))
        // Routes added after `route_layer` need no token.
        .route("/signup", post(routes::sign_up))
        .merge(page::page(sessions.clone(), cookies, has_demo_users))
        .layer(DefaultBodyLimit::max(8 * 1024))
        .with_state(accounts)
        .route_service("/.well-known/jwks.json", JwksEndpoint::new(sessions.keys()))
        .merge(docs::swagger_ui(&endpoints))
        .nest_service("/auth", endpoints)
        // Added last, so that all responses have them.
        .layer(middleware::from_fn(headers::add));
    Ok(router)
}

/// Ctrl-C, or what a service manager sends.
async fn stopped() {
    #[cfg(unix)]
    if let Ok(mut terminated) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            Ok(()) = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Without the signal the server runs until it is killed.
        std::future::pending::<()>().await;
    }
}

fn print_welcome(addr: SocketAddr, database: &Database) {
    println!("data: {database}");
    println!(
        "listening on http://{addr}. Try:

  curl -d 'username=carol&password=correct-horse' http://{addr}/signup
  curl -d 'username=carol&password=correct-horse' http://{addr}/auth/login
  curl -H \"Authorization: Bearer $ACCESS_TOKEN\" http://{addr}/me
  curl -H \"Authorization: Bearer $ACCESS_TOKEN\" -d 'password=another-horse' http://{addr}/password
  curl -d \"refresh_token=$REFRESH_TOKEN\" http://{addr}/auth/refresh
  curl -d \"token=$REFRESH_TOKEN\" http://{addr}/auth/logout

or http://{addr}/docs in a browser.
"
    );
}
