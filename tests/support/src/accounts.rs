//! [`Accounts`]: the users of an application, as a test wants them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, BoxError, Grant, Identity, Login, Outcome,
    PasswordCredentials, Scope,
};

type Happening = Box<dyn FnOnce(&Accounts) + Send>;

/// A users table in memory. Clones are the same table.
#[derive(Clone)]
pub struct Accounts(Arc<Mutex<Table>>);

#[derive(Default)]
struct Table {
    accounts: HashMap<String, Account>,
    /// Whether every user name is accepted without a password, even without an account.
    knows_everybody: bool,
    /// Which of the two questions cannot be answered now.
    down: Option<Question>,
    when_authenticated: Option<Happening>,
    yields: bool,
    renewals: usize,
}

/// The questions to the accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether credentials are right: `Authenticate::authenticate`.
    Authenticate,
    /// The grant of a session: `Authenticate::authorize`.
    Authorize,
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Account {
    /// The password, as the user types it.
    pub password: String,
    /// Sets the grant.
    pub scope: &'static str,
    /// Another stamp ends earlier sessions.
    pub stamp: u32,
    /// Whether the accounts find the user.
    pub enabled: bool,
    /// Whether the sessions have receipts.
    pub receipts: bool,
}

impl Accounts {
    /// `alice`, whose password is `wonderland-7`, and `bob`, whose password is `builder-8`.
    pub fn new() -> Self {
        let account = |password: &str| Account {
            password: password.to_owned(),
            scope: "",
            stamp: 1,
            enabled: true,
            receipts: true,
        };
        let accounts = [
            ("alice".to_owned(), account("wonderland-7")),
            ("bob".to_owned(), account("builder-8")),
        ]
        .into();
        Self(Arc::new(Mutex::new(Table {
            accounts,
            ..Table::default()
        })))
    }

    /// Accounts that accept every user name without a password, and grant no scope.
    pub fn everybody() -> Self {
        Self(Arc::new(Mutex::new(Table {
            knows_everybody: true,
            ..Table::default()
        })))
    }

    /// The password of a user, now.
    pub fn password_of(&self, name: &str) -> String {
        self.0.lock().unwrap().accounts[name].password.clone()
    }

    /// Changes the row of a user.
    pub fn change(&self, name: &str, change: impl FnOnce(&mut Account)) {
        change(self.0.lock().unwrap().accounts.get_mut(name).unwrap());
    }

    /// Sets what fails, until it is `None` again.
    pub fn set_down(&self, question: Option<Question>) {
        self.0.lock().unwrap().down = question;
    }

    /// Sets what happens between a valid password and the rest of the login.
    pub fn when_authenticated(&self, happens: impl FnOnce(&Self) + Send + 'static) {
        self.0.lock().unwrap().when_authenticated = Some(Box::new(happens));
    }

    /// `authorize` waits once before it answers.
    pub fn yield_everywhere(&self) {
        self.0.lock().unwrap().yields = true;
    }

    /// The number of calls of `authorize`.
    pub fn renewals(&self) -> usize {
        self.0.lock().unwrap().renewals
    }

    fn account(&self, name: &str, question: Question) -> Result<Option<Account>, BoxError> {
        let table = self.0.lock().unwrap();
        if table.down == Some(question) {
            return Err("the users cannot be asked".into());
        }
        Ok(table
            .accounts
            .get(name)
            .filter(|account| account.enabled)
            .cloned())
    }

    fn knows_everybody(&self) -> bool {
        self.0.lock().unwrap().knows_everybody
    }
}

impl Account {
    fn identity(&self, name: &str) -> Identity {
        let identity = Identity::new(name).with_stamp(self.stamp.to_string());
        if self.receipts {
            identity
        } else {
            identity.without_receipts()
        }
    }

    fn grant(&self) -> Grant {
        Grant::new()
            .with_scope(Scope::from_static(self.scope))
            .with_stamp(self.stamp.to_string())
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accounts")
    }
}

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = BoxError;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, BoxError> {
        let name = login.username();
        let known = self.account(name, Question::Authenticate)?;
        let right = known.filter(|account| account.password == login.password());
        let happens = self.0.lock().unwrap().when_authenticated.take();
        if let Some(happens) = happens {
            happens(self);
        }
        Ok(right.map_or_else(Outcome::invalid_credentials, |account| {
            account.identity(name).into()
        }))
    }

    async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        let yields = {
            let mut table = self.0.lock().unwrap();
            table.renewals += 1;
            table.yields
        };
        if yields {
            tokio::task::yield_now().await;
        }
        let known = self
            .account(request.session().subject().as_str(), Question::Authorize)?
            .map(|account| account.grant());
        Ok(known
            .or_else(|| self.knows_everybody().then(Grant::new))
            .into())
    }
}
