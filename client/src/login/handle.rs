//! [`Login`]: the login of one user at one server.

use std::sync::Arc;
use std::time::Duration;

use super::form::add;
use crate::refresh::Shared;
use crate::runtime::runtime;
use crate::secret::Secret;
use crate::store::Keeper;
use crate::tokens::{Ending, Lineage, Pair, Tokens, Turn};
use crate::wire::{Endpoint, Endpoints, Then, TokenAnswer, With};
use crate::{BearerClientLayer, ClientError, Clock, HttpClient, SendTwice, Server, SystemClock};

/// The login of one user at one server. Clones are the same login; `Debug` shows no token.
///
/// For another user there is another `Login`. It needs a tokio runtime.
///
/// ```
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
/// use tower::{Layer, ServiceExt};
/// use tower_bearer_client::{Login, Server};
///
/// # async fn example() -> Result<(), tower_bearer_client::BoxError> {
/// let http = Client::builder(TokioExecutor::new()).build_http();
/// let login = Login::new(Server::new("http://127.0.0.1:3000", "/auth")?, http.clone());
/// login.log_in("alice", "wonderland-7").await?;
///
/// let client = login.layer().layer(http);
/// let request = http::Request::get("http://127.0.0.1:3000/me").body(Default::default())?;
/// let response = client.clone().oneshot(request).await?;
/// login.log_out().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Login {
    pub(super) shared: Arc<Shared>,
}

