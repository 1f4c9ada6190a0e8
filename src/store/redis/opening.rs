//! How a [`RedisStore`] is opened.

use redis::cluster::ClusterClientBuilder;
use redis::sentinel::SentinelClient;
use redis::{BasicAuth, Client, ConnectionInfo, RedisResult, StreamingCredentialsProvider};
use tokio::sync::Mutex;

use super::cluster;
use super::connection::Connection;
use super::credentials::{AskEachTime, Credentials};
use super::destination::Destination;
use super::servers::Servers;
use super::store::RedisStore;
use super::tcp::tcp_settings;
use crate::error::BoxError;
use crate::limits::with_timeout;
use crate::store::error::StoreError;
use crate::store::place::{FailedAt, OPEN_DEADLINE, Place};

impl RedisStore {
    /// Connects to a server, a cluster, or the server that sentinels name:
    ///
    /// - `redis://[user:password@]host[:port][/database]`. `valkey://` and `unix://` are supported
    ///   too.
    /// - `redis-cluster://[user:password@]host:port,host:port`, with some nodes of the cluster. The
    ///   others are found through any of them.
    /// - `redis-sentinel://[user:password@]host:port,host:port/group[/database]`, with sentinels,
    ///   and the name that they know the servers by. User and password are those of the servers.
    ///
    /// In a user and a password write `%2F` for `/`, `%3F` for `?`, `%23` for `#` and `%25` for
    /// `%`.
    ///
    /// For TLS they are `rediss://`, `rediss-cluster://` and `rediss-sentinel://`: see
    /// [what the store needs](Self#what-it-needs).
    ///
    /// # Errors
    ///
    /// The URL is malformed, or see [`from_client`](Self::from_client).
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_as(url, Credentials::default()).await
    }

    /// Uses the application's own client, with its settings for TLS and TCP. `TCP_NODELAY` and a
    /// `TCP_USER_TIMEOUT` are recommended. Set a TCP keepalive too: the connection that listens
    /// sends nothing, so without it announcements may be missing unnoticed, and a logout then takes
    /// effect within a second.
    ///
    /// # Errors
    ///
    /// The server cannot be reached within four seconds, the password is wrong, the server evicts
    /// keys, or it is a node of a cluster. The error names the host, the port and the cause.
    pub async fn from_client(client: Client) -> Result<Self, StoreError> {
        Self::from_client_as(client, Credentials::default()).await
    }

    /// Uses the application's own settings of a cluster, such as those for TLS. Timeouts, retries
    /// and the protocol are replaced by those that the store needs. `read_from_replicas` must not
    /// be set: a replica may lag. Set a TCP keepalive, as in [`from_client`](Self::from_client).
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_bearer::RedisStore;
    /// use tower_bearer::store::redis_driver::cluster::ClusterClientBuilder;
    ///
    /// let seeds = ["redis://10.0.0.1:6379", "redis://10.0.0.2:6379"];
    /// let store = RedisStore::from_cluster(ClusterClientBuilder::new(seeds)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A URL is malformed, no seed can be reached within four seconds, or see
    /// [`from_client`](Self::from_client).
    pub async fn from_cluster(seeds: ClusterClientBuilder) -> Result<Self, StoreError> {
        let place = Place::new(REDIS, "the cluster");
        let client = cluster::client(seeds).failed_at(&place)?;
        Self::connect(Servers::Cluster(Box::new(client)), place).await
    }

    /// Uses the application's own client of sentinels: for sentinels with a password, or with
    /// certificates of an authority of your own. It has to ask for the master. The settings of TCP
    /// are those that [`from_client`](Self::from_client) recommends.
    ///
    /// ```no_run
    /// # async fn example(password: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_bearer::RedisStore;
    /// use tower_bearer::store::redis_driver::ConnectionAddr;
    /// use tower_bearer::store::redis_driver::sentinel::{
    ///     SentinelClientBuilder, SentinelServerType::Master,
    /// };
    ///
    /// let sentinels = [ConnectionAddr::Tcp("10.0.0.1".into(), 26379)];
    /// let sentinels = SentinelClientBuilder::new(sentinels, "sessions", Master)?
    ///     .set_client_to_sentinel_password(password);
    /// let store = RedisStore::from_sentinels(sentinels.build()?).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// No sentinel can be reached within four seconds, or see [`from_client`](Self::from_client).
    pub async fn from_sentinels(sentinels: SentinelClient) -> Result<Self, StoreError> {
        let place = Place::new(REDIS, "the sentinels");
        let servers = Servers::SentinelClient(Box::new(Mutex::new(sentinels)));
        Self::connect(servers, place).await
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
        Self::open_as(url, Credentials::of(AskEachTime(ask))).await
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
        Self::from_client_as(client, Credentials::of(provider)).await
    }

    async fn open_as(url: &str, credentials: Credentials) -> Result<Self, StoreError> {
        let (servers, at) =
            read(url, credentials).map_err(|error| StoreError::new(REDIS, error))?;
        Self::connect(servers, Place::new(REDIS, at)).await
    }

    async fn from_client_as(client: Client, credentials: Credentials) -> Result<Self, StoreError> {
        let place = Place::new(REDIS, client.get_connection_info().addr().to_string());
        Self::connect(Servers::One(client, credentials), place).await
    }

    async fn connect(servers: Servers, place: Place) -> Result<Self, StoreError> {
        let connection = with_timeout(OPEN_DEADLINE, Connection::open(servers))
            .await
            .failed_at(&place)?;
        Ok(Self::new(connection, place))
    }
}

/// Reads a URL, and returns the hosts that it names too.
fn read(url: &str, credentials: Credentials) -> Result<(Servers, String), BoxError> {
    Ok(match Destination::read(url)? {
        Destination::One(server) => {
            let at = server.addr().to_string();
            let client = Client::open(server.set_tcp_settings(tcp_settings()))?;
            (Servers::One(client, credentials), at)
        }
        Destination::Cluster(seeds) => {
            let at = hosts(&seeds);
            let seeds = ClusterClientBuilder::new(seeds).tcp_settings(tcp_settings());
            let client = cluster::client(credentials.of_cluster(seeds))?;
            (Servers::Cluster(Box::new(client)), at)
        }
        Destination::Sentinels(sentinels) => {
            let at = hosts(&sentinels.seeds);
            (Servers::Sentinels(sentinels, credentials), at)
        }
    })
}

fn hosts(seeds: &[ConnectionInfo]) -> String {
    let hosts: Vec<String> = seeds.iter().map(|seed| seed.addr().to_string()).collect();
    hosts.join(",")
}

const REDIS: &str = "Redis";
