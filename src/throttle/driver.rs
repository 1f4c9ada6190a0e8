//! [`Throttle`] asks the store, then the rule.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::attempt::{Attempt, Charged, charge, incomplete, write};
use super::decide::{Decision, decide};
use super::error::{AttemptError, Throttled};
use super::keys::since;
use super::mark::{DeviceMark, LONGEST};
use super::places::Place;
use super::question::Question;
use super::rule::Rule;
use super::seen::Seen;
use super::settings::LoginThrottle;
use super::settle::{Note, Taken, ask};
use crate::clock::Timestamp;
use crate::error::ConfigError;
use crate::keys::Secret;
use crate::names::Subject;
use crate::store::{Charge, EphemeralStore, SessionOwner, StoreError};

/// Bounds how many passwords are guessed, over all processes that share a store.
///
/// It has no counters: they are in the store, which each call is given.
///
/// - A device that has logged in before has counters of its own: strangers do not touch them.
/// - A network that the name has logged in from has counters of its own too.
/// - All other networks share what strangers have at a name: 80 at once, then 144 a day.
///
/// **Where the client's address is not known**, networks cannot be told apart. Known devices pass
/// as always. All others share one counter a name, 30 at once and then one in 30 minutes, so any
/// stranger keeps new devices of a name out. One guess each at many names is not noticed. So say
/// how the address is found:
/// [`client_address`](crate::session::SessionsBuilder::client_address).
#[derive(Clone)]
pub struct Throttle {
    /// `None` where the throttle is off.
    rule: Option<Arc<Rule>>,
}

/// A caller that asks to log in.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Caller<'a> {
    /// The name as it was typed. An account need not have it.
    pub name: &'a str,
    /// The client's address, where it is known.
    pub address: Option<IpAddr>,
    /// The text of the [`DeviceMark`] that the device presents. Any text may be given.
    pub mark: Option<&'a str>,
}

impl<'a> Caller<'a> {
    /// Makes a caller with this name, whose address is not known, and whose device presents no
    /// mark.
    #[must_use]
    pub const fn new(name: &'a str) -> Self {
        Self {
            name,
            address: None,
            mark: None,
        }
    }

    /// Sets the client's address, where it is known.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<Option<IpAddr>>) -> Self {
        self.address = address.into();
        self
    }

    /// Sets the text of the [`DeviceMark`] that the device presents, if it does.
    #[must_use]
    pub fn with_mark(mut self, mark: impl Into<Option<&'a str>>) -> Self {
        self.mark = mark.into();
        self
    }
}

impl Throttle {
    /// Derives the keys from the secret. The marks of its previous secrets are accepted.
    ///
    /// # Errors
    ///
    /// All settings that are wrong.
    pub fn new(settings: LoginThrottle, secret: &Secret) -> Result<Self, ConfigError> {
        Self::for_owners(settings, secret, &[])
    }

    /// Does the same with keys of these applications, so that an account of another one earns
    /// nothing here, even if both have one secret. The marks of the former names are accepted.
    pub(crate) fn for_owners(
        settings: LoginThrottle,
        secret: &Secret,
        owners: &[SessionOwner],
    ) -> Result<Self, ConfigError> {
        let is_on = settings.is_on;
        let rule = Rule::new(settings, secret, owners)?;
        Ok(Self {
            rule: is_on.then(|| Arc::new(rule)),
        })
    }

    pub(crate) fn is_on(&self) -> bool {
        self.rule.is_some()
    }

    /// Asks whether the password of `caller` may be looked at, and charges the attempt.
    ///
    /// It takes one trip to the store for a refusal, and two for an attempt.
    ///
    /// # Errors
    ///
    /// There were too many attempts, or the store failed.
    pub async fn attempt(
        &self,
        store: &dyn EphemeralStore,
        caller: Caller<'_>,
        now: Timestamp,
    ) -> Result<Attempt, AttemptError> {
        let Caller {
            name,
            address,
            mark,
        } = caller;
        let Some(rule) = &self.rule else {
            return Ok(Attempt { charged: None });
        };
        let mark = mark.filter(|mark| mark.len() <= LONGEST);
        let presented = mark.map(str::to_owned);
        // Counters may be shared by accounts whose names are alike. What a login has earned is of
        // the name exactly as it was typed, or one account would earn it for another.
        let counted = (rule.count_as)(name);
        let tag = rule.name_tag(&counted);
        let place = address.map(Place::of);
        let mark = rule.marks.check(mark, name, now);
        let question = Question::new(&rule.keys, &counted, name, place, mark);

        let found = store.read(&question.keys(&rule.keys), now).await?;
        let seen = Seen::new(&question, found, now).ok_or_else(incomplete)?;
        if question.place.is_some() {
            rule.siege.note(seen.is_siege(&rule.budgets), now);
        }
        let lanes = match decide(&rule.budgets, rule.named(place), &seen) {
            Decision::Charge(lanes) => lanes,
            Decision::Refuse {
                wait,
                by,
                ask: is_told,
            } => {
                if let Some(note) = ask(&question, now).filter(|_| is_told) {
                    write(store, &note, now).await?;
                }
                return Err(AttemptError::Throttled(Throttled {
                    wait,
                    by,
                    name_tag: tag,
                }));
            }
        };
        let (noted, familiarity) = (seen.familiar_since(), seen.familiarity());
        let taken = |(row, lane)| {
            let key = question.key(row)?;
            Some(Taken {
                row,
                charge: Charge { key, lane },
            })
        };
        let taken: Vec<_> = lanes.into_iter().filter_map(taken).collect();
        charge(store, &taken, tag, now).await?;
        let rule = Arc::clone(rule);
        Ok(Attempt {
            charged: Some(Charged {
                rule,
                name: name.to_owned(),
                presented,
                question,
                taken,
                noted,
                familiarity,
            }),
        })
    }

    /// Makes a mark for a device that has proved otherwise whose it is, such as by a link in an
    /// email. There is none where the throttle is off, or without randomness.
    #[must_use]
    pub fn device_mark(
        &self,
        name: &str,
        subject: &Subject,
        presented: Option<&str>,
        now: Timestamp,
    ) -> Option<DeviceMark> {
        let rule = self.rule.as_ref()?;
        rule.marks.random(name, subject, presented, now)
    }

    /// Makes the marks of a text that was one before.
    pub(crate) fn mark_of(&self, text: Zeroizing<String>) -> Option<DeviceMark> {
        Some(self.rule.as_ref()?.marks.mark_of(text))
    }

    /// Makes all marks of a subject invalid, such as after a new password. Marks that are made from
    /// now on are valid.
    ///
    /// # Errors
    ///
    /// The store failed. Some marks may still be valid.
    pub async fn forget_marks(
        &self,
        store: &dyn EphemeralStore,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(rule) = &self.rule else {
            return Ok(());
        };
        for tag in rule.marks.subject_tags(subject) {
            let key = since(tag);
            let value = now.as_millis().to_be_bytes().to_vec();
            write(
                store,
                &Note {
                    key,
                    value,
                    lifetime: rule.marks.lifetime(),
                },
                now,
            )
            .await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let budgets = self.rule.as_ref().map(|rule| &rule.budgets);
        f.debug_struct("Throttle")
            .field("budgets", &budgets)
            .finish_non_exhaustive()
    }
}

/// Leaves out the name and the mark.
impl fmt::Debug for Caller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
