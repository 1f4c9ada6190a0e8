//! Users whose passwords were hashed by others before: with bcrypt, scrypt and PBKDF2.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Request;
use support::{Received, form};
use tower::ServiceExt;
use tower_bearer::test_util::TestTokens;
use tower_bearer::throttle::LoginThrottle;
use tower_bearer::{
    AuthEndpoints, Authenticate, Authorization, AuthorizeRequest, BoxError, Grant, Identity, Login,
    MemoryStore, Outcome, PasswordCredentials, Passwords, Secret, Verification,
};

/// The password is `wonderland-7`. Python made these: `bcrypt`, and twice `hashlib`.
const FORMER: [(&str, &str); 3] = [
    (
        "bcrypt",
        "$2b$04$cBLfm1ErGHdmKt3yo4.baOYknDk2/yevMzr0.RW2OvSYZCgTkUzNy",
    ),
    (
        "scrypt",
        "$scrypt$ln=4,r=8,p=1$c29tZXNhbHRzb21lc2FsdA$1uNiPE8QuAkLR923w1mpxs5ixJXMST5Zvt3mmuaDsLY",
    ),
    (
        "pbkdf2",
        "$pbkdf2-sha256$i=1000,l=32$c29tZXNhbHRzb21lc2FsdA\
         $1cGuWNPrV3XEQq3RU7ytXo/j7V64x5giX2j1wnPMWL4",
    ),
];

/// A users table, with what `Passwords` needs to know of it.
#[derive(Clone)]
struct Users {
    hashes: Arc<Mutex<HashMap<String, String>>>,
    passwords: Passwords,
}

impl Users {
    fn of_before() -> Self {
        let hashes = FORMER.map(|(name, hash)| (name.to_owned(), hash.to_owned()));
        Self {
            hashes: Arc::new(Mutex::new(hashes.into())),
            passwords: Passwords::new()
                .dangerous_weak()
                .with_former_hashes(bcrypt)
                .with_former_hashes(scrypt)
                .with_former_hashes(pbkdf2),
        }
    }

    fn hash(&self, name: &str) -> Option<String> {
        self.hashes.lock().unwrap().get(name).cloned()
    }
}

fn bcrypt(stored: &str, password: &str) -> Option<bool> {
    let is_bcrypt = stored.starts_with("$2");
    is_bcrypt.then(|| bcrypt::verify(password, stored).unwrap_or(false))
}

fn scrypt(stored: &str, password: &str) -> Option<bool> {
    use scrypt::password_hash::PasswordVerifier;
    let stored = stored.starts_with("$scrypt$").then_some(stored)?;
    let hash = scrypt::phc::PasswordHash::new(stored).ok()?;
    let scrypt = scrypt::Scrypt::new();
    Some(scrypt.verify_password(password.as_bytes(), &hash).is_ok())
}

fn pbkdf2(stored: &str, password: &str) -> Option<bool> {
    use pbkdf2::password_hash::PasswordVerifier;
    let stored = stored.starts_with("$pbkdf2-").then_some(stored)?;
    let hash = pbkdf2::phc::PasswordHash::new(stored).ok()?;
    let pbkdf2 = pbkdf2::Pbkdf2::default();
    Some(pbkdf2.verify_password(password.as_bytes(), &hash).is_ok())
}

impl Authenticate for Users {
    type Credentials = PasswordCredentials;
    type Error = BoxError;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, BoxError> {
        let (name, password) = (login.username(), login.password());
        let stored = self.hash(name);
        match self.passwords.verify(stored.as_deref(), password).await? {
            Verification::Valid { rehashed, .. } => {
                if let Some(hash) = rehashed {
                    self.hashes.lock().unwrap().insert(name.to_owned(), hash);
                }
                Ok(Identity::new(name).into())
            }
            Verification::Invalid => Ok(Outcome::invalid_credentials()),
        }
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        Ok(Grant::new().into())
    }
}

fn endpoints(users: &Users) -> AuthEndpoints {
    let sessions = TestTokens::new().sessions(users.clone(), MemoryStore::new());
    let sessions = sessions
        .secret(Secret::random().unwrap())
        .login_throttle(LoginThrottle::off());
    sessions.build().unwrap().endpoints()
}

fn login(name: &str, password: &str) -> Request<Body> {
    form("/login", &[("username", name), ("password", password)])
}

// requirement 69
#[tokio::test]
async fn a_login_replaces_a_hash_of_bcrypt_scrypt_or_pbkdf2_by_one_of_argon2() {
    let users = Users::of_before();
    let endpoints = endpoints(&users);
    let log_in = async |name: &str, password: &str| {
        Received::read(endpoints.clone().oneshot(login(name, password))).await
    };
    let unknown = log_in("nobody", "wonderland-7").await;
    for (name, former) in FORMER {
        // A wrong password answers as that of a user who does not exist, and changes nothing.
        for password in ["wonderland-8", "Wonderland-7", former] {
            let wrong = log_in(name, password).await;
            wrong.assert_error(400, "invalid_grant", Some("credentials_invalid"));
            assert_eq!(
                (&wrong.headers, &wrong.body),
                (&unknown.headers, &unknown.body)
            );
        }
        assert_eq!(users.hash(name).as_deref(), Some(former));

        assert_eq!(log_in(name, "wonderland-7").await.status, 200, "{name}");
        let anew = users.hash(name).unwrap();
        assert!(anew.starts_with("$argon2id$v=19$"), "{anew}");
        assert_eq!(log_in(name, "wonderland-8").await.status, 400, "{name}");
        assert_eq!(log_in(name, "wonderland-7").await.status, 200, "{name}");
        assert_eq!(users.hash(name).unwrap(), anew, "made anew once");
    }
}
