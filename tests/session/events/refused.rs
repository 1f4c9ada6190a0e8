//! Re-authentications that are refused, names of throttled logins, and tokens of other issuers.

use serde::Deserialize;
use support::{DAY, Log, MINUTE, SlowUsers, bearer_of, send, with_authorization};
use tower_bearer::bearer::BearerErrorKind;
use tower_bearer::keys::SigningKey;
use tower_bearer::session::{AuthEventKind, Login};
use tower_bearer::store::RevocationReason;
use tower_bearer::token::{AccessTokenSigner, AccessTokenVerifier};
use tower_bearer::{Authorization, Grant, Identity, PasswordCredentials, Secret};

use super::{Said, assert_whose, client, context, listening, log_in, login, revoked, said};

fn refused(reason: &'static str) -> Said {
    ("login_refused", Some(reason))
}

#[tokio::test]
async fn a_refused_re_authentication_is_told_and_logged_with_its_session() {
    let (app, heard) = listening();
    let (log, _guard) = Log::capture();
    let tokens = log_in(&app).await;
    let (claims, id) = (tokens.claims(), tokens.session_id());
    heard.take();
    log.take();
    let again = async |reason: &str| {
        let outcome = app.sessions.reauthenticate(claims, login("wonderland-7"));
        assert_eq!(outcome.await.unwrap_err().reason(), Some(reason));
        let lines = log.take();
        let line = format!(
            "re-authentication refused client=192.0.2.7 network=192.0.2.7 \
                            session={id} reason=\"{reason}\""
        );
        assert_eq!(lines.matches(&line).count(), 1, "{lines}");
    };
    let one = |what| {
        let event = heard.take_one();
        assert_eq!(said(&event), what);
        assert_eq!(event.session(), Some(id));
        assert_eq!(event.subject(), Some(claims.subject()));
        assert_eq!(event.client_address(), client());
    };

    // The password is another one since the session began.
    app.users
        .authenticate_as(|_| Identity::new("alice").with_stamp("new").into());
    again("credentials_invalid").await;
    one(refused("credentials_invalid"));

    // The credentials are those of another user.
    app.users.authenticate_as(|_| Identity::new("bob").into());
    again("credentials_invalid").await;
    one(refused("credentials_invalid"));

    app.users.authenticate_as(|_| Identity::new("alice").into());
    app.users
        .authorize_as(|_| Ok(Authorization::not_now("frozen")));
    again("frozen").await;
    one(refused("frozen"));

    app.users.grant(Grant::new());
    let secret = tokens.refresh_token().unwrap().secret();
    app.sessions.log_out(secret).await.unwrap();
    heard.take();
    log.take();
    again("session_revoked").await;
    one(refused("session_revoked"));
}

#[tokio::test]
async fn a_second_factor_that_comes_too_late_is_told_too() {
    let (app, heard) = listening();
    let tokens = log_in(&app).await;
    heard.take();
    app.users.authorize_as(|_| Ok(Authorization::gone()));
    let renew = async || app.sessions.renew_auth_time(tokens.claims()).await;
    assert_eq!(renew().await.unwrap_err().reason(), Some("user_gone"));
    let ended = revoked(RevocationReason::UserGone);
    assert_eq!(heard.take_said(), [ended, refused("user_gone")]);

    app.users.grant(Grant::new());
    let expired = log_in(&app).await;
    heard.take();
    app.clock.advance(100 * DAY);
    let error = app.sessions.renew_auth_time(expired.claims()).await;
    assert_eq!(error.unwrap_err().reason(), Some("session_expired"));
    let event = heard.take_one();
    assert_eq!(said(&event), refused("session_expired"));
    assert_eq!(event.session(), Some(expired.session_id()));
}

/// The user `alice` of a partner is not ours.
#[tokio::test]
async fn a_token_of_another_issuer_is_not_told_as_that_of_our_user() {
    let (app, heard) = listening();
    let tokens = log_in(&app).await;
    let key = SigningKey::hs256(&Secret::dangerous_weak("partner")).unwrap();
    let partner = AccessTokenSigner::new("https://partner.example", "api", key).unwrap();
    let verifier = AccessTokenVerifier::builder(partner.keys())
        .issuer("https://partner.example")
        .audience("api")
        .build();
    let layer = app.layer().with_verifier(verifier.unwrap()).unwrap();
    let layer = layer.require_scope("admin");
    // It says that it belongs to a session of ours.
    let grant = Grant::new();
    let token = partner.sign(&Identity::new("alice"), &grant, MINUTE);
    let theirs = format!("Bearer {}", token.unwrap().secret());
    heard.take();
    for (bearer, is_ours) in [(theirs, false), (bearer_of(&tokens), true)] {
        let answer = send(&layer, with_authorization(&bearer)).await;
        answer.assert_refused(403, "insufficient_scope", "scope_missing");
        let event = heard.take_one();
        assert_eq!(
            said(&event),
            ("access_token_refused", Some("scope_missing"))
        );
        assert_eq!(event.subject().is_some(), is_ours, "{event:?}");
        assert_eq!(event.session().is_some(), is_ours, "{event:?}");
    }
}

/// Claims that no token of these tests has.
#[derive(Clone, Deserialize)]
struct Claims {
    #[expect(dead_code)]
    company: String,
}

#[tokio::test]
async fn a_refusal_of_a_good_token_tells_whose_it_is() {
    let (app, heard) = listening();
    let tokens = log_in(&app).await;
    heard.take();
    let request = || with_authorization(&bearer_of(&tokens));
    let mut hijacked = request();
    let foreign = "s-1.AAAAAAAAAAAAAAAAAAAAAA".parse().unwrap();
    hijacked.headers_mut().insert("mcp-session-id", foreign);
    let mcp = app.layer().bind_mcp_sessions(&Secret::random().unwrap());
    let waits = mcp.clone().with_user_loader(SlowUsers);
    let typed = app.layer().with_typed_claims::<Claims>();
    for (layer, request, status, refused) in [
        (mcp, hijacked.clone(), 404, BearerErrorKind::Denied),
        (waits, hijacked, 404, BearerErrorKind::Denied),
        (typed, request(), 401, BearerErrorKind::InvalidToken),
    ] {
        assert_eq!(send(&layer, request).await.status, status);
        let event = heard.take_one();
        let is_told = matches!(
            event.kind(),
            AuthEventKind::AccessTokenRefused { kind, .. } if kind == refused
        );
        assert!(is_told, "{event:?}");
        assert_eq!(event.session(), Some(tokens.session_id()));
        assert_eq!(event.subject(), Some(tokens.claims().subject()));
    }
}

#[tokio::test]
async fn a_throttled_login_is_told_with_a_tag_of_its_name() {
    let (app, heard) = listening();
    let tag = async |name: &str| loop {
        let credentials = PasswordCredentials::new(name, "guessed");
        let login = Login::from_request(credentials, context());
        app.sessions.log_in(login).await.unwrap_err();
        let event = heard.take_one();
        assert_whose(&event, None);
        if let AuthEventKind::LoginThrottled { name_tag, .. } = event.kind() {
            return (name_tag, format!("{event:?}"));
        }
    };
    let (bob, said) = tag("bob").await;
    assert!(
        !said.contains("bob") && said.contains(&bob.to_string()),
        "{said}"
    );
    assert_eq!(tag("B.O.B").await.0, bob);
    assert_ne!(tag("carol").await.0, bob);
}
