//! A full queue of passwords does not fill the log.

use std::error::Error;
use std::fmt;

use support::Log;
use tower_bearer::edge::ClientAddress;
use tower_bearer::password::PasswordError;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Login, MemoryStore, Outcome,
    PasswordCredentials, Passwords,
};

use super::{poll, runtime, stuck_runtime, weak};

/// The accounts of an application that returns the error in one of its own.
struct Users(Passwords);

#[derive(Debug)]
struct OwnError(PasswordError);

impl fmt::Display for OwnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer")
    }
}

impl Error for OwnError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Authenticate for Users {
    type Credentials = PasswordCredentials;
    type Error = OwnError;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, OwnError> {
        let verified = self.0.verify(None, login.password()).await;
        verified
            .map(|_| Outcome::invalid_credentials())
            .map_err(OwnError)
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, OwnError> {
        Ok(Authorization::gone())
    }
}

#[test]
fn a_full_queue_is_one_warning_and_not_an_error_for_each_login() {
    let ((stuck, blocker), free) = (stuck_runtime(), runtime());
    let passwords = weak().with_concurrency(1).with_max_waiting(0);
    let mut works = Box::pin(passwords.hash("a"));
    assert!(poll(&stuck, &mut works.as_mut()).is_pending());
    let (log, _guard) = Log::capture();
    let sessions = TestTokens::new().sessions(Users(passwords.clone()), MemoryStore::new());
    let sessions = sessions.build().unwrap();
    for number in 0..100 {
        let name = format!("user {number}");
        let credentials = PasswordCredentials::new(name, "guessed");
        let mut request = http::Request::new(());
        let client = ClientAddress::new([192, 0, 2, number]);
        request.extensions_mut().insert(client);
        let login = Login::from_request(credentials, request.into_parts().0.into());
        let error = free.block_on(sessions.log_in(login)).unwrap_err();
        assert_eq!(error.to_response().status(), 503);
    }
    let lines = log.take_our_own();
    let loud: Vec<_> = lines
        .iter()
        .filter(|line| !line.contains("DEBUG"))
        .collect();
    let [line] = &*loud else { panic!("{loud:?}") };
    assert!(
        line.contains("WARN") && line.contains("too many wait"),
        "{line}"
    );
    assert!(line.contains("left_out=0"), "{line}");
    drop(blocker);
    stuck.block_on(works).unwrap();
}
