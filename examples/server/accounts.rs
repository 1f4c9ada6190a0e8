//! What the users table says to `tower-bearer`: who may log in, what he is granted, and who he is.

use tower_bearer::{
    AccessTokenClaims, Authenticate, BoxError, Grant, LoadUser, PasswordCheck, PasswordCredentials, Passwords, Scope, Session,
};

use crate::users::{User, Users};

#[derive(Clone)]
pub(crate) struct Accounts {
    users: Users,
    passwords: Passwords,
}

impl Accounts {
    pub(crate) fn new(users: Users) -> Self {
        Self { users, passwords: Passwords::new() }
    }

    /// Makes the demo users if there is no user at all.
    pub(crate) async fn seed(&self) -> Result<bool, BoxError> {
        if self.users.count().await? > 0 {
            return Ok(false);
        }
        for (username, password, admin) in [("alice", "wonderland-7", true), ("bob", "builder-8", false)] {
            // Another server may do the same at this moment: whoever comes second finds the name taken.
            self.insert(username, password, admin).await?;
        }
        Ok(true)
    }

    /// `None`: the name is taken.
    pub(crate) async fn sign_up(&self, username: &str, password: &str) -> Result<Option<User>, BoxError> {
        self.insert(username, password, false).await
    }

    async fn insert(&self, username: &str, password: &str, admin: bool) -> Result<Option<User>, BoxError> {
        let hash = self.passwords.hash(password).await?;
        Ok(self.users.insert(username, &hash, admin).await?)
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<User>, sqlx::Error> {
        // A subject that is no number is nobody.
        let Ok(id) = subject.parse() else { return Ok(None) };
        self.users.by_id(id).await
    }
}

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = BoxError;

    async fn authenticate(&self, credentials: PasswordCredentials) -> Result<Option<Grant>, BoxError> {
        let user = self.users.by_name(credentials.username()).await?;
        // Asked for a user who does not exist too: it takes as long.
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        let check = self.passwords.check(credentials.password(), stored).await?;
        let (Some(user), PasswordCheck::Right { rehashed }) = (user, check) else { return Ok(None) };
        if let Some(hash) = rehashed {
            self.users.set_hash(&user, &hash).await?;
        }
        Ok(Some(grant(&user)))
    }

    async fn renew(&self, session: &Session) -> Result<Option<Grant>, BoxError> {
        Ok(self.by_subject(session.subject().as_str()).await?.as_ref().map(grant))
    }
}

impl LoadUser for Accounts {
    type User = User;
    type Error = sqlx::Error;

    async fn load_user(&self, claims: &AccessTokenClaims) -> Result<Option<User>, sqlx::Error> {
        self.by_subject(claims.subject().as_str()).await
    }
}

/// What `authenticate` and `renew` both say of a user.
fn grant(user: &User) -> Grant {
    let scope = if user.admin { Scope::from_static("admin") } else { Scope::default() };
    Grant::new(user.id).with_scope(scope).with_stamp(user.password_version.to_be_bytes())
}