impl Login {
    /// No user is logged in yet. The tokens are kept in memory, and `http` reaches the endpoints.
    ///
    /// ```
    /// # use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    /// # use tower_bearer_client::{Login, Server};
    /// # let http = Client::builder(TokioExecutor::new()).build_http();
    /// let server = Server::new("http://127.0.0.1:3000", "/auth").unwrap();
    /// assert!(!Login::new(server, http).is_logged_in());
    /// ```
    pub fn new(server: Server, http: impl HttpClient) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let tokens = Arc::new(Tokens::new(Arc::clone(&clock)));
        Self::over(tokens, Endpoints::new(server, http, clock), None)
    }

    pub(super) fn over(tokens: Arc<Tokens>, endpoints: Endpoints, keeper: Option<Keeper>) -> Self {
        let shared = Arc::new(Shared {
            tokens,
            endpoints,
            keeper,
        });
        Self { shared }
    }

    /// Logs a user in, for all clones and clients. The request is sent once: the user is there to
    /// try again. The tokens replace those of a login before. Its session is ended at the server
    /// when the new tokens have been stored or could not be, with one attempt of ten seconds at
    /// most.
    ///
    /// # Errors
    ///
    /// [`InvalidCredentials`], [`Denied`], [`TooManyAttempts`] and [`Unavailable`]: a login that
    /// was there before stays. [`Storage`]: the user is logged in, but the store failed.
    /// [`Settings`]: the server has no such endpoint, or there is no tokio runtime.
    ///
    /// [`InvalidCredentials`]: crate::ClientErrorKind::InvalidCredentials
    /// [`Denied`]: crate::ClientErrorKind::Denied
    /// [`TooManyAttempts`]: crate::ClientErrorKind::TooManyAttempts
    /// [`Unavailable`]: crate::ClientErrorKind::Unavailable
    /// [`Storage`]: crate::ClientErrorKind::Storage
    /// [`Settings`]: crate::ClientErrorKind::Settings
    ///
    /// ```
    /// use tower_bearer_client::{ClientError, ClientErrorKind, Login};
    ///
    /// /// Returns what to tell the user.
    /// async fn submit(login: &Login, password: &str) -> Result<&'static str, ClientError> {
    ///     match login.log_in("alice", password).await {
    ///         Ok(()) => Ok("Welcome"),
    ///         Err(error) => match error.kind() {
    ///             ClientErrorKind::InvalidCredentials => Ok("Wrong name or password"),
    ///             ClientErrorKind::Storage => Ok("Welcome. You have to log in again next time"),
    ///             _ => Err(error),
    ///         },
    ///     }
    /// }
    /// ```
    pub async fn log_in(&self, username: &str, password: &str) -> Result<(), ClientError> {
        self.log_in_with(&[("username", username), ("password", password)])
            .await
    }

    /// The same with other parameters: the application's own credentials, a `scope`, the code of a
    /// second factor. The device mark is added, unless there is a `device_mark` among them.
    ///
    /// # Errors
    ///
    /// Those of [`Login::log_in`].
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, Login};
    /// async fn log_in_with_code(login: &Login, code: &str) -> Result<(), ClientError> {
    ///     let user = [("username", "alice"), ("password", "wonderland-7")];
    ///     login.log_in_with(&[user[0], user[1], ("code", code)]).await
    /// }
    /// ```
    pub async fn log_in_with(&self, parameters: &[(&str, &str)]) -> Result<(), ClientError> {
        let held = &self.shared.tokens;
        // Another process may have the mark of a login since.
        self.shared.look().await;
        let mark = held.mark();
        let mut form = parameters.to_vec();
        add(&mut form, "device_mark", mark.as_ref().map(Secret::expose));
        let asked = held.now();
        // Without the old access token: if the answer were lost, its login would be too.
        let answer = self
            .shared
            .endpoints
            .tokens(Endpoint::Login, &form, With::Nothing)
            .await
            .map_err(|failure| failure.error)?;
        let mut asks = parameters.iter().filter(|(name, _)| *name == "scope");
        let scope = asks.next().map(|(_, scope)| *scope);
        self.begin(answer, asked, scope).await
    }

    /// Uses and stores the tokens of a login that was asked for at that time, with this `scope`.
    pub(super) async fn begin(
        &self,
        mut answer: TokenAnswer,
        asked: Duration,
        scope: Option<&str>,
    ) -> Result<(), ClientError> {
        let runtime = runtime()?;
        let mark = answer.device_mark.take();
        let mut pair = Pair::from_answer(answer, asked, None)?;
        pair.scope = scope.map(str::to_owned);
        let lineage = Lineage::random().map_err(ClientError::unavailable)?;
        self.shared.tokens.begin(pair, lineage, mark);
        let shared = Arc::clone(&self.shared);
        // In a task of its own: a caller who hangs up does not leave the old session alive.
        let saving = runtime.spawn(async move {
            let saved = shared.save().await;
            // Best effort, since the login has succeeded.
            let _ = shared.end_replaced().await;
            saved
        });
        saving.await.map_err(ClientError::unavailable)?
    }

    /// Ends the session at the server, then forgets the tokens. Where the server does not answer
    /// they stay, to try again with. The device mark stays in any case. If another process has
    /// replaced the login in the store, the sessions of both are ended.
    ///
    /// # Errors
    ///
    /// - [`NotLoggedIn`](crate::ClientErrorKind::NotLoggedIn).
    /// - [`Denied`](crate::ClientErrorKind::Denied),
    ///   [`TooManyAttempts`](crate::ClientErrorKind::TooManyAttempts) and
    ///   [`Unavailable`](crate::ClientErrorKind::Unavailable): the server did not end the session.
    /// - [`Storage`](crate::ClientErrorKind::Storage): the session has ended, but its tokens are
    ///   still in the store: [`Login::save`] tries again.
    /// - [`Settings`](crate::ClientErrorKind::Settings), as in [`Login::log_in`].
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, Login};
    /// async fn button(login: &Login) -> Result<(), ClientError> {
    ///     login.log_out().await
    /// }
    /// ```
    pub async fn log_out(&self) -> Result<(), ClientError> {
        let held = &self.shared.tokens;
        // A refresh that is under way would bring tokens after the logout.
        let turn = Turn::wait_for(held).await;
        let before = held.pair().ok_or_else(ClientError::not_logged_in)?;
        // The login is that of the store, which is cleared.
        self.shared.look().await;
        let now = held.pair();
        if now.as_ref().is_none_or(|now| now.login != before.login) {
            held.note_replaced(before);
        }
        // Whatever the other logout brings.
        let replaced = self.shared.end_replaced().await;
        let ended = match &now {
            Some(pair) => self.shared.end_session(pair).await,
            None => replaced,
        };
        match ended {
            // The server says that it has ended already.
            Err(failure) if failure.then != Then::End => return Err(failure.error),
            _ => {}
        }
        if let Some(pair) = now {
            held.forget_login(pair.login);
        }
        turn.end(Ending::Done);
        self.save().await
    }

    /// Forgets the tokens and the device mark, here and in the store, and asks no server: for a
    /// device that is given away. Log out first. Other processes that share the store forget them
    /// when they look into it next.
    ///
    /// # Errors
    ///
    /// - [`Storage`](crate::ClientErrorKind::Storage): only the store has them still.
    /// - [`Settings`](crate::ClientErrorKind::Settings): there is no tokio runtime.
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, Login};
    /// async fn erase(login: &Login) -> Result<(), ClientError> {
    ///     login.log_out().await?;
    ///     login.forget().await
    /// }
    /// ```
    pub async fn forget(&self) -> Result<(), ClientError> {
        self.shared.tokens.forget_all();
        self.save().await
    }

    /// Returns the layer that sends the tokens of this login. A request whose body is `Clone` is
    /// repeated after a 401.
    ///
    /// ```
    /// # use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    /// # use tower::Layer;
    /// # use tower_bearer_client::{Login, Server};
    /// # let http = Client::builder(TokioExecutor::new()).build_http();
    /// # let server = Server::new("http://127.0.0.1:3000", "/auth").unwrap();
    /// let login = Login::new(server, http.clone());
    /// let client = login.layer().layer(http);
    /// # type Body = http_body_util::Full<bytes::Bytes>;
    /// # let _: tower_bearer_client::BearerClient<Client<_, Body>> = client;
    /// ```
    #[must_use]
    pub fn layer(&self) -> BearerClientLayer {
        BearerClientLayer::new(Arc::clone(&self.shared), SendTwice)
    }

    /// Whether there are tokens. The server may have ended their session.
    ///
    /// ```
    /// # use tower_bearer_client::Login;
    /// fn first_page(login: &Login) -> &'static str {
    ///     if login.is_logged_in() { "home" } else { "login" }
    /// }
    /// ```
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        self.shared.tokens.is_logged_in()
    }

    /// Returns the number of refreshes so far, for metrics.
    ///
    /// ```
    /// # use tower_bearer_client::Login;
    /// fn report(login: &Login) {
    ///     println!("{} refreshes", login.refreshes());
    /// }
    /// ```
    #[must_use]
    pub fn refreshes(&self) -> u64 {
        self.shared.tokens.refreshes()
    }
}
