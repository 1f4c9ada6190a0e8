//! The answer to a login: the fields of RFC 6749, the fields that the application adds, and how a
//! client reads them.

use serde_json::{Value, json};
use support::{App, DAY, HOUR, MINUTE, claims_of, log_in_form, names};
use tower_bearer::clock::Clock;
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::ReceivedTokens;
use tower_bearer::{Grant, Identity, Scope};

#[tokio::test]
async fn what_the_answer_says_besides_is_said_once_and_stored_nowhere() {
    let app = App::new();
    app.users.authenticate_as(|_| {
        let identity = Identity::new("alice")
            .with_response("name", "Alice Liddell-0815")
            .unwrap();
        identity
            .with_response("cats", json!([{ "name": "Dinah" }]))
            .unwrap()
            .into()
    });
    let first = app.log_in().await.tokens();
    assert_eq!(
        (&first.body["name"], &first.body["cats"][0]["name"]),
        (&json!("Alice Liddell-0815"), &json!("Dinah"))
    );
    let ours = [
        "access_token",
        "authorization_expires_in",
        "device_mark",
        "expires_in",
        "refresh_token",
        "refresh_token_expires_in",
        "refresh_token_timeout",
        "token_type",
    ];
    let mut all = [&ours[..], &["name", "cats"]].concat();
    all.sort_unstable();
    assert_eq!(names(&first.body), all);

    let [id] = app.live().await[..] else {
        panic!("one session")
    };
    assert_eq!(app.row(&id).await.parts().data, None);
    assert!(!claims_of(&first.access).to_string().contains("Liddell"));
    let second = app.refresh(&first.refresh).await.tokens();
    // A refresh has no mark.
    let ours = ours.into_iter().filter(|name| *name != "device_mark");
    assert_eq!(names(&second.body), ours.collect::<Vec<_>>());
}

#[tokio::test]
async fn what_the_answer_says_besides_never_takes_the_place_of_what_rfc_6749_says() {
    let app = App::new();
    let taken = [
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "refresh_token_expires_in",
        "refresh_token_timeout",
        "authorization_expires_in",
        "scope",
        "device_mark",
        "until_browser_closes",
    ]
    .map(|name| move |identity: Identity| identity.with_response(name, "forged").unwrap());
    app.users.authenticate_as(move |_| {
        taken
            .iter()
            .fold(Identity::new("alice"), |identity, forge| forge(identity))
            .into()
    });
    let answer = app.send(log_in_form()).await;
    assert!(!answer.body.contains("forged"), "{answer:?}");
    // Each name once: a second one would be for the reader to choose from.
    for name in [
        "\"access_token\"",
        "\"refresh_token\"",
        "\"token_type\"",
        "\"expires_in\"",
    ] {
        assert_eq!(answer.body.matches(name).count(), 1, "{answer:?}");
    }
    let tokens = answer.tokens();
    assert_eq!(tokens.body.get("scope"), None, "nothing was granted");
    app.me(&tokens.access).await.assert_passed("alice");
}

#[tokio::test]
async fn a_token_response_says_whose_it_is_what_it_allows_and_until_when() {
    let app = App::new();
    let now = app.clock.now();
    app.users.grant(
        Grant::new()
            .with_scope(Scope::from_static("orders:read"))
            .with_claim("level", 3),
    );
    let identity = Identity::new("alice")
        .with_response("name", "Alice")
        .unwrap();
    let tokens = app.sessions.start(identity).await.unwrap();
    assert_eq!(
        (tokens.token_type(), tokens.scope().as_str()),
        ("Bearer", "orders:read")
    );
    let claims = tokens.claims();
    assert_eq!(
        (
            claims.subject().as_str(),
            claims.claim::<u8>("level").unwrap()
        ),
        ("alice", Some(3))
    );
    assert_eq!(
        (claims.session_id(), claims.issued_at()),
        (Some(tokens.session_id()), Some(now))
    );
    assert_eq!(
        (tokens.access_token_expires_at(), tokens.expires_in()),
        (now + 30 * MINUTE, 1800)
    );
    assert_eq!(
        (
            tokens.refresh_token_expires_at(),
            tokens.refresh_token_expires_in()
        ),
        (now + 7 * DAY, 604_800)
    );
    assert_eq!(
        (
            tokens.session_expires_at(),
            tokens.authorization_expires_in()
        ),
        (now + 90 * DAY, 90 * 86_400)
    );
    assert_eq!(tokens.extra().get("name"), Some(&json!("Alice")));
    assert!(!tokens.is_until_browser_closes());
    assert_eq!(app.live().await, [*tokens.session_id()]);
    // The claims are those that a verifier reads from the token.
    let verified = app
        .sessions
        .verifier()
        .verify(tokens.access_token().secret())
        .unwrap();
    assert_eq!(
        serde_json::to_value(&verified).unwrap(),
        serde_json::to_value(claims).unwrap()
    );

    app.clock.advance(HOUR);
    let later = app
        .sessions
        .refresh(tokens.refresh_token().unwrap().clone())
        .await
        .unwrap();
    assert_eq!(later.session_id(), tokens.session_id());
    assert_eq!(later.refresh_token_expires_at(), now + HOUR + 7 * DAY);
    assert!(later.extra().is_empty());
}

#[tokio::test]
async fn a_client_in_rust_reads_what_was_sent() {
    let app = App::new();
    app.users
        .grant(Grant::new().with_scope(Scope::from_static("orders:read")));
    let answer = app.log_in().await;
    let read: ReceivedTokens = serde_json::from_str(&answer.body).unwrap();
    let tokens = answer.tokens();
    assert_eq!(
        (read.access_token().secret(), read.token_type()),
        (&*tokens.access, "Bearer")
    );
    assert_eq!(
        read.refresh_token().map(RefreshToken::secret),
        Some(&*tokens.refresh)
    );
    assert_eq!(
        (read.expires_in(), read.refresh_token_expires_in()),
        (Some(1800), Some(604_800))
    );
    assert_eq!(read.authorization_expires_in(), Some(90 * 86_400));
    assert_eq!(read.scope(), Some("orders:read"));

    let draft: Value =
        json!({ "access_token": "a", "token_type": "Bearer", "refresh_token_timeout": 60 });
    let draft: ReceivedTokens = serde_json::from_value(draft).unwrap();
    assert_eq!(draft.refresh_token_expires_in(), Some(60));

    let least: Value = json!({ "access_token": "a", "token_type": "N_A", "surprise": [1] });
    let least: ReceivedTokens = serde_json::from_value(least).unwrap();
    assert_eq!(
        (
            least.token_type(),
            least.refresh_token().is_none(),
            least.scope()
        ),
        ("N_A", true, None)
    );
}
