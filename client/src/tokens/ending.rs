//! [`Ending`]: how a refresh or a logout ended.

use std::sync::Arc;

use tokio::sync::watch;

use super::pair::Pair;
use crate::ClientError;

/// What the others hear who wait.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// Not yet. The one who had the turn has hung up if nothing more comes.
    None,
    /// Look again.
    Done,
    /// It brought these tokens, and they are held.
    Renewed(Arc<Pair>),
    /// A refresh failed.
    Failed(ClientError),
}

/// Waits until a turn has ended.
pub(crate) async fn ended(mut turn: watch::Receiver<Ending>) -> Ending {
    // An error says that the turn was dropped. The last value is there all the same.
    let _ = turn.changed().await;
    turn.borrow().clone()
}
