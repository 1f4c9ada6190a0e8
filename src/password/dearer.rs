//! [`DearerHashes`] is the warning of hashes that take longer than those of today.

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;

use super::strength::work;
use crate::once::Once;

/// Whether the warning was written.
#[derive(Default)]
pub(super) struct DearerHashes(Once);

impl DearerHashes {
    /// Warns of the first hash whose verification takes longer than the work for a user who does
    /// not exist.
    pub(super) fn warn_of(&self, stored: &PasswordHash, params: &Params) {
        let dearer = Params::try_from(stored).ok();
        let dearer = dearer.filter(|made_with| work(made_with) > work(params));
        if let Some(made_with) = dearer
            && self.0.is_first()
        {
            let memory = made_with.m_cost().max(params.m_cost());
            let passes = made_with.t_cost().max(params.t_cost());
            let lanes = params.p_cost();
            tracing::warn!(
                cure = format!("`Passwords::with_parameters({memory}, {passes}, {lanes})`"),
                "a user's hash takes longer than the work for a user who does not exist, so the \
                 response time tells which users exist; only the first one is a warning"
            );
        }
    }
}
