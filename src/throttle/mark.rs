//! Device marks: a device that has logged in before proves it.
//!
//! A mark is `dm1_` and the base64url of 50 bytes: `version(1) ‖ key id(1) ‖ id(12 random) ‖
//! issued(4) ‖ name tag(8) ‖ subject tag(8) ‖ tag(16)`. The tag is an HMAC over everything before
//! it. Each login makes a new id, so a thief's copy and the owner's next mark share no budget.
//!
//! A text has up to four marks with dots between them: for a device that several people use, and
//! for several applications on one host, whose cookies may have one name.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::digest::{first_bytes, hmac};
use crate::familiarity::Familiarity;
use crate::keys::Secret;
use crate::names::Subject;

/// The marks of a device: it has logged in before, and strangers do not use up its attempts.
///
/// It is not a credential: the password is still needed. Send it as a cookie or in the
/// token response, and present it at the next login.
#[derive(Clone)]
pub struct DeviceMark {
    text: Zeroizing<String>,
    lifetime: Duration,
    /// That of the login that has made it.
    familiarity: Option<Familiarity>,
}

impl DeviceMark {
    pub(crate) fn into_parts(self) -> (Zeroizing<String>, Option<Familiarity>) {
        (self.text, self.familiarity)
    }

    pub(super) fn with_familiarity(self, familiarity: Familiarity) -> Self {
        let familiarity = Some(familiarity);
        Self {
            familiarity,
            ..self
        }
    }

    /// Returns how long the newest of the marks counts, which is how long to keep them:
    /// [`LoginThrottle::mark_lifetime`](super::LoginThrottle::mark_lifetime).
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Returns the text of the marks. It is one value of a cookie, without characters that need
    /// quotes.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for DeviceMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceMark([redacted])")
    }
}

/// The keys of marks: the first makes them, all are accepted.
#[derive(Clone)]
pub(super) struct MarkKeys {
    keys: Vec<Key>,
    lifetime: Duration,
}

#[derive(Clone)]
struct Key {
    id: u8,
    mac: Hmac<Sha256>,
}

/// A mark whose tag, name and age are right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CheckedMark {
    pub(super) id: [u8; 12],
    pub(super) issued: u32,
    pub(super) subject_tag: [u8; 8],
}

impl MarkKeys {
    /// Derives a key for each application and each secret. Without an application, they are those
    /// of none.
    pub(super) fn new(secret: &Secret, owners: &[String], lifetime: Duration) -> Self {
        let none = [String::new()];
        let owners = if owners.is_empty() { &none } else { owners };
        let keys_of = |owner: &String| {
            let keys = secret.derive_for::<32>("device mark v1", owner);
            let ids = secret.derive_for::<1>("device mark id v1", owner);
            let keys = keys.zip(ids).map(|(key, id)| Key {
                id: id[0],
                mac: hmac(&*key),
            });
            keys.collect::<Vec<_>>()
        };
        let keys = owners.iter().flat_map(keys_of).collect();
        Self { keys, lifetime }
    }

    /// Makes a mark, and keeps up to three of those that the device presented: for other names, or
    /// of other applications.
    pub(super) fn make(
        &self,
        name: &str,
        subject: &Subject,
        id: [u8; 12],
        presented: Option<&str>,
        now: Timestamp,
    ) -> DeviceMark {
        // A ring of secrets is never empty.
        let key = &self.keys[0];
        let mut bytes = [0; LENGTH];
        bytes[0] = VERSION;
        bytes[1] = key.id;
        bytes[ID].copy_from_slice(&id);
        bytes[ISSUED].copy_from_slice(&seconds_up(now).to_be_bytes());
        bytes[NAME].copy_from_slice(&key.tag::<8>(b"name", name.as_bytes()));
        bytes[SUBJECT].copy_from_slice(&key.tag::<8>(b"subject", subject.as_str().as_bytes()));
        let tag = key.tag::<16>(b"mark", &bytes[..TAG.start]);
        bytes[TAG].copy_from_slice(&tag);

        let mut text = Zeroizing::new(String::with_capacity(LONGEST));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
        let is_of_others = |mark: &&str| {
            let is_own = |bytes: &_| self.maker(bytes).is_some_and(|key| key.is_for(bytes, name));
            self.decode(mark, now).is_some_and(|bytes| !is_own(&bytes))
        };
        for mark in marks(presented).filter(is_of_others).take(MOST - 1) {
            text.push('.');
            text.push_str(mark);
        }
        self.mark_of(text)
    }

    /// Makes the marks of a text that was one before.
    pub(super) fn mark_of(&self, text: Zeroizing<String>) -> DeviceMark {
        DeviceMark {
            text,
            lifetime: self.lifetime,
            familiarity: None,
        }
    }

