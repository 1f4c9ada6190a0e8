//! A client with a session of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::Full;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower::{Layer, ServiceExt};
use tower_bearer_client::{BoxError, ClientError, ClientErrorKind, Login, Server};

use crate::counts::Counts;
use crate::either::Either;

pub(crate) struct Client {
    number: usize,
    origin: String,
    login: Login,
    http: Either,
    counts: Arc<Counts>,
    random: Rng,
}

impl Client {
    pub(crate) fn new(number: usize, port: u16, http: Either, counts: Arc<Counts>) -> Self {
        let origin = format!("http://127.0.0.1:{port}");
        let server = Server::new(&origin, "/auth").expect("a server");
        Self {
            number,
            login: Login::new(server, http.clone()),
            origin,
            http,
            counts,
            random: Rng::with_seed(number as u64),
        }
    }

    pub(crate) async fn log_in(&self) {
        let user = format!("user-{}", self.number);
        while let Err(error) = self.login.log_in(&user, "any").await {
            assert_ne!(error.kind(), ClientErrorKind::InvalidCredentials, "{error}");
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Calls until the end of the soak. Some log out before, and try their tokens again.
    pub(crate) async fn run(mut self, mut is_over: watch::Receiver<bool>, leaves: Option<Instant>) {
        loop {
            let pause = Duration::from_millis(self.random.u64(1000..6000));
            if timeout(pause, is_over.wait_for(|over| *over)).await.is_ok() {
                break;
            }
            if leaves.is_some_and(|moment| moment < Instant::now()) {
                return self.leave().await;
            }
            self.call().await;
        }
        // The faults are over. Each is still logged in, at both servers.
        for _ in 0..2 {
            if !self.call().await {
                self.counts
                    .fault(self.number, "no answer after the last fault");
            }
        }
    }

    /// Returns whether the request was answered with 200.
    async fn call(&self) -> bool {
        let client = self.login.layer().layer(self.http.clone());
        let counts = &self.counts;
        match client.oneshot(self.me()).await {
            Ok(response) if response.status() == StatusCode::OK => {
                counts.answered.fetch_add(1, Relaxed);
                return true;
            }
            Ok(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                counts.unavailable.fetch_add(1, Relaxed);
            }
            Ok(response) => counts.fault(self.number, &format!("/me is {}", response.status())),
            Err(error) => self.failed(&error),
        }
        false
    }

    fn failed(&self, error: &ClientError) {
        let count = match error.kind() {
            ClientErrorKind::Unavailable => &self.counts.unavailable,
            ClientErrorKind::Transport => &self.counts.cut_off,
            _ => return self.counts.fault(self.number, &format!("{error:?}")),
        };
        count.fetch_add(1, Relaxed);
    }

    /// Logs out. After the time for which a server goes on without its store, no server accepts the
    /// access token.
    async fn leave(self) {
        let Ok(old) = self.login.authorization().await else {
            return self.counts.fault(self.number, "no token to leave with");
        };
        let mut tries = 0;
        while let Err(error) = self.login.log_out().await {
            tries += 1;
            if tries == 200 {
                return self
                    .counts
                    .fault(self.number, &format!("no logout: {error:?}"));
            }
            sleep(Duration::from_millis(500)).await;
        }
        self.counts.logged_out.fetch_add(1, Relaxed);
        sleep_until(Instant::now() + WITHOUT_STORE).await;
        for _ in 0..2 {
            match self.answer_to(&old).await {
                StatusCode::UNAUTHORIZED => _ = self.counts.refused.fetch_add(1, Relaxed),
                status => self
                    .counts
                    .fault(self.number, &format!("{status} after the logout")),
            }
        }
    }

    /// The first answer that is not an error of the server or of the connection.
    async fn answer_to(&self, authorization: &HeaderValue) -> StatusCode {
        loop {
            match self.call_with(authorization).await {
                Ok(status) if !status.is_server_error() => return status,
                _ => sleep(Duration::from_millis(500)).await,
            }
        }
    }

    async fn call_with(&self, authorization: &HeaderValue) -> Result<StatusCode, BoxError> {
        let mut request = self.me();
        let headers = request.headers_mut();
        headers.insert(header::AUTHORIZATION, authorization.clone());
        Ok(self.http.clone().oneshot(request).await?.status())
    }

    fn me(&self) -> Request<Full<Bytes>> {
        let request = Request::get(format!("{}/me", self.origin));
        request.body(Full::default()).expect("a request")
    }
}

/// 30 seconds, and what a pull takes.
const WITHOUT_STORE: Duration = Duration::from_secs(33);
