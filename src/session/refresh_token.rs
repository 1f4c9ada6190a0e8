//! Makes and parses refresh tokens, and derives their generations.
//!
//! A token is `rt1_` and the base64url of 42 bytes: `version(1) ‖ key id(1) ‖ rid(20 random) ‖
//! generation(4) ‖ tag(16)`.
//!
//! The tag is an HMAC over everything before it, so a forged token is refused before the store is
//! asked. The session's id is a hash of `rid`, so `rid` is not stored on the server: neither a
//! leaked database alone nor the key alone is enough to make a token. A successor is derived, never
//! stored.

#[cfg(feature = "cookie")]
use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::digest::{digest, hmac};
use crate::keys::{RefreshToken, Secret};
use crate::names::{Audience, SessionId};

/// The keys of the refresh tokens: the one that tags new tokens, and those whose tags are still
/// accepted.
#[derive(Clone)]
pub(crate) struct RefreshTokenKeys(Vec<Key>);

#[derive(Clone)]
struct Key {
    id: u8,
    /// It has taken in the key, and each tag starts from a copy. `hmac` wipes it (its feature
    /// `zeroize`).
    mac: Hmac<Sha256>,
}

/// The part that all generations of a session's refresh token have in common: 160 random bits (RFC
/// 6749 section 10.10).
#[derive(Clone)]
pub(crate) struct Rid(Zeroizing<[u8; 20]>);

/// A refresh token whose tag is valid.
pub(crate) struct Presented {
    pub(crate) rid: Rid,
    /// The id of its session, which is hashed once.
    pub(crate) id: SessionId,
    pub(crate) generation: u32,
}

impl Rid {
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut rid = Zeroizing::new([0; 20]);
        getrandom::fill(&mut *rid)?;
        Ok(Self(rid))
    }

    pub(crate) fn session_id(&self) -> SessionId {
        SessionId::from_bytes(digest("sid", *self.0))
    }
}

impl RefreshTokenKeys {
    /// Derives the keys from the secret and each audience, the current one first. So `Sessions` of
    /// another audience that have the same secret, and perhaps the same store, refuse these tokens.
    /// Otherwise a customer could use their refresh token to get an access token for the back
    /// office.
    pub(crate) fn new(secret: &Secret, audiences: &[&Audience]) -> Self {
        let (mut all, mut former) = (Vec::new(), Vec::new());
        for audience in audiences {
            let name = audience.as_str();
            let (keys, ids) = (
                secret.derive_for(KEY, name),
                secret.derive_for(KEY_ID, name),
            );
            all.extend(keys.zip(ids).map(Key::new));
            let keys = secret.derive_former(KEY, name);
            former.extend(keys.zip(secret.derive_former(KEY_ID, name)).map(Key::new));
        }
        all.append(&mut former);
        Self(all)
    }

    /// Makes the token of a generation. It is the same every time, so that all tabs receive the
    /// same token.
    pub(crate) fn token(&self, rid: &Rid, generation: u32) -> RefreshToken {
        // There is an audience, and a ring of secrets is never empty.
        let key = &self.0[0];
        let mut bytes = Zeroizing::new([0; LENGTH]);
        bytes[0] = VERSION;
        bytes[1] = key.id;
        bytes[RID].copy_from_slice(&*rid.0);
        bytes[GENERATION].copy_from_slice(&generation.to_be_bytes());
        let tag = key.tag(&bytes[..TAG.start]);
        bytes[TAG].copy_from_slice(&tag.0);

        let mut token = String::with_capacity(PREFIX.len() + 56);
        token.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(*bytes, &mut token);
        RefreshToken::new(token)
    }

    /// Parses a token. It is `None` for every text that was not made with these keys.
    pub(crate) fn parse(&self, token: &str) -> Option<Presented> {
        let bytes = decode(token)?;
        let (message, tag) = bytes.split_at(TAG.start);
        let made_by = |key: &&Key| key.id == bytes[1] && key.tag(message).is(tag);
        self.0.iter().find(made_by)?;
        let rid = Rid(Zeroizing::new(bytes[RID].try_into().ok()?));
        Some(Presented {
            id: rid.session_id(),
            rid,
            generation: u32::from_be_bytes(bytes[GENERATION].try_into().ok()?),
        })
    }
}

/// Returns the bytes of a token. The tag is not checked.
fn decode(token: &str) -> Option<Zeroizing<[u8; LENGTH]>> {
    let encoded = token.strip_prefix(PREFIX)?;
    let mut bytes = Zeroizing::new([0; LENGTH]);
    let length = URL_SAFE_NO_PAD.decode_slice(encoded, &mut *bytes).ok()?;
    (length == LENGTH && bytes[0] == VERSION).then_some(bytes)
}

/// Returns whether the token in a browser's cookie is older or newer than the token that is being
/// sent to that browser. It is `None` if they do not belong to the same session.
///
/// No tag is checked, because it is the browser's own cookie, and nothing is issued for it.
#[cfg(feature = "cookie")]
pub(crate) fn compare_generations(held: &str, token: &str) -> Option<Ordering> {
    let (held, token) = (decode(held)?, decode(token)?);
    (held[RID] == token[RID]).then(|| held[GENERATION].cmp(&token[GENERATION]))
}

