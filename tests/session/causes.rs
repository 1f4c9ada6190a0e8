//! The errors of an application and of a store may repeat what a client sent. In the log they forge
//! nothing.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use support::{App, Log, StoreFault, form, send, with_authorization};
use tower_bearer::edge::ClientAddress;
use tower_bearer::session::RequestContext;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, BearerAuthLayer, BoxError, LoadUser,
    LoadUserRequest, Login, MemoryStore, Outcome, PasswordCredentials,
};

const FORGED: &str = "2026-11-28T19:00:00.5Z  WARN tower_bearer::session::attempt: login throttled \
                      client=198.51.100.9 by=Pair";

/// Names that a client may type, and what the log has of them.
fn typed() -> Vec<(String, &'static str)> {
    vec![
        (format!("bob\n{FORGED}\n"), "bob\\n2026"),
        (format!("bob\r\n{FORGED}"), "bob\\r\\n2026"),
        ("bob\u{1b}[2K\u{9b}31m".into(), "bob\\u{1b}[2K\\u{9b}31m"),
        ("bob\u{2028}\u{85}\0".into(), "bob\\u{2028}\\u{85}\\0"),
        ("bob\u{202e}\u{2066}".into(), "bob\\u{202e}\\u{2066}"),
        (format!("bob {}", "a".repeat(100_000)), "and more"),
        (format!("bob{}", "\n".repeat(100_000)), "\\n and more"),
        ("\"bob\" isn't there".into(), "\"bob\" isn't there"),
    ]
}

/// An error that repeats a name, and has a source that does so too.
#[derive(Debug)]
struct Repeats(String, Option<Box<Self>>);

impl Repeats {
    fn twice(name: &str) -> Self {
        let source = Self(format!("no user is {name}"), None);
        Self(format!("cannot find {name}"), Some(Box::new(source)))
    }
}

impl fmt::Display for Repeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Repeats {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_ref().map(|source| &**source as _)
    }
}

/// Each line is one of ours, none is long, and what was typed is there in its escaped form.
#[track_caller]
fn assert_nothing_is_forged(said: &str, escaped: &str, what: &str) {
    let invisible = |char: char| {
        char != '\n' && (char.is_control() || "\u{202e}\u{2066}\u{2028}".contains(char))
    };
    assert!(!said.contains(invisible), "{what}: {said:?}");
    assert!(
        !said.is_empty() && said.contains(escaped),
        "{what}: {said:?}"
    );
    for line in said.lines() {
        assert!(
            line.contains(" tower_bearer::") && line.len() < 5000,
            "{what}: {line:?}"
        );
        assert!(
            !line.starts_with("2026-11-28T19:00:00.5Z"),
            "{what}: {line:?}"
        );
    }
}

fn from_a_client() -> RequestContext {
    let mut request = http::Request::new(());
    let client = ClientAddress::new([192, 0, 2, 7]);
    request.extensions_mut().insert(client);
    request.into_parts().0.into()
}

#[derive(Debug)]
struct Echo;

impl Authenticate for Echo {
    type Credentials = PasswordCredentials;
    type Error = Repeats;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, Repeats> {
        Err(Repeats::twice(login.username()))
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Repeats> {
        Ok(Authorization::gone())
    }
}

#[tokio::test]
async fn the_error_of_an_application_that_repeats_the_typed_name_forges_no_line() {
    let (log, _guard) = Log::capture();
    let sessions = TestTokens::new()
        .sessions(Echo, MemoryStore::new())
        .build()
        .unwrap();
    for (name, escaped) in typed() {
        let credentials = PasswordCredentials::new(&*name, "guessed");
        let login = Login::from_request(credentials, from_a_client());
        sessions.log_in(login).await.unwrap_err();
        let said = log.take();
        assert_eq!(said.lines().count(), 1, "{said:?}");
        assert_nothing_is_forged(&said, escaped, "authenticate");
        assert_eq!(said.contains(": no user is"), name.len() < 1000, "{said}");
    }
}

#[tokio::test]
async fn an_error_of_authorize_forges_no_line() {
    let (log, _guard) = Log::capture();
    let app = App::new();
    for (name, escaped) in typed() {
        let text = name.clone();
        app.users
            .authorize_as(move |_| Err(BoxError::from(text.clone())));
        let answer = app.send(form(
            "/login",
            &[("username", "alice"), ("password", "wonderland-7")],
        ));
        assert_eq!(answer.await.status, 503);
        let said = log.take();
        assert_nothing_is_forged(&said, escaped, "authorize");
    }
}

struct Loader(String);

impl LoadUser for Loader {
    type User = ();
    type Error = BoxError;

    async fn load_user(&self, _: LoadUserRequest<'_>) -> Result<Option<()>, BoxError> {
        Err(Repeats::twice(&self.0).into())
    }
}

#[tokio::test]
async fn an_error_of_a_loader_or_of_a_guard_forges_no_line() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    for (name, escaped) in typed() {
        let alice = tokens.bearer("alice");
        let loading = layer.clone().with_user_loader(Loader(name.clone()));
        assert_eq!(send(&loading, with_authorization(&alice)).await.status, 503);
        assert_nothing_is_forged(&log.take(), escaped, "load_user");

        let source = name.clone();
        let guarded = layer.clone().require(move |_| Err(source.clone().into()));
        assert_eq!(send(&guarded, with_authorization(&alice)).await.status, 403);
        assert_nothing_is_forged(&log.take(), escaped, "require");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_store_forges_no_line() {
    let app = App::new();
    let tokens = app.log_in().await.tokens();
    let (log, _guard) = Log::capture();
    for (text, escaped) in typed() {
        let fault = StoreFault::Saying(text.leak());
        app.store.set_fault(Some(fault));
        app.refresh(&tokens.refresh).await.assert_unavailable();
        assert_nothing_is_forged(&log.take(), escaped, "a refresh");
        // The pulls begin to fail, and fail again.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let said = log.take();
        assert_nothing_is_forged(&said, escaped, "a pull");
        assert!(said.contains("revocations were not pulled"), "{said}");
        app.store.set_fault(None);
        tokio::time::sleep(Duration::from_secs(3)).await;
        log.take();
    }
}
