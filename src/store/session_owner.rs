//! [`SessionOwner`] is the application that a session belongs to.

use std::fmt;

use crate::digest::digest;
use crate::names::{Audience, Issuer};

/// The application that a session belongs to, as a short hash of its issuer and its audience.
///
/// Applications that share one store never see each other's sessions, even where the same subject
/// means two different users.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SessionOwner([u8; 8]);

impl SessionOwner {
    /// Makes the owner with this issuer and this audience.
    #[must_use]
    pub fn of(issuer: &Issuer, audience: &Audience) -> Self {
        let (issuer, audience) = (issuer.as_str().as_bytes(), audience.as_str().as_bytes());
        // The length comes first, so that no other pair has the same bytes.
        let length = (issuer.len() as u64).to_be_bytes();
        let [a, b, c, d, e, f, g, h, ..] =
            digest("session owner", [&length, issuer, audience].concat());
        Self([a, b, c, d, e, f, g, h])
    }

    /// Makes the owner with these bytes. It is for stores. Tests may use any bytes, or the default,
    /// which is all zeros.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes to keep. It is for stores.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Debug for SessionOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionOwner({:016x})", u64::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(issuer: &str, audience: &str) -> SessionOwner {
        SessionOwner::of(
            &Issuer::new(issuer).unwrap(),
            &Audience::new(audience).unwrap(),
        )
    }

    #[test]
    fn another_issuer_or_audience_is_another_owner() {
        let owners = [
            ("ab", "c"),
            ("a", "bc"),
            ("abc", "d"),
            ("c", "ab"),
            ("AB", "c"),
            ("ab", "c "),
        ]
        .map(|(i, a)| owner(i, a));
        for (place, one) in owners.iter().enumerate() {
            assert!(
                owners[place + 1..].iter().all(|other| one != other),
                "{one:?} has a double"
            );
        }
        assert_eq!(owner("ab", "c"), owners[0]);
    }

    /// Rows keep the owner, so another hash in a later version would hide every session.
    #[test]
    fn an_owner_is_the_same_in_every_version() {
        assert_eq!(
            format!("{:?}", owner("https://api.example.com", "example-api")),
            "SessionOwner(0fa933d6e6117410)"
        );
    }
}