    /// Makes a mark with a new random id. It is `None` if the operating system has no randomness:
    /// then the device stays unknown.
    pub(super) fn random(
        &self,
        name: &str,
        subject: &Subject,
        presented: Option<&str>,
        now: Timestamp,
    ) -> Option<DeviceMark> {
        let mut id = [0; 12];
        getrandom::fill(&mut id).ok()?;
        Some(self.make(name, subject, id, presented, now))
    }

    /// Returns the first of the presented marks that is for this name. Whether its subject has
    /// called marks in since, a row of the store says.
    pub(super) fn check(
        &self,
        presented: Option<&str>,
        name: &str,
        now: Timestamp,
    ) -> Option<CheckedMark> {
        let (_, bytes) = marks(presented)
            .filter_map(|mark| self.open(mark, now))
            .find(|(key, bytes)| key.is_for(bytes, name))?;
        Some(CheckedMark {
            id: bytes[ID].try_into().ok()?,
            issued: issued(&bytes)?,
            subject_tag: bytes[SUBJECT].try_into().ok()?,
        })
    }

    /// Returns how marks name this subject, for each secret of the ring.
    pub(super) fn subject_tags(&self, subject: &Subject) -> impl Iterator<Item = [u8; 8]> {
        let subject = subject.as_str().as_bytes();
        self.keys
            .iter()
            .map(move |key| key.tag::<8>(b"subject", subject))
    }

    pub(super) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Opens a mark of any name: one of our keys made it, and it is not too old.
    fn open(&self, mark: &str, now: Timestamp) -> Option<(&Key, [u8; LENGTH])> {
        let bytes = self.decode(mark, now)?;
        Some((self.maker(&bytes)?, bytes))
    }

    /// Decodes a mark that is not too old, whichever key made it.
    fn decode(&self, mark: &str, now: Timestamp) -> Option<[u8; LENGTH]> {
        let mut bytes = [0; LENGTH];
        let length = URL_SAFE_NO_PAD
            .decode_slice(mark.strip_prefix(PREFIX)?, &mut bytes)
            .ok()?;
        if length != LENGTH || bytes[0] != VERSION {
            return None;
        }
        let age = now.saturating_since(Timestamp::from_secs(issued(&bytes)?.into()));
        (age < self.lifetime).then_some(bytes)
    }

    /// Returns the key that made a mark. The marks of another application have none here.
    fn maker(&self, bytes: &[u8; LENGTH]) -> Option<&Key> {
        self.keys.iter().find(|key| {
            key.id == bytes[1]
                && bool::from(
                    key.tag::<16>(b"mark", &bytes[..TAG.start])
                        .ct_eq(&bytes[TAG]),
                )
        })
    }
}

impl CheckedMark {
    /// Returns whether it was issued after its subject called marks in. A mark of the same second
    /// counts as newer, since a new password and the mark of its device are made together.
    pub(super) fn is_newer_than(&self, called_in: Timestamp) -> bool {
        u64::from(self.issued) > called_in.as_secs()
    }
}

impl Key {
    fn tag<const N: usize>(&self, label: &[u8], message: &[u8]) -> [u8; N] {
        let mut mac = self.mac.clone();
        // No label is the beginning of another.
        mac.update(label);
        mac.update(message);
        first_bytes(mac)
    }

    fn is_for(&self, bytes: &[u8; LENGTH], name: &str) -> bool {
        self.tag::<8>(b"name", name.as_bytes())
            .ct_eq(&bytes[NAME])
            .into()
    }
}

/// Returns the marks of a text. More than four are not read.
fn marks(presented: Option<&str>) -> impl Iterator<Item = &str> {
    presented
        .into_iter()
        .flat_map(|text| text.split('.'))
        .take(MOST)
}

fn issued(bytes: &[u8; LENGTH]) -> Option<u32> {
    Some(u32::from_be_bytes(bytes[ISSUED].try_into().ok()?))
}

/// Returns the next second, or a mark would be older than the new password that it was made with.
fn seconds_up(now: Timestamp) -> u32 {
    u32::try_from(now.as_secs() + 1).unwrap_or(u32::MAX)
}

/// A longer text is not one of ours.
pub(super) const LONGEST: usize = MOST * 72;
const PREFIX: &str = "dm1_";
const VERSION: u8 = 1;
const MOST: usize = 4;
const LENGTH: usize = 50;
const ID: Range<usize> = 2..14;
const ISSUED: Range<usize> = 14..18;
const NAME: Range<usize> = 18..26;
const SUBJECT: Range<usize> = 26..34;
const TAG: Range<usize> = 34..50;
