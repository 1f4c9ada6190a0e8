//! [`Listening`] receives announcements with `LISTEN`.

use async_trait::async_trait;
use sqlx::postgres::{PgListener, PgPool};

use crate::store::error::StoreError;
use crate::store::feed::Announcements;
use crate::store::place::{FailedAt, Place};

/// A connection that receives `NOTIFY`.
pub(super) struct Listening {
    listener: PgListener,
    place: Place,
}

impl Listening {
    /// Listens on a connection of the pool, which it keeps for as long as it lives.
    pub(super) async fn on(
        pool: &PgPool,
        channel: &str,
        place: &Place,
    ) -> Result<Self, sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        // Otherwise it would connect again before it reports that the connection was lost.
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        Ok(Self {
            listener,
            place: place.clone(),
        })
    }
}

#[async_trait]
impl Announcements for Listening {
    async fn next(&mut self) -> Result<(), StoreError> {
        match self.listener.try_recv().await.failed_at(&self.place)? {
            Some(_) => Ok(()),
            None => Err(self.place.failed("the connection that listens was lost")),
        }
    }
}
