//! What the users table says to tower-bearer: who logs in, and what their session may do.

use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, BoxError, Grant, Identity, LoadUser,
    LoadUserRequest, Login, Outcome, PasswordCredentials, Passwords, Subject, Verification,
};

use crate::users::{User, Users};

#[derive(Clone)]
pub struct Accounts {
    users: Users,
    passwords: Passwords,
}

impl Accounts {
    pub fn new(users: Users, passwords: Passwords) -> Self {
        Self { users, passwords }
    }

    /// `None`: the name is taken.
    pub async fn sign_up(&self, name: &str, password: &str) -> Result<Option<User>, BoxError> {
        let hash = self.passwords.hash(password).await?;
        Ok(self.users.insert(name, &hash).await?)
    }

    async fn find(&self, subject: &Subject) -> Result<Option<User>, sqlx::Error> {
        // A subject that is not a number is not a user of ours.
        let Ok(id) = subject.parse() else {
            return Ok(None);
        };
        self.users.by_id(id).await
    }
}

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = BoxError;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, BoxError> {
        let user = self.users.by_name(login.username()).await?;
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        // For an unknown user this takes as long as for one who exists.
        let verified = self.passwords.verify(stored, login.password()).await?;
        let (Some(user), Verification::Valid { rehashed, .. }) = (user, verified) else {
            return Ok(Outcome::invalid_credentials());
        };
        if let Some(hash) = rehashed {
            self.users.set_hash(&user, &hash).await?;
        }
        Ok(Identity::new(user.id).with_stamp(user.stamp()).into())
    }

    /// Called at login and at every refresh. `None`: the user is gone, and the session ends.
    async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        let user = self.find(request.session().subject()).await?;
        // Here is the place for `with_scope`.
        Ok(user
            .map(|user| Grant::new().with_stamp(user.stamp()))
            .into())
    }
}

impl LoadUser for Accounts {
    type User = User;
    type Error = sqlx::Error;

    async fn load_user(&self, request: LoadUserRequest<'_>) -> Result<Option<User>, sqlx::Error> {
        let claims = request.claims();
        self.find(claims.subject()).await
    }
}

impl User {
    /// After a change of the password, call `Sessions::credentials_changed` too.
    fn stamp(&self) -> [u8; 8] {
        self.password_version.to_be_bytes()
    }
}
