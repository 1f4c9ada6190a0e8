//! [`TicketBytes`] are a ticket, and [`TicketKeys`] make the entry in a store that it opens.

use hmac::{Hmac, Mac};
use http::Uri;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::base64url;
use crate::bearer::credentials::Malformed;
use crate::clock::Timestamp;
use crate::digest::{first_bytes, hmac};
use crate::keys::{Secret, Ticket};
use crate::store::EphemeralKey;
use crate::token::AccessTokenClaims;

/// The 32 bytes of a ticket: the place of its entry, and random bytes.
///
/// Each user has sixteen places. The store has the claims at the place, with a tag that depends on
/// the random bytes: it never has the ticket, and no stranger who can write to it makes one.
pub(super) struct TicketBytes(Zeroizing<[u8; 32]>);

/// A key for each secret of the ring, the current one first.
#[derive(Clone)]
pub(super) struct TicketKeys(Vec<Hmac<Sha256>>);

/// What is in a store: when the ticket was issued (8 bytes), the tag (16), and the claims.
pub(super) struct Entry<'e> {
    issued: [u8; 8],
    tag: [u8; 16],
    claims: &'e [u8],
}

impl TicketBytes {
    /// Makes the text: 43 characters that need no escape in a URL.
    pub(super) fn to_text(&self) -> Ticket {
        let mut text = Vec::with_capacity(base64url::encoded(32));
        base64url::append(&mut text, &*self.0);
        Ticket::new(String::from_utf8(text).unwrap_or_default())
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        (base64url::decode(text, &mut *bytes)? == 32).then_some(Self(bytes))
    }

    /// Returns the ticket in the query string. It is not decoded, because no character of a ticket
    /// needs an escape.
    pub(super) fn find(uri: &Uri) -> Result<Option<&str>, Malformed> {
        let parameters = uri.query().into_iter().flat_map(|query| query.split('&'));
        let mut tickets = parameters.filter_map(|parameter| parameter.strip_prefix("ticket="));
        let ticket = tickets.next().filter(|ticket| !ticket.is_empty());
        if tickets.next().is_some() {
            return Err(Malformed::SeveralTokens);
        }
        Ok(ticket)
    }

    pub(super) fn place(&self) -> EphemeralKey {
        let mut place = [0; 16];
        place.copy_from_slice(&self.0[..16]);
        EphemeralKey::new(KIND, place)
    }
}

impl TicketKeys {
    pub(super) fn of(secret: &Secret) -> Self {
        Self(
            secret
                .derive::<32>("ticket v1")
                .map(|key| hmac(&*key))
                .collect(),
        )
    }

    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// Returns the places of a user.
    pub(super) fn places(&self, claims: &AccessTokenClaims) -> Option<[EphemeralKey; PLACES]> {
        let issuer = claims.issuer().as_str();
        let mut place = self.0.first()?.clone();
        place.update(b"place");
        place.update(&(issuer.len() as u64).to_be_bytes());
        place.update(issuer.as_bytes());
        place.update(claims.subject().as_str().as_bytes());
        let hash: [u8; 16] = first_bytes(place);
        let mut number = 0;
        Some([(); PLACES].map(|()| {
            let mut place = hash;
            place[15] = place[15] & 0xf0 | number;
            number += 1;
            EphemeralKey::new(KIND, place)
        }))
    }

    /// Makes a ticket for one of these places, and the entry to write there. It is `None` if the
    /// operating system has no randomness.
    pub(super) fn issue(
        &self,
        place: &EphemeralKey,
        claims: &[u8],
        now: Timestamp,
    ) -> Option<(TicketBytes, Vec<u8>)> {
        let mut ticket = Zeroizing::new([0; 32]);
        ticket[..16].copy_from_slice(&place.as_bytes()[4..]);
        getrandom::fill(&mut ticket[16..]).ok()?;
        let issued = now.as_millis().to_be_bytes();
        let tag: [u8; 16] = first_bytes(tagged(self.0.first()?, &ticket, issued, claims));
        let entry = [&issued[..], &tag, claims].concat();
        Some((TicketBytes(ticket), entry))
    }

    /// Returns the claims of an entry, if it is the one of this ticket.
    pub(super) fn open(&self, ticket: &TicketBytes, entry: &[u8]) -> Option<AccessTokenClaims> {
        let entry = Entry::read(entry)?;
        let is_own = |key| {
            let tag = tagged(key, &ticket.0, entry.issued, entry.claims);
            tag.verify_truncated_left(&entry.tag).is_ok()
        };
        self.0
            .iter()
            .any(is_own)
            .then(|| AccessTokenClaims::from_stored(entry.claims))?
    }
}

impl<'e> Entry<'e> {
    fn read(entry: &'e [u8]) -> Option<Self> {
        let (&issued, rest) = entry.split_first_chunk()?;
        let (&tag, claims) = rest.split_first_chunk()?;
        Some(Self {
            issued,
            tag,
            claims,
        })
    }

    /// Returns when the ticket of an entry was issued.
    pub(super) fn issued(entry: &[u8]) -> u64 {
        Entry::read(entry).map_or(0, |entry| u64::from_be_bytes(entry.issued))
    }
}

fn tagged(key: &Hmac<Sha256>, ticket: &[u8; 32], issued: [u8; 8], claims: &[u8]) -> Hmac<Sha256> {
    let mut tag = key.clone();
    tag.update(b"entry");
    tag.update(ticket);
    tag.update(&issued);
    tag.update(claims);
    tag
}

/// The number of tickets that a user has at a time.
pub(super) const PLACES: usize = 16;
const KIND: [u8; 4] = *b"tick";
