//! How a [`RedisStore`] is opened.

use redis::{BasicAuth, Client, RedisResult, StreamingCredentialsProvider};

use super::connection::{self, Connection};
use super::credentials::{AskEachTime, Credentials};
use super::store::RedisStore;
use crate::limits::with_timeout;
use crate::store::error::StoreError;
use crate::store::place::{FailedAt, OPEN_DEADLINE, Place};

impl RedisStore {
    /// Connects to `redis://[user:password@]host[:port][/database]`. `valkey://` and `unix://` are
    /// supported too.
    ///
    /// # Errors
    ///
    /// The URL is malformed, or see [`from_client`](Self::from_client).
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::from_client(connection::client(url).map_err(|error| StoreError::new(REDIS, error))?)
            .await
    }

    /// Uses the application's own client, with its settings for TLS and TCP. `TCP_NODELAY` and a
    /// `TCP_USER_TIMEOUT` are recommended.
    ///
    /// # Errors
    ///
    /// The server cannot be reached within four seconds, the password is wrong, or the server
    /// evicts keys. The error names the host, the port and the cause.
    pub async fn from_client(client: Client) -> Result<Self, StoreError> {
        Self::connect(client, Credentials::default()).await
    }

    /// Does the same as [`open`](Self::open), with credentials that change: a password that rotates
    /// (Vault), or a token that is valid for minutes (IAM). `ask` is called for each new
    /// connection, twice, and has a second to answer. The URL's own user and password are ignored.
    ///
    /// ```no_run
    /// # async fn secret_of_today() -> String { String::new() }
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_bearer::RedisStore;
    /// use tower_bearer::store::redis_driver::BasicAuth;
    ///
    /// let store = RedisStore::open_with_credentials("redis://127.0.0.1", || async {
    ///     Ok(BasicAuth::new("app".to_owned(), secret_of_today().await))
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `ask` fails, or see [`open`](Self::open).
    pub async fn open_with_credentials<F, Fut>(url: &str, ask: F) -> Result<Self, StoreError>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = RedisResult<BasicAuth>> + Send + 'static,
    {
        let client = connection::client(url).map_err(|error| StoreError::new(REDIS, error))?;
        Self::from_client_with_credentials(client, AskEachTime(ask)).await
    }

    /// Does the same as [`from_client`](Self::from_client), with a provider of credentials of the
    /// driver. Each connection logs in with the first item of the provider's stream, and again with
    /// each later item, as a token needs that is only valid for minutes (Entra ID).
    ///
    /// # Errors
    ///
    /// The provider fails, or see [`from_client`](Self::from_client).
    pub async fn from_client_with_credentials(
        client: Client,
        provider: impl StreamingCredentialsProvider + 'static,
    ) -> Result<Self, StoreError> {
        Self::connect(client, Credentials::of(provider)).await
    }

    async fn connect(client: Client, credentials: Credentials) -> Result<Self, StoreError> {
        let place = Place::new(REDIS, client.get_connection_info().addr().to_string());
        let connection = with_timeout(OPEN_DEADLINE, Connection::open(client, credentials))
            .await
            .failed_at(&place)?;
        Ok(Self::new(connection, place))
    }
}

const REDIS: &str = "Redis";
