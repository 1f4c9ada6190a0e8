//! [`AccessToken`], [`RefreshToken`] and [`Ticket`] are secret texts.
//!
//! None has `Display` or `PartialEq`, and their `Debug` is redacted.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// An access token as it is on the wire: a signed JWT (RFC 9068).
#[derive(Clone)]
pub struct AccessToken(Zeroizing<String>);

/// A refresh token as it is on the wire. It is opaque to all but [`Sessions`](crate::Sessions).
#[derive(Clone)]
pub struct RefreshToken(Zeroizing<String>);

/// A ticket as it is on the wire: 43 characters that need no escape in a URL.
/// [`Tickets`](crate::bearer::Tickets) issue it.
#[derive(Clone)]
pub struct Ticket(Zeroizing<String>);

macro_rules! token {
    ($token:ident, $name:literal) => {
        impl $token {
            /// Takes a token that came from outside. It is checked where it is used.
            #[must_use]
            pub fn new(token: impl Into<String>) -> Self {
                Self(Zeroizing::new(token.into()))
            }

            /// Returns the token itself. Everyone who reads it can use it, so keep it out of logs.
            #[must_use]
            pub fn secret(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $token {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($name, "([redacted])"))
            }
        }

        /// Serializes the token itself, because a response sends it.
        impl Serialize for $token {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        /// Deserializes a token without checking it, for a client that reads a response.
        impl<'de> Deserialize<'de> for $token {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::new)
            }
        }
    };
}

token!(AccessToken, "AccessToken");
token!(RefreshToken, "RefreshToken");
token!(Ticket, "Ticket");
