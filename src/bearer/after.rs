//! [`After`]: what is left to do when the inner service has answered.

use http::Response;

use super::admission::Admission;
use crate::revocation::{Receipt, Receipts};

/// What is left to do when the inner service has answered.
#[derive(Debug, Default)]
pub(super) struct After {
    receipt: Option<(Receipts, Receipt)>,
}

impl After {
    /// A receipt for an access token that came back, if its session wants one.
    pub(super) fn of(admission: &Admission) -> Self {
        let receipt = || {
            let receipts = admission.gate.sessions.as_ref()?.receipts.clone();
            Some((
                receipts,
                Receipt::of(admission.claims.as_ref()?.session()?)?,
            ))
        };
        Self { receipt: receipt() }
    }

    /// Sees the response on its way out.
    pub(super) fn run<B>(self, response: &mut Response<B>) {
        // A server error may mean that the handler never came to trust the token's sender.
        if let Some((receipts, receipt)) = self.receipt
            && !response.status().is_server_error()
        {
            receipts.push(receipt);
        }
    }
}
