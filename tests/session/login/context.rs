//! The request that a login or a refresh comes from, as `authenticate` and `authorize` see it.

mod address;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Request;
use support::{App, form, log_in_form, with_header};
use tower_bearer::edge::ClientAddress;
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::{Refresh, RequestContext, SessionsBuilder};
use tower_bearer::{
    Authorization, Grant, Identity, Login, MemoryStore, Outcome, PasswordCredentials,
};

/// An extension, as a server or a layer in front puts into a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Connection(u16);

/// The parts of a request that the application sees.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    header: Option<String>,
    extension: Option<Connection>,
    agent: Option<String>,
    path: String,
    address: Option<IpAddr>,
}

impl Seen {
    fn of(context: &RequestContext) -> Self {
        Self {
            header: context
                .headers()
                .get("x-tenant")
                .map(|value| value.to_str().unwrap().to_owned()),
            extension: context.extensions().get().copied(),
            agent: context.user_agent().map(str::to_owned),
            path: context.parts().uri.path().to_owned(),
            address: context.client_address(),
        }
    }
}

/// A question, and what it saw; `None` for a question without a context.
type Look = (&'static str, Option<Seen>);

/// The contexts that both callbacks have seen since the last look.
#[derive(Clone, Debug, Default)]
struct Looks(Arc<Mutex<Vec<Look>>>);

impl Looks {
    fn see(&self, question: &'static str, context: Option<&RequestContext>) {
        self.0
            .lock()
            .unwrap()
            .push((question, context.map(Seen::of)));
    }

    fn take(&self) -> Vec<Look> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// The address that every question saw since the last look.
    #[track_caller]
    fn address(&self) -> Option<IpAddr> {
        let looks = self.take();
        let addresses: Vec<_> = looks
            .into_iter()
            .map(|(_, seen)| seen.expect("a context").address)
            .collect();
        assert!(
            !addresses.is_empty() && addresses.iter().all(|address| *address == addresses[0]),
            "{addresses:?}"
        );
        addresses[0]
    }
}

fn watched(settings: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> (App, Looks) {
    let (app, looks) = (App::built(MemoryStore::new(), settings), Looks::default());
    let at_login = looks.clone();
    app.users.authenticate_as(move |login| {
        at_login.see("authenticate", login.context());
        Outcome::from(Identity::new(login.username()))
    });
    let at_tokens = looks.clone();
    app.users.authorize_as(move |request| {
        at_tokens.see("authorize", request.context());
        Ok(Authorization::from(Grant::new()))
    });
    (app, looks)
}

/// The request with a header, an extension, a `User-Agent`, and the address of its connection.
fn adorned(request: Request<Body>) -> Request<Body> {
    let mut request = with_header(
        with_header(request, "x-tenant", "acme"),
        "user-agent",
        "Mozilla/5.0",
    );
    request.extensions_mut().insert(Connection(7));
    request
        .extensions_mut()
        .insert(ClientAddress::new(address("192.0.2.7")));
    request
}

fn seen(path: &str) -> Option<Seen> {
    Some(Seen {
        header: Some("acme".to_owned()),
        extension: Some(Connection(7)),
        agent: Some("Mozilla/5.0".to_owned()),
        path: path.to_owned(),
        address: Some(address("192.0.2.7")),
    })
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn context(request: Request<Body>) -> RequestContext {
    RequestContext::from(request.into_parts().0)
}

fn credentials() -> PasswordCredentials {
    PasswordCredentials::new("alice", "wonderland-7")
}

#[tokio::test]
async fn a_login_shows_its_request_to_both_questions() {
    let (app, looks) = watched(|sessions| sessions);
    for path in ["/login", "/token"] {
        let parameters = [
            ("grant_type", "password"),
            ("username", "alice"),
            ("password", "wonderland-7"),
        ];
        app.send(adorned(form(path, &parameters))).await.tokens();
        assert_eq!(
            looks.take(),
            [("authenticate", seen(path)), ("authorize", seen(path))]
        );
    }
}

#[tokio::test]
async fn a_refresh_shows_its_own_request_and_not_that_of_the_login() {
    let (app, looks) = watched(|sessions| sessions);
    let tokens = app.log_in().await.tokens();
    looks.take();
    app.send(adorned(form(
        "/refresh",
        &[("refresh_token", &tokens.refresh)],
    )))
    .await
    .tokens();
    assert_eq!(looks.take(), [("authorize", seen("/refresh"))]);
    let parameters = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*tokens.refresh),
    ];
    app.send(adorned(form("/token", &parameters)))
        .await
        .tokens();
    assert_eq!(looks.take(), [("authorize", seen("/token"))]);
}

#[tokio::test]
async fn a_handler_of_ones_own_says_which_request_it_is() {
    let (app, looks) = watched(|sessions| sessions);
    let callback = || {
        context(adorned(
            Request::get("/callback").body(Body::empty()).unwrap(),
        ))
    };
    let tokens = app
        .sessions
        .log_in(Login::from_request(credentials(), callback()))
        .await
        .unwrap();
    assert_eq!(
        looks.take(),
        [
            ("authenticate", seen("/callback")),
            ("authorize", seen("/callback"))
        ]
    );

    let refresh = Refresh::new(tokens.refresh_token().unwrap().clone()).with_context(callback());
    app.sessions.refresh(refresh).await.unwrap();
    assert_eq!(looks.take(), [("authorize", seen("/callback"))]);
}

#[tokio::test]
async fn a_session_that_is_started_says_which_request_it_comes_from() {
    let (app, looks) = watched(|sessions| sessions);
    let callback = context(adorned(
        Request::get("/callback").body(Body::empty()).unwrap(),
    ));
    app.sessions
        .start(Identity::new("alice").with_context(callback))
        .await
        .unwrap();
    let [(question, Some(saw))] = &looks.take()[..] else {
        panic!("one question, with a context")
    };
    let expected = seen("/callback").unwrap();
    assert_eq!(*question, "authorize");
    assert_eq!(
        (&saw.header, &saw.extension, &saw.agent),
        (&expected.header, &expected.extension, &expected.agent)
    );
    assert_eq!(saw.path, "/callback");
}

#[tokio::test]
async fn where_no_request_is_named_none_is_seen() {
    let (app, looks) = watched(|sessions| sessions);
    let tokens = app
        .sessions
        .log_in(Login::new(credentials()))
        .await
        .unwrap();
    assert_eq!(looks.take(), [("authenticate", None), ("authorize", None)]);
    app.sessions.start(Identity::new("alice")).await.unwrap();
    app.sessions
        .refresh(tokens.refresh_token().unwrap().clone())
        .await
        .unwrap();
    assert_eq!(looks.take(), [("authorize", None), ("authorize", None)]);
}

#[tokio::test]
async fn an_identity_that_names_a_request_is_authorized_for_that_one() {
    let (app, looks) = watched(|sessions| sessions);
    let other = context(adorned(Request::get("/other").body(Body::empty()).unwrap()));
    app.users.authenticate_as(move |login| {
        Identity::new(login.username())
            .with_context(other.clone())
            .into()
    });
    app.log_in().await.tokens();
    let [(_, Some(saw))] = &looks.take()[..] else {
        panic!("one question, with a context")
    };
    assert_eq!((&*saw.path, saw.extension), ("/other", Some(Connection(7))));
}

#[tokio::test]
async fn a_session_is_called_by_the_user_agent_of_its_request_unless_the_identity_says_more() {
    let (app, _) = watched(|sessions| sessions);
    let agent = || {
        context(adorned(
            Request::get("/callback").body(Body::empty()).unwrap(),
        ))
    };
    let named = async |tokens: tower_bearer::TokenResponse| {
        app.row(tokens.session_id())
            .await
            .device()
            .map(str::to_owned)
    };
    let login = app
        .sessions
        .log_in(Login::from_request(credentials(), agent()))
        .await
        .unwrap();
    assert_eq!(named(login).await.as_deref(), Some("Mozilla/5.0"));
    let started = app
        .sessions
        .start(
            Identity::new("alice")
                .with_device("a till")
                .with_context(agent()),
        )
        .await
        .unwrap();
    assert_eq!(named(started).await.as_deref(), Some("a till"));
}

#[test]
fn neither_headers_nor_credentials_are_printed_for_debugging() {
    let request = with_header(log_in_form(), "authorization", "Bearer a-secret-token");
    let context = context(with_header(request, "cookie", "a=a-secret-token"));
    let refresh =
        Refresh::new(RefreshToken::new("rt1_a-secret-token")).with_context(context.clone());
    let identity = Identity::new("alice")
        .with_context(context.clone())
        .replacing("a-secret-token")
        .with_stamp("a-secret-token");
    let printed = format!(
        "{context:?} {:?} {refresh:?} {identity:?}",
        Login::from_request(credentials(), context.clone())
    );
    assert!(
        !printed.contains("a-secret-token") && !printed.contains("wonderland"),
        "{printed}"
    );
}
