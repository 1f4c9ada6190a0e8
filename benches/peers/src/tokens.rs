//! [`Mint`] makes access tokens of about 450 bytes, each different, as an issuer would.

use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

use crate::kind::Kind;

pub const ISSUER: &str = "https://issuer.test";
pub const AUDIENCE: &str = "https://api.test";
pub const SCOPE: &str = "profile orders:read orders:write";

/// Makes the tokens that the layers of others and our layer without sessions get.
pub struct Mint {
    header: Header,
    key: EncodingKey,
    issuer: String,
    next: u64,
}

impl Mint {
    pub fn new(kind: Kind) -> Self {
        let mut header = Header::new(kind.of_jsonwebtoken());
        header.typ = Some("at+jwt".to_owned());
        Self {
            header,
            key: kind.encoding_key(),
            issuer: ISSUER.to_owned(),
            next: 0,
        }
    }

    /// Makes tokens of another issuer, with the same key.
    pub fn with_issuer(mut self, issuer: &str) -> Self {
        self.issuer = issuer.to_owned();
        self
    }

    /// Makes `count` tokens that were not there before.
    pub fn valid(&mut self, count: usize) -> Vec<HeaderValue> {
        (0..count).map(|_| bearer(&self.token(3600))).collect()
    }

    /// Makes tokens with a good signature that expired an hour ago.
    pub fn expired(&mut self, count: usize) -> Vec<HeaderValue> {
        (0..count).map(|_| bearer(&self.token(-3600))).collect()
    }

    /// Makes good tokens with another signature.
    pub fn forged(&mut self, count: usize) -> Vec<HeaderValue> {
        (0..count)
            .map(|_| bearer(&forged(&self.token(3600))))
            .collect()
    }

    // One provider of signatures is on, so the process-wide choice is this one.
    #[allow(clippy::disallowed_methods)]
    fn token(&mut self, lifetime: i64) -> String {
        self.next += 1;
        let (number, now) = (self.next, now());
        let claims = json!({
            "iss": self.issuer,
            "sub": format!("user-{number:08}"),
            "aud": AUDIENCE,
            "exp": now + lifetime,
            "iat": now + lifetime - 1800,
            "auth_time": now + lifetime - 1800,
            "jti": format!("{number:022}"),
            "sid": format!("{number:022}"),
            "gen": 0,
            "scope": SCOPE,
            "name": NAME,
        });
        jsonwebtoken::encode(&self.header, &claims, &self.key).expect("the claims are JSON")
    }
}

/// A claim of the application, in every token.
pub const NAME: &str = "Alice Example of Wonderland";

/// The token as the value of `Authorization`.
pub fn bearer(token: &str) -> HeaderValue {
    format!("Bearer {token}").parse().expect("visible ASCII")
}

/// The token with another signature: a character in its middle is changed.
pub fn forged(token: &str) -> String {
    let mut bytes = token.as_bytes().to_vec();
    let middle = (token.rfind('.').expect("a JWS") + bytes.len()) / 2;
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).expect("ASCII")
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_secs() as i64
}
