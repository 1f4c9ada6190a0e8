//! [`ResponseFuture`]: one call, from the token to the response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::attempt::{Attempt, Outgoing};
use super::request::{HttpRequest, HttpResponse};
use super::resend::Resend;
use crate::refresh::{Shared, fresh_of};
use crate::tokens::Pair;
use crate::{BoxError, ClientError, ClientErrorKind};

/// A refresh that is waited for. The only box of a call, and most calls have none.
type Fresh = Pin<Box<dyn Future<Output = Result<Arc<Pair>, ClientError>> + Send>>;

pin_project! {
    /// The future of [`BearerClient`](crate::BearerClient).
    ///
    /// ```
    /// use tower_bearer_client::{BoxError, HttpRequest, HttpResponse, Resend, ResponseFuture};
    /// use tower::Service;
    ///
    /// async fn response<S, R, M>(call: ResponseFuture<S, R, M>) -> Option<S::Response>
    /// where
    ///     R: HttpRequest,
    ///     S: Service<R::Sent, Response: HttpResponse, Error: Into<BoxError>>,
    ///     M: Resend<R>,
    /// {
    ///     call.await.ok()
    /// }
    /// ```
    pub struct ResponseFuture<S, R, M>
    where
        R: HttpRequest,
        S: Service<R::Sent>,
    {
        shared: Arc<Shared>,
        http: S,
        resend: M,
        #[pin]
        state: State<S::Future, R>,
    }
}

pin_project! {
    #[project = StateNow]
    enum State<F, R> {
        /// Waits for a token. A request that was refused goes out for the last time.
        Token { fresh: Fresh, request: Option<R>, is_last: bool },
        /// Waits for the HTTP client.
        Ready { outgoing: Option<Outgoing<R>> },
        /// Waits for the response.
        Sent { #[pin] response: F, attempt: Option<Attempt<R>> },
        Failed { error: Option<ClientError> },
    }
}

impl<S, R, M> ResponseFuture<S, R, M>
where
    S: Service<R::Sent>,
    R: HttpRequest,
    M: Resend<R>,
{
    /// Without a token.
    pub(crate) fn unchanged(shared: Arc<Shared>, http: S, resend: M, request: R) -> Self {
        let outgoing = Some(Outgoing::unchanged(request));
        let state = State::Ready { outgoing };
        Self {
            shared,
            http,
            resend,
            state,
        }
    }

    /// With a token that is there.
    pub(crate) fn with(
        shared: Arc<Shared>,
        http: S,
        resend: M,
        request: R,
        pair: Arc<Pair>,
    ) -> Self {
        let outgoing = Some(Outgoing::first(request, pair, &resend));
        let state = State::Ready { outgoing };
        Self {
            shared,
            http,
            resend,
            state,
        }
    }

    /// With a token that is waited for.
    pub(crate) fn after(shared: Arc<Shared>, http: S, resend: M, request: R, fresh: Fresh) -> Self {
        let state = State::Token {
            fresh,
            request: Some(request),
            is_last: false,
        };
        Self {
            shared,
            http,
            resend,
            state,
        }
    }

    pub(crate) fn failed(shared: Arc<Shared>, http: S, resend: M, error: ClientError) -> Self {
        let state = State::Failed { error: Some(error) };
        Self {
            shared,
            http,
            resend,
            state,
        }
    }
}

impl<S, R, M> Future for ResponseFuture<S, R, M>
where
    S: Service<R::Sent, Response: HttpResponse, Error: Into<BoxError>>,
    R: HttpRequest,
    M: Resend<R>,
{
    type Output = Result<S::Response, ClientError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateNow::Token {
                    fresh,
                    request,
                    is_last,
                } => {
                    let pair = ready!(fresh.as_mut().poll(cx))?;
                    let request = request.take().expect(ENDED);
                    let outgoing = Some(match *is_last {
                        true => Outgoing::last(request, pair),
                        false => Outgoing::first(request, pair, this.resend),
                    });
                    State::Ready { outgoing }
                }
                StateNow::Ready { outgoing } => {
                    ready!(this.http.poll_ready(cx)).map_err(transport)?;
                    let outgoing = outgoing.take().expect(ENDED);
                    State::Sent {
                        response: this.http.call(outgoing.request.into()),
                        attempt: outgoing.attempt,
                    }
                }
                StateNow::Sent { response, attempt } => {
                    let response = ready!(response.poll(cx)).map_err(transport)?;
                    let again = attempt
                        .take()
                        .and_then(|attempt| attempt.again(this.shared, &response));
                    let Some((request, before)) = again else {
                        return Poll::Ready(Ok(response));
                    };
                    // The body is not read: drop it, so that its connection is free.
                    drop(response);
                    State::Token {
                        fresh: Box::pin(fresh_of(
                            before.login,
                            Arc::clone(this.shared),
                            Some(before.number),
                        )),
                        request: Some(request),
                        is_last: true,
                    }
                }
                StateNow::Failed { error } => return Poll::Ready(Err(error.take().expect(ENDED))),
            };
            this.state.set(next);
        }
    }
}

impl<S: Service<R::Sent>, R: HttpRequest, M> fmt::Debug for ResponseFuture<S, R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}

fn transport(cause: impl Into<BoxError>) -> ClientError {
    ClientError::new(ClientErrorKind::Transport).with_cause(cause)
}

const ENDED: &str = "a future is not polled after its end";
