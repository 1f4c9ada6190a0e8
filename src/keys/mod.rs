//! The keys that sign and verify, and where they come from.

mod algorithm;
mod certificate;
mod crypto;
mod current_keys;
mod jwk;
mod jwk_members;
mod jwk_set;
mod key;
mod key_index;
mod key_set;
mod key_source;
mod left_out;
mod newer_keys;
mod own_keys;
mod private_pem;
mod public_jwk;
mod public_pem;
#[cfg(feature = "jwks")]
mod remote;
mod secret;
mod secret_token;
mod signing_key;
mod signing_keys;
mod wiped;

pub use algorithm::Algorithm;
pub use key_set::KeySet;
pub use key_source::{KeySource, SharedKeySet};
#[cfg(feature = "jwks")]
pub use remote::{HttpClient, JwksError, RemoteJwks};
pub use secret::Secret;
pub use secret_token::{AccessToken, RefreshToken, Ticket};
pub use signing_key::SigningKey;
pub use signing_keys::SigningKeys;

pub(crate) use current_keys::KeyGeneration;
pub(crate) use key::{Key, OUR_TYP};
pub(crate) use key_set::MOST_TRIED;
pub(crate) use key_source::{AskReason, KeysFuture};
pub(crate) use newer_keys::NewerKeys;
pub(crate) use own_keys::OwnKeys;
