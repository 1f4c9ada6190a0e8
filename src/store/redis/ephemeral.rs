//! The short-lived things of a [`RedisStore`], by the clock of the server that has them. They
//! expire by themselves.
//!
//! A value is `v` and its bytes. A counter is `c` and the moments, in milliseconds, at which its
//! debts end.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use redis::{Cmd, Pipeline, Value};

use super::pipeline::AT_ONCE;
use super::server;
use super::statements::{CHARGE, Call, GIVE_BACK, call_all};
use super::store::RedisStore;
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::store::ephemeral::{
    Charge, Counter, Entry, EphemeralKey, EphemeralStore, Found, Refund, lane_millis, refund_millis,
};
use crate::store::error::StoreError;
use crate::store::place::FailedAt;

#[async_trait]
impl EphemeralStore for RedisStore {
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        let link = self.connection.primary().failed_at(&self.place)?;
        let each = keys.iter().map(|key| {
            let (mut link, key) = (link.clone(), self.prefix.ephemeral(key));
            async move {
                let mut pipeline = Pipeline::new();
                // The one with the key comes first, to be followed to where its slot moves.
                pipeline.cmd("GET").arg(&key).cmd("TIME");
                let (found, clock) = link.at(&key, &pipeline).await?;
                read(clock, found, now)
            }
        });
        try_join_all(each).await.failed_at(&self.place)
    }

    async fn charge(&self, charges: &[Charge], _: Timestamp) -> Result<Vec<bool>, StoreError> {
        let call = |charge: &Charge| Call {
            key: self.prefix.ephemeral(&charge.key),
            args: texts(lane_millis(&charge.lane)),
        };
        let calls: Vec<Call> = charges.iter().map(call).collect();
        let mut connection = self.connection.primary().failed_at(&self.place)?;
        let mut charged = Vec::with_capacity(calls.len());
        for calls in calls.chunks(AT_ONCE) {
            let answers = call_all::<bool>(&mut connection, &CHARGE, calls).await;
            charged.extend(answers.failed_at(&self.place)?);
        }
        Ok(charged)
    }

    async fn give_back(&self, refunds: &[Refund], _: Timestamp) -> Result<(), StoreError> {
        let call = |refund: &Refund| Call {
            key: self.prefix.ephemeral(&refund.key),
            args: texts(refund_millis(refund)),
        };
        let calls: Vec<Call> = refunds.iter().map(call).collect();
        let mut connection = self.connection.primary().failed_at(&self.place)?;
        for calls in calls.chunks(AT_ONCE) {
            let given = call_all::<()>(&mut connection, &GIVE_BACK, calls).await;
            given.failed_at(&self.place)?;
        }
        Ok(())
    }

    async fn note(&self, entry: Entry<'_>, _: Timestamp) -> Result<(), StoreError> {
        self.write(entry, false).await.map(drop)
    }

    async fn put_new(&self, entry: Entry<'_>, _: Timestamp) -> Result<bool, StoreError> {
        self.write(entry, true).await
    }

    async fn take(&self, key: EphemeralKey, _: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let mut connection = self.connection.primary().failed_at(&self.place)?;
        let mut take = redis::cmd("GETDEL");
        take.arg(self.prefix.ephemeral(&key));
        let taken: Option<Vec<u8>> = take
            .query_async(&mut connection)
            .await
            .failed_at(&self.place)?;
        Ok(taken.and_then(|bytes| Some(bytes.strip_prefix(b"v")?.to_vec())))
    }

    async fn delete_ended(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }
}

impl RedisStore {
    async fn write(&self, entry: Entry<'_>, is_new: bool) -> Result<bool, StoreError> {
        entry.check().failed_at(&self.place)?;
        let mut set: Cmd = redis::cmd("SET");
        set.arg(self.prefix.ephemeral(&entry.key))
            .arg([b"v", entry.value].concat())
            .arg("PX")
            .arg(entry.millis());
        if is_new {
            set.arg("NX");
        }
        let mut connection = self.connection.primary().failed_at(&self.place)?;
        let done: Option<String> = set
            .query_async(&mut connection)
            .await
            .failed_at(&self.place)?;
        Ok(done.is_some())
    }
}

fn texts<const N: usize>(numbers: [i64; N]) -> Vec<Vec<u8>> {
    numbers
        .iter()
        .map(|number| number.to_string().into_bytes())
        .collect()
}

/// Reads the answers to `TIME` and to a `GET`.
pub(super) fn read(clock: Value, found: Value, now: Timestamp) -> Result<Option<Found>, BoxError> {
    let clock = server::time(clock)?;
    let found: Option<Vec<u8>> = redis::from_redis_value(found)?;
    found.map(|bytes| decode(&bytes, clock, now)).transpose()
}

/// Reads a value, or a counter, whose moments become those of the clock of the caller.
fn decode(bytes: &[u8], clock: Timestamp, now: Timestamp) -> Result<Found, BoxError> {
    if let Some(value) = bytes.strip_prefix(b"v") {
        return Ok(Found::Value(value.to_vec()));
    }
    let counter = bytes.strip_prefix(b"c");
    let debts = counter.and_then(|text| std::str::from_utf8(text).ok()?.split_once(' '));
    let (fast, slow) = debts.ok_or("a short-lived entry is not one of this version")?;
    let end = |text: &str| -> Result<Timestamp, BoxError> {
        let end = Timestamp::from_millis(text.parse()?);
        Ok(now + end.saturating_since(clock))
    };
    Ok(Found::Counter(Counter::new(end(fast)?, end(slow)?)))
}
