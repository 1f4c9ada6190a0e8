//! [`Listening`]: `LISTEN`.

use async_trait::async_trait;
use sqlx::postgres::{PgListener, PgPool};

use super::error::failed;
use crate::store::error::StoreError;
use crate::store::feed::Announcements;

/// A connection that hears `NOTIFY`.
pub(super) struct Listening(PgListener);

impl Listening {
    /// Takes one connection of the pool for as long as it lives.
    pub(super) async fn on(pool: &PgPool, channel: &str) -> Result<Self, sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        // Else it would connect again before it tells that the connection was lost.
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        Ok(Self(listener))
    }
}

#[async_trait]
impl Announcements for Listening {
    async fn next(&mut self) -> Result<(), StoreError> {
        match self.0.try_recv().await.map_err(failed)? {
            Some(_) => Ok(()),
            None => Err(failed("the connection that listens was lost")),
        }
    }
}
