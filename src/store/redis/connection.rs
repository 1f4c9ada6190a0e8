//! How Redis is reached.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{Client, IntoConnectionInfo};

use super::schema;

use crate::error::BoxError;
use crate::limits::with_timeout;

/// A client whose connections notice that the other end is gone without a word.
pub(super) fn client(url: &str) -> Result<Client, BoxError> {
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(10))
        .with_interval(Duration::from_secs(3));
    let settings = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(GONE_AFTER);
    Ok(Client::open(
        url.into_connection_info()?.set_tcp_settings(settings),
    )?)
}

/// What all clones of a store share: the connection, and what the last pull said of the server.
///
/// A [`ConnectionManager`] comes back by itself where the connection breaks. It does not where
/// Redis refuses the handshake, nor where the connection stays open and silent: then a new one
/// takes its place.
#[derive(Clone)]
pub(super) struct Connection(Arc<Shared>);

struct Shared {
    client: Client,
    current: RwLock<ConnectionManager>,
    is_replica: AtomicBool,
}

impl Connection {
    pub(super) async fn open(client: Client) -> Result<Self, BoxError> {
        let mut connection = connect(&client).await?;
        schema::check(&mut connection).await?;
        Ok(Self(Arc::new(Shared {
            client,
            current: RwLock::new(connection),
            is_replica: AtomicBool::new(false),
        })))
    }

    pub(super) fn client(&self) -> &Client {
        &self.0.client
    }

    /// The server that answers there, a primary or not.
    pub(super) fn any(&self) -> ConnectionManager {
        self.0
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// A replica may not have the newest sessions, and lets a script run that finds no row and so
    /// writes nothing: it would answer "unknown" where it does not know.
    pub(super) fn primary(&self) -> Result<ConnectionManager, BoxError> {
        if self.0.is_replica.load(Ordering::Relaxed) {
            return Err(IS_REPLICA.into());
        }
        Ok(self.any())
    }

    /// What a pull saw.
    pub(super) fn set_replica(&self, is_replica: bool) {
        self.0.is_replica.store(is_replica, Ordering::Relaxed);
    }

    /// Connects anew, if that takes a moment: the name in the URL may lead elsewhere by now. Else
    /// all stays as it is, until the next pull fails.
    pub(super) async fn replace(&self) {
        match with_timeout(CONNECT_WITHIN, connect(&self.0.client)).await {
            Ok(connection) => {
                *self
                    .0
                    .current
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = connection;
            }
            Err(error) => {
                tracing::debug!(
                    cause = &*error as &dyn std::error::Error,
                    "Redis was not reached anew"
                );
            }
        }
    }
}

/// With short limits: callers wait for it.
async fn connect(client: &Client) -> Result<ConnectionManager, BoxError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN))
        .set_number_of_retries(1)
        .set_pipeline_buffer_size(QUEUE);
    Ok(client.get_connection_manager_with_config(config).await?)
}

pub(super) const IS_REPLICA: &str =
    "this Redis is a replica, and may lag: let the URL lead to the primary";
/// More than a working Redis takes.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(1);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Bytes that were not acknowledged for so long break the connection. Else it would take a quarter
/// of an hour.
#[cfg(target_os = "linux")]
const GONE_AFTER: Duration = Duration::from_secs(5);
/// Commands that wait to be written, before their callers wait.
const QUEUE: usize = 1024;
