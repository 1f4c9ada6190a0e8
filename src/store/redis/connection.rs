//! The connection to Redis.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{Client, InfoDict, IntoConnectionInfo};

use super::credentials::Credentials;
use super::schema;
use crate::error::BoxError;
use crate::limits::with_timeout;
use crate::shown::ShownCause;

/// Returns the id that a server has from its start to its end.
pub(super) fn run_id(server: &InfoDict) -> Result<String, BoxError> {
    let run = server.get("run_id");
    run.ok_or_else(|| "`INFO server` names no `run_id`".into())
}

/// Makes a client whose connections notice that the other end is gone silently.
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

/// The connection, and the role of the server at the last pull, which all clones of a store share.
///
/// A [`ConnectionManager`] reconnects by itself if the connection breaks. It does not if Redis
/// refuses the handshake, or if the connection stays open and silent: then a new one replaces it.
#[derive(Clone)]
pub(super) struct Connection(Arc<Shared>);

struct Shared {
    client: Client,
    credentials: Credentials,
    current: RwLock<ConnectionManager>,
    is_replica: AtomicBool,
}

impl Connection {
    pub(super) async fn open(client: Client, credentials: Credentials) -> Result<Self, BoxError> {
        let mut connection = connect(&client, &credentials).await?;
        schema::check(&mut connection).await?;
        Ok(Self(Arc::new(Shared {
            client,
            credentials,
            current: RwLock::new(connection),
            is_replica: AtomicBool::new(false),
        })))
    }

    /// Returns a client with the present credentials, for a connection that only listens.
    pub(super) async fn client(&self) -> Result<Client, BoxError> {
        self.0.credentials.client(&self.0.client).await
    }

    /// Returns the connection, whether the server is a primary or not.
    pub(super) fn any(&self) -> ConnectionManager {
        self.0
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns the connection, if the server is a primary. A replica may not have the newest
    /// sessions. It also runs a script that finds no row and so writes nothing, and would say that
    /// a session does not exist although it cannot know that.
    pub(super) fn primary(&self) -> Result<ConnectionManager, BoxError> {
        if self.0.is_replica.load(Ordering::Relaxed) {
            return Err(IS_REPLICA.into());
        }
        Ok(self.any())
    }

    /// Notes the role of the server, as a pull saw it.
    pub(super) fn set_replica(&self, is_replica: bool) {
        self.0.is_replica.store(is_replica, Ordering::Relaxed);
    }

    /// Replaces the connection, if a new one can be made quickly, because the host name in the URL
    /// may lead to another server by now. Otherwise nothing changes until the next pull fails.
    pub(super) async fn replace(&self) {
        match with_timeout(CONNECT_WITHIN, connect(&self.0.client, &self.0.credentials)).await {
            Ok(connection) => {
                *self
                    .0
                    .current
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = connection;
            }
            Err(error) => {
                tracing::debug!(
                    cause = %ShownCause(&*error),
                    "Redis could not be reached again"
                );
            }
        }
    }
}

/// Connects with short timeouts, because callers wait for it.
async fn connect(
    client: &Client,
    credentials: &Credentials,
) -> Result<ConnectionManager, BoxError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN))
        .set_number_of_retries(1)
        .set_pipeline_buffer_size(QUEUE);
    Ok(client
        .get_connection_manager_with_config(credentials.apply(config))
        .await?)
}

pub(super) const IS_REPLICA: &str =
    "this Redis is a replica, and may lag: use the URL of the primary";
/// The time to connect. A working Redis needs less.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(1);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The connection breaks if bytes are not acknowledged for this long. Otherwise that would take a
/// quarter of an hour.
#[cfg(target_os = "linux")]
const GONE_AFTER: Duration = Duration::from_secs(5);
/// The number of commands that wait to be written before callers have to wait.
const QUEUE: usize = 1024;
