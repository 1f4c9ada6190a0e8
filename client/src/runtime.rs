//! The tokio runtime that a login needs.

use tokio::runtime::Handle;

use crate::ClientError;

/// Outside of a runtime the timers of tokio panic.
pub(crate) fn runtime() -> Result<Handle, ClientError> {
    Handle::try_current().map_err(|_| {
        ClientError::settings("a login needs the runtime of tokio: call this inside one")
    })
}
