//! [`LoginBuilder`]: a login with a store, or with another clock.

use std::sync::Arc;

use super::handle::Login;
use crate::store::Keeper;
use crate::tokens::Tokens;
use crate::wire::Endpoints;
use crate::{ClientError, Clock, HttpClient, Server, SystemClock, TokenStore};

/// Sets up a [`Login`]. See [`Login::builder`].
///
/// ```
/// # use hyper_util::{client::legacy::Client, rt::TokioExecutor};
/// use tower_bearer_client::{Login, MemoryTokenStore, Server};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_bearer_client::ClientError> {
/// # let http = Client::builder(TokioExecutor::new()).build_http();
/// let login = Login::builder(Server::new("http://127.0.0.1:3000", "/auth")?)
///     .store(MemoryTokenStore::default())
///     .open(http)
///     .await?;
/// assert!(!login.is_logged_in());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct LoginBuilder {
    server: Server,
    store: Option<Arc<dyn TokenStore>>,
    clock: Arc<dyn Clock>,
}

impl Login {
    /// Sets a store, which keeps the login while the program does not run, or a clock.
    ///
    /// ```
    /// # use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    /// # use tower_bearer_client::{ClientError, FileTokenStore, Login, Server};
    /// # async fn example() -> Result<(), ClientError> {
    /// # let http = Client::builder(TokioExecutor::new()).build_http();
    /// let login = Login::builder(Server::new("http://127.0.0.1:3000", "/auth")?)
    ///     .store(FileTokenStore::new("login.json"))
    ///     .open(http)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(server: Server) -> LoginBuilder {
        LoginBuilder::new(server)
    }
}

impl LoginBuilder {
    fn new(server: Server) -> Self {
        Self {
            server,
            store: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// Keeps the login in a store. The default is memory only.
    ///
    /// ```
    /// # use tower_bearer_client::{FileTokenStore, Login, Server};
    /// # let server = Server::new("https://api.example.com", "/auth").unwrap();
    /// let builder = Login::builder(server).store(FileTokenStore::new("login.json"));
    /// ```
    pub fn store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Takes the time from another clock. The default is [`SystemClock`].
    ///
    /// ```
    /// # use tower_bearer_client::{Login, Server};
    /// use tower_bearer_client::ManualClock;
    ///
    /// # let server = Server::new("https://api.example.com", "/auth").unwrap();
    /// let clock = ManualClock::new();
    /// let builder = Login::builder(server).clock(clock.clone());
    /// ```
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Loads what the store has. `http` reaches the endpoints.
    ///
    /// It waits for as long as the store takes, since a keyring may ask its user to unlock it. A
    /// limit is up to the application, as with `tokio::time::timeout`.
    ///
    /// # Errors
    ///
    /// [`Storage`](crate::ClientErrorKind::Storage): the store cannot be read, or has something
    /// else, or a login for another server. That one stays as it is:
    /// [`LoginBuilder::open_empty`] replaces it.
    /// [`Settings`](crate::ClientErrorKind::Settings): there is no tokio runtime.
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, HttpClient, Login, LoginBuilder};
    /// async fn start(builder: LoginBuilder, http: impl HttpClient) -> Result<(), ClientError> {
    ///     let login = builder.open(http).await?;
    ///     if !login.is_logged_in() {
    ///         login.log_in("alice", "wonderland-7").await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn open(self, http: impl HttpClient) -> Result<Login, ClientError> {
        let login = self.build(http, false);
        login.shared.open().await?;
        Ok(login)
    }

    /// The same without a look at what is stored: no user is logged in. It stays in the store until
    /// the first change here, as a login or [`Login::forget`], replaces it.
    ///
    /// It is for a user who agrees to lose what [`LoginBuilder::open`] cannot read: a login for
    /// another server, or a damaged file.
    ///
    /// ```
    /// # use tower_bearer_client::{BoxError, HttpClient, Login, LoginBuilder};
    /// async fn reset(builder: LoginBuilder, http: impl HttpClient) -> Result<Login, BoxError> {
    ///     let login = builder.open_empty(http);
    ///     login.forget().await?;
    ///     Ok(login)
    /// }
    /// ```
    pub fn open_empty(self, http: impl HttpClient) -> Login {
        self.build(http, true)
    }

    fn build(self, http: impl HttpClient, is_ignored: bool) -> Login {
        let tokens = Arc::new(Tokens::new(Arc::clone(&self.clock)));
        let server = self.server.name();
        let keeper = |store| Keeper::new(store, &server, is_ignored);
        let keeper = self.store.map(keeper);
        Login::over(
            tokens,
            Endpoints::new(self.server, http, self.clock),
            keeper,
        )
    }
}
