//! [`Index`] is the index by subject, as the store uses it.

use std::sync::Arc;

use futures_util::future::try_join;
use redis::{InfoDict, Pipeline};

use super::connection::Connection;
use super::index_key::{IndexKey, KnownKey};
use super::pipeline::AT_ONCE;
use super::prefix::KeyPrefix;
use super::server::run_id;
use super::statements::{INDEX, call_all};
use super::subjects::Bucket;
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::{SessionId, Subject};
use crate::store::session::Session;

/// Where the sessions of a subject are found, with the secret that Redis has at the moment.
///
/// Each command reads the secret in the same round trip. If it is another one, because the database
/// was emptied in the meantime, the command is repeated.
#[derive(Clone)]
pub(super) struct Index {
    connection: Connection,
    prefix: KeyPrefix,
    known: Arc<KnownKey>,
}

impl Index {
    pub(super) fn new(connection: Connection, prefix: KeyPrefix) -> Self {
        Self {
            connection,
            prefix,
            known: Arc::default(),
        }
    }

    /// Returns the bucket of a subject, with the secret that this process knows.
    pub(super) async fn bucket(&self, subject: &Subject) -> Result<Bucket, BoxError> {
        let key = self
            .known
            .get(&mut self.connection.primary()?, &self.prefix)
            .await?;
        Ok(Bucket::of(subject, &self.prefix, &key))
    }

    /// Enters a session.
    pub(super) async fn enter(&self, session: &Session) -> Result<(), BoxError> {
        let mut connection = self.connection.primary()?;
        let mut key = self.known.get(&mut connection, &self.prefix).await?;
        loop {
            let bucket = Bucket::of(session.subject(), &self.prefix, &key);
            let read = IndexKey::read(&self.prefix, bucket.number());
            let (mut other, call) = (connection.clone(), [bucket.enter(session)]);
            let enter = call_all::<()>(&mut connection, &INDEX, &call);
            // Two commands of one connection, of which none waits for the other.
            let read = read.query_async::<Option<Vec<u8>>>(&mut other);
            let (_, read) = try_join(enter, read).await?;
            if key.is(read.as_deref()) {
                return Ok(());
            }
            key = self.known.read(&mut connection, &self.prefix).await?;
        }
    }

    /// Begins to walk through the sessions of a subject.
    pub(super) async fn walk<'a>(&'a self, subject: &'a Subject) -> Result<Walk<'a>, BoxError> {
        let mut connection = self.connection.primary()?;
        let key = self.known.get(&mut connection, &self.prefix).await?;
        Ok(Walk {
            index: self,
            subject,
            key,
            cursor: Some(0),
            run: None,
        })
    }

    /// Returns the sessions that may be those of the subject, and end at this moment or later.
    pub(super) async fn candidates(
        &self,
        subject: &Subject,
        from: Timestamp,
    ) -> Result<Vec<SessionId>, BoxError> {
        let mut connection = self.connection.primary()?;
        let mut key = self.known.get(&mut connection, &self.prefix).await?;
        loop {
            let bucket = Bucket::of(subject, &self.prefix, &key);
            let mut pipeline = Pipeline::new();
            pipeline.add_command(bucket.read(from));
            pipeline.add_command(IndexKey::read(&self.prefix, bucket.number()));
            let (members, read): (Vec<Vec<u8>>, Option<Vec<u8>>) =
                pipeline.query_async(&mut connection).await?;
            if key.is(read.as_deref()) {
                return Ok(bucket.candidates(&members));
            }
            key = self.known.read(&mut connection, &self.prefix).await?;
        }
    }
}

/// A walk through the sessions of a subject, some at a time, however many there are.
pub(super) struct Walk<'a> {
    index: &'a Index,
    subject: &'a Subject,
    /// The secret of the bucket in which it walks.
    key: Arc<IndexKey>,
    /// Where it goes on, or `None` at the end.
    cursor: Option<u64>,
    /// The server that gave the cursor, which means nothing to another one, nor to the same one
    /// after a start.
    run: Option<String>,
}

impl Walk<'_> {
    /// Returns some sessions that may be those of the subject, or `None` at the end. Each that is
    /// in the index all the time comes at least once, also if another server takes over.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<SessionId>>, BoxError> {
        let Index {
            connection,
            prefix,
            known,
        } = self.index;
        let mut connection = connection.primary()?;
        while let Some(cursor) = self.cursor {
            let bucket = Bucket::of(self.subject, prefix, &self.key);
            let mut pipeline = Pipeline::new();
            // The one with the key comes first, to be followed to where its slot moves.
            pipeline.add_command(bucket.scan(cursor, AT_ONCE));
            pipeline.cmd("INFO").arg("server");
            let ((next, members), server): (Members, InfoDict) =
                connection.at(bucket.key(), &pipeline).await?;
            let read = IndexKey::read(prefix, bucket.number());
            let read: Option<Vec<u8>> = read.query_async(&mut connection).await?;
            let run = Some(run_id(&server)?);
            let goes_on = cursor == 0 || self.run == run;
            self.run = run;
            if !self.key.is(read.as_deref()) {
                self.key = known.read(&mut connection, prefix).await?;
            } else if goes_on {
                self.cursor = (next > 0).then_some(next);
                // Each is followed by its score.
                return Ok(Some(bucket.candidates(members.iter().step_by(2))));
            }
            self.cursor = Some(0);
        }
        Ok(None)
    }
}

/// Where a walk goes on, and members with their scores.
type Members = (u64, Vec<Vec<u8>>);
