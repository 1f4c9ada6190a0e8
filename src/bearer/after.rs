//! [`After`]: what is left to do when the inner service has answered.

use http::Response;

use super::gate::Gate;
use crate::revocation::{Receipt, Receipts};
use crate::token::AccessTokenClaims;

/// What is left to do when the inner service has answered.
#[derive(Debug, Default)]
pub(super) struct After {
    receipt: Option<(Receipts, Receipt)>,
}

impl After {
    /// A receipt for an access token that came back, if its session wants one.
    pub(super) fn of(gate: &Gate, claims: Option<&AccessTokenClaims>) -> Self {
        let receipt = || {
            let receipts = gate.sessions.as_ref()?.receipts.clone();
            Some((receipts, Receipt::of(claims?.session()?)?))
        };
        Self { receipt: receipt() }
    }

    /// Sees the response on its way out.
    pub(super) fn run<B>(self, response: &Response<B>) {
        // A server error may mean that the handler never came to trust the token's sender.
        if let Some((receipts, receipt)) = self.receipt
            && !response.status().is_server_error()
        {
            receipts.push(receipt);
        }
    }
}
