//! [`Listening`] receives announcements with `LISTEN`.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgListener, PgPool};
use tokio::time::timeout;

use crate::error::BoxError;
use crate::limits::with_timeout;
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

    /// Asks the server for something. A firewall that has forgotten the connection does not say so,
    /// and nothing is ever sent over it otherwise.
    async fn check(&mut self) -> Result<(), StoreError> {
        let listener = &mut self.listener;
        let asked = async {
            sqlx::raw_sql("SELECT 1").execute(listener).await?;
            Ok::<_, BoxError>(())
        };
        with_timeout(ANSWER_WITHIN, asked)
            .await
            .failed_at(&self.place)
    }
}

#[async_trait]
impl Announcements for Listening {
    async fn next(&mut self) -> Result<(), StoreError> {
        loop {
            let Ok(received) = timeout(SILENT_FOR, self.listener.try_recv()).await else {
                self.check().await?;
                continue;
            };
            return match received.failed_at(&self.place)? {
                Some(_) => Ok(()),
                None => Err(self.place.failed("the connection that listens was lost")),
            };
        }
    }
}

/// How long a connection may be silent before the server is asked for something.
const SILENT_FOR: Duration = Duration::from_secs(60);
/// The deadline for the answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
