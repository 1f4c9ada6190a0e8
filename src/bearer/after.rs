//! [`After`] is the work that is left when the inner service has answered.

use http::Response;

use super::gate::Gate;
use crate::revocation::{Receipt, Receipts};
use crate::token::AccessTokenClaims;

/// The work that is left when the inner service has answered.
#[derive(Debug, Default)]
pub(super) struct After {
    receipt: Option<(Receipts, Receipt)>,
}

impl After {
    /// Prepares a receipt for the access token that came back, if its session wants one.
    pub(super) fn of(gate: &Gate, claims: Option<&AccessTokenClaims>) -> Self {
        let receipt = || {
            let receipts = gate.sessions.as_ref()?.receipts.clone();
            Some((receipts, Receipt::of(claims?.session()?)?))
        };
        Self { receipt: receipt() }
    }

    /// Does the work, once the response is known.
    pub(super) fn run<B>(self, response: &Response<B>) {
        // After a server error the handler may not have accepted the client.
        if let Some((receipts, receipt)) = self.receipt
            && !response.status().is_server_error()
        {
            receipts.push(receipt);
        }
    }
}
