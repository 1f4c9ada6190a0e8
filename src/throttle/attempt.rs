//! One attempt to log in: asked, charged, settled.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::error::{AttemptError, NameTag, Throttled, ThrottledBy};
use super::mark::DeviceMark;
use super::question::{Question, Row};
use super::rule::Rule;
use super::settle::{Note, Taken, notes, refunds};
use crate::clock::Timestamp;
use crate::familiarity::Familiarity;
use crate::names::Subject;
use crate::store::{Charge, Entry, EphemeralStore, StoreError};

/// An attempt that may look at the password. It is charged already, so that attempts at the same
/// time count.
///
/// Say how it ended. An attempt that is dropped has failed: its charge stays.
#[must_use = "an attempt that is dropped counts as a wrong password"]
pub struct Attempt {
    /// `None` where the throttle is off.
    pub(super) charged: Option<Charged>,
}

/// What an attempt was charged to.
pub(super) struct Charged {
    pub(super) rule: Arc<Rule>,
    pub(super) name: String,
    /// The marks that the device has.
    pub(super) presented: Option<String>,
    pub(super) question: Question,
    pub(super) taken: Vec<Taken>,
    /// When this network was last noted as familiar.
    pub(super) noted: Option<Timestamp>,
    pub(super) familiarity: Familiarity,
}

impl Attempt {
    /// Returns how well the name knows the client. It is `None` where the throttle is off. Tell no
    /// client: a guesser would learn which networks a user logs in
    /// from.
    #[must_use]
    pub fn familiarity(&self) -> Option<Familiarity> {
        self.charged.as_ref().map(|charged| charged.familiarity)
    }

    /// The password was right, and the login is finished: its charge is given back, and the network
    /// is familiar now. No counter is cleared.
    ///
    /// Returns the marks that the device presents from now on. There are none where the throttle is
    /// off.
    ///
    /// # Errors
    ///
    /// The store failed. The charge may not have been given back, and the login is good all the
    /// same.
    pub async fn succeeded(
        self,
        store: &dyn EphemeralStore,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Option<DeviceMark>, StoreError> {
        let Some(Charged {
            rule,
            name,
            presented,
            question,
            taken,
            noted,
            familiarity,
        }) = self.charged
        else {
            return Ok(None);
        };
        let is_known = taken.iter().any(|taken| taken.row == Row::Mark);
        let credit = match question.key(Row::Credit).filter(|_| !is_known) {
            Some(key) => {
                let charge = Charge {
                    key,
                    lane: rule.budgets.credit,
                };
                store.charge(&[charge], now).await? == [true]
            }
            None => false,
        };
        store.give_back(&refunds(&taken, credit), now).await?;
        for note in notes(&rule.budgets, &question, noted, credit, now) {
            write(store, &note, now).await?;
        }
        let mark = rule.marks.random(&name, subject, presented.as_deref(), now);
        Ok(mark.map(|mark| mark.with_familiarity(familiarity)))
    }

    /// The password was wrong. This is the same as dropping the attempt: its charge stays.
    pub fn failed(self) {}

    /// The password could not be checked, such as by a database that is not reachable: the charge
    /// is given back.
    ///
    /// # Errors
    ///
    /// The store failed. The charge may not have been given back.
    pub async fn unavailable(
        self,
        store: &dyn EphemeralStore,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.charged {
            Some(charged) => store.give_back(&refunds(&charged.taken, false), now).await,
            None => Ok(()),
        }
    }

    /// The credentials were valid, but the login is not finished, such as one that needs a second
    /// factor: the charge is given back, and nothing else changes.
    ///
    /// A wrong code of a second factor is [`failed`](Self::failed), or codes could be guessed
    /// freely.
    ///
    /// # Errors
    ///
    /// The store failed. The charge may not have been given back.
    pub async fn unfinished(
        self,
        store: &dyn EphemeralStore,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.unavailable(store, now).await
    }
}

/// Charges all of these counters, or none of them.
pub(super) async fn charge(
    store: &dyn EphemeralStore,
    taken: &[Taken],
    name_tag: NameTag,
    now: Timestamp,
) -> Result<(), AttemptError> {
    let charges: Vec<_> = taken.iter().map(|taken| taken.charge).collect();
    let answers = store.charge(&charges, now).await?;
    if answers.len() != taken.len() {
        return Err(incomplete().into());
    }
    // The counter of a siege refuses no attempt.
    let is_lost = |(taken, charged): (&Taken, &bool)| !charged && taken.row != Row::Siege;
    if !taken.iter().zip(&answers).any(is_lost) {
        return Ok(());
    }
    let kept = taken.iter().zip(&answers).filter(|(_, charged)| **charged);
    let kept: Vec<_> = kept.map(|(taken, _)| *taken).collect();
    store.give_back(&refunds(&kept, false), now).await?;
    let wait = Duration::from_secs(1);
    Err(AttemptError::Throttled(Throttled {
        wait,
        by: ThrottledBy::Race,
        name_tag,
    }))
}

pub(super) async fn write(
    store: &dyn EphemeralStore,
    note: &Note,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Note {
        key,
        value,
        lifetime,
    } = note;
    store
        .note(
            Entry {
                key: *key,
                value,
                lifetime: *lifetime,
            },
            now,
        )
        .await
}

/// A missing answer must not look like an empty counter.
pub(super) fn incomplete() -> StoreError {
    StoreError::new("ephemeral", "it did not answer for each key")
}

/// Leaves out the name and the marks.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taken = self.charged.iter().flat_map(|charged| &charged.taken);
        let rows: Vec<_> = taken.map(|taken| taken.row).collect();
        f.debug_struct("Attempt")
            .field("charged", &rows)
            .finish_non_exhaustive()
    }
}
