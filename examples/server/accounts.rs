//! The users table, as `tower-bearer` sees it: who logs in, what their session may do, and who
//! sends a request.

use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, BoxError, Grant, Identity, LoadUser,
    LoadUserRequest, Login, Outcome, PasswordCredentials, Passwords, Subject, Verification,
};

use crate::users::{User, Users};

#[derive(Clone)]
pub(crate) struct Accounts {
    users: Users,
    passwords: Passwords,
}

impl Accounts {
    pub(crate) fn new(users: Users) -> Self {
        Self {
            users,
            passwords: Passwords::new(),
        }
    }

    /// Makes the demo users if there is no user at all.
    pub(crate) async fn seed(&self) -> Result<bool, BoxError> {
        if self.users.count().await? > 0 {
            return Ok(false);
        }
        for (username, password, admin) in
            [("alice", "wonderland-7", true), ("bob", "builder-8", false)]
        {
            // Another server may do the same at this moment: the second one finds the name taken.
            self.insert(username, password, admin).await?;
        }
        Ok(true)
    }

    /// `None`: the name is taken.
    pub(crate) async fn sign_up(
        &self,
        username: &str,
        password: &str,
    ) -> Result<Option<User>, BoxError> {
        self.insert(username, password, false).await
    }

    /// `None`: the password has changed meanwhile.
    pub(crate) async fn set_password(
        &self,
        user: &User,
        password: &str,
    ) -> Result<Option<User>, BoxError> {
        let hash = self.passwords.hash(password).await?;
        Ok(self.users.set_password(user, &hash).await?)
    }

    async fn insert(
        &self,
        username: &str,
        password: &str,
        admin: bool,
    ) -> Result<Option<User>, BoxError> {
        let hash = self.passwords.hash(password).await?;
        Ok(self.users.insert(username, &hash, admin).await?)
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
        let check = self.passwords.verify(stored, login.password()).await?;
        let (Some(user), Verification::Valid { rehashed, .. }) = (user, check) else {
            return Ok(Outcome::invalid_credentials());
        };
        if let Some(hash) = rehashed {
            self.users.set_hash(&user, &hash).await?;
        }
        Ok(user.identity().into())
    }

    async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        let user = self.find(request.session().subject()).await?;
        Ok(user.as_ref().map(User::grant).into())
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
    fn identity(&self) -> Identity {
        Identity::new(self.id).with_stamp(self.stamp())
    }

    fn grant(&self) -> Grant {
        let scope = if self.admin { "admin" } else { "" };
        Grant::new().with_scope(scope).with_stamp(self.stamp())
    }

    /// The stamp changes with the password: sessions that began with an older one end.
    pub(crate) fn stamp(&self) -> [u8; 8] {
        self.password_version.to_be_bytes()
    }
}
