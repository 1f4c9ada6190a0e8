//! What the store does with a pool: reaching its server, and connecting beside it.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use tokio::time::sleep;

use crate::error::BoxError;
use crate::limits::with_timeout;
use crate::store::place::{OPEN_DEADLINE, Place};

/// Connects once, and says why that fails. A pool would try for half a minute, and would not say
/// why it failed.
///
/// A server that is just starting gets the rest of the time.
pub(super) async fn reach(options: &PgConnectOptions) -> Result<PgConnection, BoxError> {
    let mut starting = None;
    let tried = with_timeout(OPEN_DEADLINE, async {
        Ok::<_, BoxError>(reach_once_started(options, &mut starting).await)
    })
    .await;
    match tried {
        Ok(reached) => Ok(reached?),
        Err(timed_out) => Err(starting.map_or(timed_out, BoxError::from)),
    }
}

async fn reach_once_started(
    options: &PgConnectOptions,
    starting: &mut Option<sqlx::Error>,
) -> Result<PgConnection, sqlx::Error> {
    loop {
        match PgConnection::connect_with(options).await {
            Err(error) if is_starting(&error) => *starting = Some(error),
            connected => return connected,
        }
        sleep(BETWEEN_TRIES).await;
    }
}

/// Returns whether the server is just starting, by the same errors as a pool.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

/// Makes a pool with one connection, which connects at first use, as the pool does, to the same
/// server, with the same role and the same hooks.
pub(super) fn one_connection_like(pool: &PgPool) -> PgPool {
    let options: PgPoolOptions = pool.options().clone();
    options
        .min_connections(0)
        .max_connections(1)
        .connect_lazy_with((*pool.connect_options()).clone())
}

pub(super) fn place(options: &PgConnectOptions) -> Place {
    let database = options.get_database().unwrap_or(options.get_username());
    let server = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    Place::new(POSTGRES, format!("{server}, database {database}"))
}

pub(super) const POSTGRES: &str = "PostgreSQL";
const BETWEEN_TRIES: Duration = Duration::from_millis(100);
