//! [`ClientDoubts`] are the warnings of logins whose client cannot be told from others.

use std::net::IpAddr;

use crate::edge::Doubt;
use crate::once::Once;

/// Which of the warnings were written.
#[derive(Default)]
pub(super) struct ClientDoubts {
    no_address: Once,
    unnamed_proxy: Once,
    silent_proxy: Once,
}

impl ClientDoubts {
    /// Warns of the first login of each kind.
    pub(super) fn warn(&self, doubt: Doubt, client: Option<IpAddr>) {
        let (cure, client) = (doubt.cure(), client.map(tracing::field::display));
        match doubt {
            Doubt::NotAsked | Doubt::NotFound if self.no_address.is_first() => tracing::warn!(
                cure,
                "login without a client address; only the first one is a warning"
            ),
            Doubt::UnnamedProxy if self.unnamed_proxy.is_first() => tracing::warn!(
                client,
                cure,
                "login through a proxy that is not trusted; only the first one is a warning"
            ),
            Doubt::SilentProxy if self.silent_proxy.is_first() => tracing::warn!(
                client,
                cure,
                "login through a proxy that names no client; only the first one is a warning"
            ),
            _ => {}
        }
    }
}
