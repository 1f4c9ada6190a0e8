//! [`ResponseFuture`] is a request on its way through the layer.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::admission::Admission;
use super::after::After;
use super::body::ResponseBody;
use super::decide::Pending;
use super::error::BearerError;
use super::gate::Gate;

pin_project! {
    /// The future of [`BearerAuth`](crate::BearerAuth). The inner service's future is not boxed.
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B>
    where
        S: Service<Request<B>>,
    {
        /// The inner service handles the request.
        Admitted { #[pin] future: S::Future, after: After },
        /// Keys, revocations or the user are being loaded.
        Waiting { waiting: Option<Box<Waiting<S, B>>> },
        /// The layer answers.
        Answered { response: Option<Response<Bytes>> },
    }
}

/// A request that waits. It is boxed, so that the other requests do not have its size: their future
/// is little larger than that of the inner service.
struct Waiting<S, B> {
    admission: AdmissionFuture,
    gate: Arc<Gate>,
    /// The inner service, which was polled ready.
    service: S,
    request: Request<B>,
}

type AdmissionFuture = Pin<Box<dyn Future<Output = Result<Admission, BearerError>> + Send>>;

impl<S, B> ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) fn admitted(future: S::Future, after: After) -> Self {
        Self {
            state: State::Admitted { future, after },
        }
    }

    pub(super) fn waiting(
        ready: S,
        request: Request<B>,
        gate: Arc<Gate>,
        pending: Pending,
    ) -> Self {
        let waiting = Waiting {
            admission: Box::pin(pending.admit()),
            gate,
            service: ready,
            request,
        };
        Self {
            state: State::Waiting {
                waiting: Some(Box::new(waiting)),
            },
        }
    }

    pub(super) fn answered(response: Response<Bytes>) -> Self {
        Self {
            state: State::Answered {
                response: Some(response),
            },
        }
    }
}

impl<S, B, ResBody> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<ResBody>>,
{
    type Output = Result<Response<ResponseBody<ResBody>>, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut state = self.as_mut().project().state;
            let next = match state.as_mut().project() {
                StateProjection::Admitted { future, after } => {
                    let response = ready!(future.poll(cx))?;
                    return Poll::Ready(Ok(mem::take(after).run(response)));
                }
                StateProjection::Waiting { waiting } => {
                    let mut polled = waiting.take().expect("polled after completion");
                    let Poll::Ready(admission) = polled.admission.as_mut().poll(cx) else {
                        *waiting = Some(polled);
                        return Poll::Pending;
                    };
                    let Waiting {
                        gate,
                        mut service,
                        request,
                        ..
                    } = *polled;
                    let (mut parts, body) = request.into_parts();
                    match admission.and_then(|admission| admission.enter(&mut parts)) {
                        Ok(after) => State::Admitted {
                            future: service.call(Request::from_parts(parts, body)),
                            after,
                        },
                        Err(error) => State::Answered {
                            response: Some(gate.refuse(error, &parts)),
                        },
                    }
                }
                StateProjection::Answered { response } => {
                    let response = response.take().expect("polled after completion");
                    return Poll::Ready(Ok(ResponseBody::own(response)));
                }
            };
            state.set(next);
        }
    }
}

impl<S, B> fmt::Debug for ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Admitted { .. } => "admitted",
            State::Waiting { .. } => "waiting",
            State::Answered { .. } => "answered",
        };
        f.debug_struct("ResponseFuture")
            .field("state", &state)
            .finish_non_exhaustive()
    }
}