impl Key {
    fn new((key, id): (Zeroizing<[u8; 32]>, Zeroizing<[u8; 1]>)) -> Self {
        Self {
            id: id[0],
            mac: hmac(&*key),
        }
    }

    fn tag(&self, message: &[u8]) -> Tag {
        let mut mac = self.mac.clone();
        mac.update(b"rt");
        mac.update(message);
        let mut tag = [0; 16];
        tag.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        Tag(tag)
    }
}

/// The right tag. It has no `==`, so that a presented tag can only be compared in constant time.
struct Tag([u8; 16]);

impl Tag {
    fn is(&self, presented: &[u8]) -> bool {
        self.0.ct_eq(presented).into()
    }
}

impl std::fmt::Debug for RefreshTokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshTokenKeys([redacted])")
    }
}

const KEY: &str = "refresh token key";
const KEY_ID: &str = "refresh token key id";
const PREFIX: &str = "rt1_";
const VERSION: u8 = 1;
const LENGTH: usize = 42;
const RID: std::ops::Range<usize> = 2..22;
const GENERATION: std::ops::Range<usize> = 22..26;
const TAG: std::ops::Range<usize> = 26..42;

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(secret: &str) -> RefreshTokenKeys {
        RefreshTokenKeys::new(&Secret::dangerous_weak(secret), &[&audience("shop")])
    }

    fn audience(name: &str) -> Audience {
        Audience::new(name).unwrap()
    }

    #[test]
    fn a_token_is_refused_for_another_audience() {
        let token = keys("one").token(&Rid::random().unwrap(), 0);
        let office =
            RefreshTokenKeys::new(&Secret::dangerous_weak("one"), &[&audience("back office")]);
        assert!(office.parse(token.secret()).is_none());
    }

    #[test]
    fn a_token_is_parsed_back_and_a_generation_is_derived_alike_every_time() {
        let (keys, rid) = (keys("one"), Rid::random().unwrap());
        let token = keys.token(&rid, 7);
        assert_eq!(token.secret(), keys.token(&rid, 7).secret());
        let presented = keys.parse(token.secret()).unwrap();
        assert_eq!((presented.generation, presented.id), (7, rid.session_id()));
    }

    // requirements 16, 17
    #[test]
    fn a_token_with_any_bit_changed_is_refused() {
        let keys = keys("one");
        let token = keys.token(&Rid::random().unwrap(), 7);
        let bytes = URL_SAFE_NO_PAD.decode(&token.secret()[4..]).unwrap();
        assert_eq!(bytes[RID].len() * 8, 160);
        for bit in 0..bytes.len() * 8 {
            let mut forged = bytes.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(
                keys.parse(&format!("rt1_{}", URL_SAFE_NO_PAD.encode(&forged)))
                    .is_none(),
                "bit {bit}"
            );
        }
        assert!(keys.parse(&token.secret()[4..]).is_none());
        assert!(keys.parse(&format!("{}A", token.secret())).is_none());
        assert!(keys.parse(&token.secret()[..59]).is_none());
        assert!(keys.parse("rt1_").is_none());
    }

    // requirement 24
    #[test]
    fn a_tag_can_be_compared_in_constant_time_only() {
        trait Ambiguous<Reason> {
            fn exists() -> bool {
                true
            }
        }
        struct HasEquality;
        impl<T> Ambiguous<()> for T {}
        impl<T: PartialEq> Ambiguous<HasEquality> for T {}
        // With a `PartialEq` of `Tag` there would be two, and this would not compile.
        assert!(<Tag as Ambiguous<_>>::exists());

        let key = &keys("one").0[0];
        let tag = key.tag(b"message");
        assert!(tag.is(&tag.0) && !tag.is(&tag.0[..15]) && !tag.is(&key.tag(b"another").0));
    }

    /// `Sessions` of the version before made it.
    #[test]
    fn a_token_of_the_former_labels_is_accepted_and_none_is_made() {
        let (keys, rid) = (keys("one"), Rid(Zeroizing::new([7; 20])));
        let former = "rt1_ARkHBwcHBwcHBwcHBwcHBwcHBwcHBwAAAAfD7RO7mtd6ibwGFTTsqiRA";
        let presented = keys.parse(former).unwrap();
        assert_eq!((presented.generation, presented.id), (7, rid.session_id()));
        assert_ne!(keys.token(&rid, 7).secret(), former);
        let office =
            RefreshTokenKeys::new(&Secret::dangerous_weak("one"), &[&audience("back office")]);
        assert!(office.parse(former).is_none());
    }

    #[test]
    fn a_ring_accepts_what_its_earlier_secrets_made_and_nothing_else() {
        let rid = Rid::random().unwrap();
        let ring = Secret::dangerous_weak("two").with_previous(Secret::dangerous_weak("one"));
        let ring = RefreshTokenKeys::new(&ring, &[&audience("shop")]);
        assert!(ring.parse(keys("one").token(&rid, 0).secret()).is_some());
        assert!(ring.parse(keys("two").token(&rid, 0).secret()).is_some());
        assert!(ring.parse(keys("three").token(&rid, 0).secret()).is_none());
        assert!(keys("one").parse(ring.token(&rid, 0).secret()).is_none());
    }
}
