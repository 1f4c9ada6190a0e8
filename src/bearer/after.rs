//! [`After`] is the work that is left when the inner service has answered.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};

use super::admission::Admission;
use super::body::ResponseBody;
use super::gate::Gate;
use super::mcp_sessions::McpSessions;
use super::watch::AccessTokenWatch;
use crate::revocation::{Receipt, Receipts};
use crate::token::AccessTokenClaims;

/// The work that is left when the inner service has answered.
#[derive(Default)]
pub(super) struct After {
    receipt: Option<(Receipts, AccessTokenClaims)>,
    /// Boxed, because few layers have it.
    change: Option<Box<Change>>,
}

/// The changes to a response.
#[derive(Default)]
struct Change {
    mcp_session: Option<(McpSessions, Option<AccessTokenClaims>)>,
    /// The admission whose token ends an event stream. Only such a stream is watched.
    ends_with: Option<Admission>,
}

impl After {
    /// Prepares a receipt for the access token that came back, if its session wants one that was
    /// not queued yet.
    pub(super) fn of(gate: &Gate, claims: Option<&AccessTokenClaims>) -> Self {
        let receipt = || {
            let (receipts, claims) = (&gate.sessions.as_ref()?.receipts, claims?);
            claims.session()?.generation?;
            let is_new = !receipts.has(claims.receipt_queued());
            is_new.then(|| (receipts.clone(), claims.clone()))
        };
        Self {
            receipt: receipt(),
            change: None,
        }
    }

    /// Binds the MCP session that the response names to this caller.
    pub(super) fn seal_mcp_session(
        &mut self,
        sessions: &McpSessions,
        caller: Option<&AccessTokenClaims>,
    ) {
        self.change.get_or_insert_default().mcp_session = Some((sessions.clone(), caller.cloned()));
    }

    /// Ends the response with the access token, if it is an event stream.
    pub(super) fn end_event_stream(&mut self, admission: Admission) {
        self.change.get_or_insert_default().ends_with = Some(admission);
    }

    /// Does the work, once the response is known.
    pub(super) fn run<B>(self, mut response: Response<B>) -> Response<ResponseBody<B>> {
        // After a server error the handler may not have accepted the client.
        if let Some((receipts, claims)) = self.receipt
            && let Some(receipt) = claims.session().and_then(Receipt::of)
            && !response.status().is_server_error()
        {
            receipts.push(receipt, claims.receipt_queued());
        }
        let Some(change) = self.change else {
            return response.map(ResponseBody::inner);
        };
        let Change {
            mcp_session,
            ends_with,
        } = *change;
        if let Some((sessions, caller)) = mcp_session {
            sessions.seal(response.headers_mut(), caller.as_ref());
        }
        let admission = ends_with.filter(|_| is_event_stream(response.headers()));
        match admission.map(|admission| AccessTokenWatch::over(&admission)) {
            Some(Ok(watch)) => {
                response.map(|body| ResponseBody::until(body, async move { watch.refused().await }))
            }
            _ => response.map(ResponseBody::inner),
        }
    }
}

/// Returns whether a response is `text/event-stream` (HTML standard, server-sent events).
fn is_event_stream(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    media_type
        .and_then(|value| value.get(..EVENT_STREAM.len()))
        .is_some_and(|value| value.eq_ignore_ascii_case(EVENT_STREAM))
}

const EVENT_STREAM: &[u8] = b"text/event-stream";
