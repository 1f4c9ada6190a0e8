//! skyauth in front of a server of single use.

use std::sync::Arc;

use skyauth::client::{AtprotoOAuthClient, OAuthClientMetadata};
use skyauth::dpop::DPoPKey;
use skyauth::error::{AtprotoOAuthError, TokenError};
use skyauth::session::OAuthSession;
use tokio::sync::Mutex;

use super::eight_tasks::{Seen, TASKS};
use super::server::{SUBJECT, StrictServer};

/// Each task calls `refresh_token` with its copy of the session.
pub async fn copies() -> Seen {
    let (server, client, session) = world().await;
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (client, session) = (client.clone(), session.clone());
            tokio::spawn(async move { accepted(client.refresh_token(&session).await) })
        })
        .collect();
    let mut newest = session;
    for task in tasks {
        if let Some(session) = task.await.expect("no panic") {
            newest = session;
        }
    }
    let counts = server.counts();
    seen(
        counts,
        accepted(client.refresh_token(&newest).await).is_some(),
    )
}

/// The tasks call `refresh_session` in turns.
pub async fn mutex() -> Seen {
    let (server, client, session) = world().await;
    let session = Arc::new(Mutex::new(session));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| tokio::spawn(refresh(client.clone(), session.clone())))
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    let counts = server.counts();
    seen(counts, refresh(client, session).await)
}

async fn refresh(client: AtprotoOAuthClient, session: Arc<Mutex<OAuthSession>>) -> bool {
    let refreshed = client.refresh_session(&mut *session.lock().await).await;
    accepted(refreshed).is_some()
}

async fn world() -> (StrictServer, AtprotoOAuthClient, OAuthSession) {
    let server = StrictServer::default();
    let url = server.serve().await;
    let metadata = OAuthClientMetadata::new(
        "https://app.example/client-metadata.json",
        "https://app.example/callback",
    );
    let client = AtprotoOAuthClient::builder()
        .metadata(metadata.with_scope("atproto"))
        .allow_insecure_localhost(true)
        .build()
        .expect("the metadata are complete");
    let session = OAuthSession::new(
        SUBJECT,
        "access-0",
        Some(StrictServer::FIRST.into()),
        "DPoP",
        Some("atproto".into()),
        Some(1800),
        DPoPKey::generate(),
        None,
        None,
        Some(url),
    );
    (server, client, session.expect("a valid session"))
}

/// What the server gave, or nothing if it refused the token.
fn accepted<T>(result: Result<T, AtprotoOAuthError>) -> Option<T> {
    match result {
        Ok(given) => Some(given),
        Err(AtprotoOAuthError::Token(TokenError::RequestFailed { status: 400, .. })) => None,
        Err(error) => panic!("{error}"),
    }
}

fn seen((requests, refused): (usize, usize), is_in: bool) -> Seen {
    Seen {
        requests,
        refused,
        is_in,
    }
}
