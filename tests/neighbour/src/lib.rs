//! An application that signs links by `jsonwebtoken` itself, with the provider of its choice, and
//! checks its users' tokens by `tower-bearer`.

use jsonwebtoken::errors::Result;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

/// The claims of a link in a mail.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Link {
    /// The user whose address it confirms.
    pub sub: String,
    /// When it ends, in seconds.
    pub exp: u64,
}

/// Signs a link, with the provider of the process.
///
/// # Errors
///
/// The provider does not sign.
#[allow(
    clippy::disallowed_methods,
    reason = "this is somebody else's application, not the crate"
)]
pub fn sign(link: &Link, secret: &[u8]) -> Result<String> {
    jsonwebtoken::encode(&Header::default(), link, &EncodingKey::from_secret(secret)?)
}

/// Checks a link, with the provider of the process.
///
/// # Errors
///
/// If the link is not one of ours.
#[allow(
    clippy::disallowed_methods,
    reason = "this is somebody else's application, not the crate"
)]
pub fn check(link: &str, secret: &[u8]) -> Result<Link> {
    let checked = jsonwebtoken::decode(
        link,
        &DecodingKey::from_secret(secret)?,
        &Validation::default(),
    )?;
    Ok(checked.claims)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tower_bearer::token::AccessTokenSigner;
    use tower_bearer::{Grant, Identity, SigningKey};

    use super::*;

    const SECRET: &[u8] = b"Vw7pQ2sX9zL4nB8mK1cR6tY3hJ5fD0gA";

    fn link() -> Link {
        Link {
            sub: "alice".to_owned(),
            exp: 4_000_000_000,
        }
    }

    #[test]
    fn it_signs_and_verifies_by_itself_before_and_after_we_do() {
        let signed = sign(&link(), SECRET).unwrap();
        assert_eq!(check(&signed, SECRET).unwrap(), link());

        let key = SigningKey::from_pem(include_str!("../../data/keys/p256.pem")).unwrap();
        let signer = AccessTokenSigner::new("https://api.example.com", "example-api", key).unwrap();
        let token = signer
            .sign(
                &Identity::new("alice"),
                &Grant::new(),
                Duration::from_secs(300),
            )
            .unwrap();
        assert_eq!(
            signer
                .verifier()
                .verify(token.secret())
                .unwrap()
                .subject()
                .as_str(),
            "alice"
        );

        assert_eq!(
            check(&sign(&link(), SECRET).unwrap(), SECRET).unwrap(),
            link()
        );
        assert!(check(token.secret(), SECRET).is_err());
        assert!(signer.verifier().verify(&signed).is_err());
    }

    #[test]
    fn its_own_keys_in_pem_work_too() {
        let (private, public) = (
            include_bytes!("../../data/keys/p256.pem"),
            include_bytes!("../../data/keys/p256.pub.pem"),
        );
        let key = EncodingKey::from_ec_pem(private).unwrap();
        #[allow(
            clippy::disallowed_methods,
            reason = "this is somebody else's application, not the crate"
        )]
        let signed =
            jsonwebtoken::encode(&Header::new(jsonwebtoken::Algorithm::ES256), &link(), &key)
                .unwrap();
        let validation = Validation::new(jsonwebtoken::Algorithm::ES256);
        #[allow(
            clippy::disallowed_methods,
            reason = "this is somebody else's application, not the crate"
        )]
        let checked = jsonwebtoken::decode::<Link>(
            &signed,
            &DecodingKey::from_ec_pem(public).unwrap(),
            &validation,
        )
        .unwrap();
        assert_eq!(checked.claims, link());
    }
}
