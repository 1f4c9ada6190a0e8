//! [`Outgoing`]: a request on its way, and what its response says about the token.

use std::sync::Arc;

use http::header::AUTHORIZATION;

use super::request::{HttpRequest, HttpResponse};
use super::resend::Resend;
use crate::refresh::Shared;
use crate::tokens::Pair;
use crate::wire::refuses_token;

pub(super) struct Outgoing<R> {
    pub(super) request: R,
    /// `None`: without a token of ours.
    pub(super) attempt: Option<Attempt<R>>,
}

/// What is known of a request while its response is waited for.
pub(super) struct Attempt<R> {
    /// To be sent again.
    copy: Option<R>,
    pair: Arc<Pair>,
    is_last: bool,
}

impl<R: HttpRequest> Outgoing<R> {
    pub(super) fn unchanged(request: R) -> Self {
        Self {
            request,
            attempt: None,
        }
    }

    /// The first time: it may go out again.
    pub(super) fn first(request: R, pair: Arc<Pair>, resend: &impl Resend<R>) -> Self {
        let copy = resend.copy(&request);
        Self::with(request, copy, pair, false)
    }

    pub(super) fn last(request: R, pair: Arc<Pair>) -> Self {
        Self::with(request, None, pair, true)
    }

    fn with(mut request: R, copy: Option<R>, pair: Arc<Pair>, is_last: bool) -> Self {
        let value = pair.authorization.clone();
        request.headers_mut().insert(AUTHORIZATION, value);
        let attempt = Some(Attempt {
            copy,
            pair,
            is_last,
        });
        Self { request, attempt }
    }
}

impl<R> Attempt<R> {
    /// Returns the request that has to be sent again, with another token of the same login than
    /// that of this pair.
    pub(super) fn again(
        self,
        shared: &Shared,
        response: &impl HttpResponse,
    ) -> Option<(R, Arc<Pair>)> {
        let tokens = &shared.tokens;
        if !refuses_token(response.status(), response.headers()) {
            self.pair.trial.pass();
            return None;
        }
        if self.is_last {
            // If a new token does not help, the fault is elsewhere.
            self.pair.trial.fail();
            return None;
        }
        if self.pair.trial.is_in_vain(tokens.monotonic()) {
            return None;
        }
        // The token of another user does not help.
        if tokens.is_replaced(self.pair.login) {
            return None;
        }
        if self.copy.is_none() {
            tokens.note_refused(self.pair.number);
        }
        self.copy.map(|request| (request, self.pair))
    }
}
