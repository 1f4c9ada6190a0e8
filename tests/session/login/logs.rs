//! The log says who and why, and never has a token or a password.

use std::net::IpAddr;
use std::time::Duration;

use support::{
    App, Call, Log, Login, MINUTE, StoreFault, claims_of, form, log_in, sessions_of, signed_in,
};
use tower_bearer::edge::ClientAddress;
use tower_bearer::session::{Refresh, SessionErrorKind, SessionsBuilder};
use tower_bearer::test_util::TestTokens;
use tower_bearer::throttle::LoginThrottle;
use tower_bearer::{Identity, MemoryStore, Outcome, PasswordCredentials};

// requirement 74
#[tokio::test]
async fn a_login_leaves_one_event_that_names_user_and_session() {
    let (log, _guard) = Log::capture();
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let lines = log.take_our_own();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("INFO") && lines[0].contains("subject=alice"),
        "{lines:?}"
    );
    assert!(
        lines[0].contains(claims_of(&tokens.access)["sid"].as_str().unwrap()),
        "{lines:?}"
    );
}

/// An application may take a name that a user has chosen as the subject.
#[tokio::test]
async fn a_subject_cannot_forge_a_line_of_the_log() {
    let (log, _guard) = Log::capture();
    let sessions = sessions_of(&TestTokens::new());
    let name = "alice\n2026-11-28T00:00:00Z  INFO tower_bearer: logged in subject=root\u{1b}[31m";
    let pair = log_in(&sessions, name).await;
    let token = pair.refresh_token().unwrap().clone();
    sessions.refresh(token).await.unwrap();
    sessions.log_out_everywhere(&name.into()).await.unwrap();
    let text = log.text();
    assert!(
        !text.contains('\u{1b}') && text.contains("alice\\n2026"),
        "{text}"
    );
    assert!(
        text.lines()
            .all(|line| !line.starts_with("2026-11-28T00:00:00Z")),
        "{text}"
    );
}

#[tokio::test]
async fn a_long_subject_does_not_fill_the_log() {
    let (log, _guard) = Log::capture();
    let sessions = sessions_of(&TestTokens::new());
    let name = "\u{202e}".repeat(1000);
    let pair = log_in(&sessions, &name).await;
    sessions.log_out_others(pair.claims()).await.unwrap();
    sessions.log_out_everywhere(&(&*name).into()).await.unwrap();
    let lines = log.take_our_own();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for line in lines {
        assert!(line.len() < 3000 && line.is_ascii(), "{} bytes", line.len());
        assert!(line.contains("subject=\\u{202e}"), "{line}");
    }
}

// requirement 74
#[tokio::test]
async fn a_failed_login_leaves_one_event_without_the_password() {
    let (log, _guard) = Log::capture();
    let login = Login::new();
    for name in ["alice", "mallory"] {
        let answer = login
            .post("/login", &[("username", name), ("password", "builder-8")])
            .await;
        answer.assert_invalid_grant("credentials_invalid");
        let lines = log.take_our_own();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].contains("credentials_invalid") && !lines[0].contains("builder-8"),
            "{lines:?}"
        );
    }
}

// requirement 74
#[tokio::test]
async fn a_refresh_leaves_one_event_that_names_the_session() {
    let (log, _guard) = Log::capture();
    let login = Login::new();
    let first = login.log_in("alice").await;
    let session = claims_of(&first.access)["sid"].as_str().unwrap().to_owned();
    log.take();
    login.refresh(&first.refresh).await.tokens();
    let lines = log.take_our_own();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("refreshed") && lines[0].contains(&session),
        "{lines:?}"
    );

    login.log_out(&first.refresh).await;
    let lines = log.take_our_own();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("session ended") && lines[0].contains(&session),
        "{lines:?}"
    );

    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("session_revoked");
    let lines = log.take_our_own();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("refresh refused") && lines[0].contains("session_revoked"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_refused_refresh_names_the_session_if_the_token_was_genuine() {
    let (log, _guard) = Log::capture();
    let login = Login::new();
    let first = login.log_in("alice").await;
    login.log_out(&first.refresh).await;
    log.take();
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("session_revoked");
    let lines = log.take();
    assert!(
        lines.contains(claims_of(&first.access)["sid"].as_str().unwrap()),
        "{lines}"
    );
}

// requirement 74
#[tokio::test]
async fn a_refusal_of_an_access_token_leaves_one_event_at_an_endpoint_as_at_the_layer() {
    let (log, _guard) = Log::capture();
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login.clock.advance(60 * MINUTE);
    log.take();
    login
        .me(&tokens.access)
        .await
        .assert_invalid_token("token_expired");
    let lines = log.take_our_own();
    assert!(
        lines.len() == 1 && lines[0].contains("token_expired"),
        "layer: {lines:?}"
    );
    login
        .send(signed_in("GET", "/sessions", &tokens.access))
        .await
        .assert_invalid_token("token_expired");
    let lines = log.take_our_own();
    assert!(
        lines.len() == 1 && lines[0].contains("token_expired"),
        "endpoint: {lines:?}"
    );
}

// requirements 19, 74
#[tokio::test]
async fn reuse_leaves_a_warning_with_the_evidence() {
    let (log, _guard) = Log::capture();
    let login = Login::new();
    let first = login.log_in("alice").await;
    let second = login.refresh(&first.refresh).await.tokens();
    login.confirm(&second).await;
    login.clock.advance(MINUTE);
    log.take();
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("refresh_reused");
    let warnings = log.take_warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let session = claims_of(&first.access)["sid"].as_str().unwrap().to_owned();
    for evidence in [
        &*session,
        "subject=alice",
        "presented=0",
        "current=1",
        "confirmed=true",
    ] {
        assert!(warnings[0].contains(evidence), "{evidence}: {warnings:?}");
    }
}

// requirement 74
#[tokio::test]
async fn no_token_and_no_password_gets_into_the_log() {
    let (log, _guard) = Log::capture();
    let login = Login::new();
    let (mut secrets, mut access) = (
        vec![
            "wonderland-7".to_owned(),
            "builder-8".to_owned(),
            "idem-4711".to_owned(),
        ],
        Vec::new(),
    );
    login
        .post(
            "/login",
            &[("username", "alice"), ("password", "builder-8")],
        )
        .await
        .assert_invalid_grant("credentials_invalid");
    let first = login.log_in("alice").await;
    let request = support::form("/refresh", &[("refresh_token", &first.refresh)]);
    let second = login
        .send(support::with_header(
            request,
            "idempotency-key",
            "idem-4711",
        ))
        .await
        .tokens();
    login.confirm(&second).await;
    login
        .me(&first.refresh)
        .await
        .assert_invalid_token("token_invalid");
    login
        .refresh(&second.access)
        .await
        .assert_invalid_grant("token_invalid");
    login.store.set_fault(Some(StoreFault::All));
    login.refresh(&second.refresh).await.assert_unavailable();
    login
        .post("/logout", &[("token", &second.access)])
        .await
        .assert_unavailable();
    login.store.set_fault(None);
    login.clock.advance(2 * 60 * MINUTE);
    login
        .me(&second.access)
        .await
        .assert_invalid_token("token_expired");
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("refresh_reused");
    login
        .send(signed_in("GET", "/sessions", &second.access))
        .await
        .assert_invalid_token("token_expired");
    let endpoints = login.endpoints();
    tracing::info!(?login.sessions, ?endpoints, "anything that an application may log itself");

    for tokens in [&first, &second] {
        secrets.extend([tokens.refresh.clone(), tokens.refresh[4..].to_owned()]);
        access.push(tokens.access.clone());
    }
    // Not even the signed part of an access token, nor its signature by itself.
    secrets.extend(
        access
            .iter()
            .flat_map(|token| token.split('.').skip(1).map(str::to_owned)),
    );
    let lines = log.take();
    assert!(lines.lines().count() > 10, "{lines}");
    for secret in secrets {
        assert!(!lines.contains(&secret), "{secret}");
    }
}

// requirement 74
#[tokio::test]
async fn what_an_application_prints_for_debugging_shows_no_token_and_no_password() {
    let login = Login::new();
    let credentials = PasswordCredentials::new("alice", "wonderland-7");
    let printed = format!("{credentials:?}");
    assert!(
        printed.contains("alice") && !printed.contains("wonderland"),
        "{printed}"
    );
    let response = login
        .sessions
        .log_in(tower_bearer::Login::new(credentials))
        .await
        .unwrap();
    let refresh = Refresh::new(response.refresh_token().unwrap().clone())
        .with_idempotency_key("idem-4711")
        .unwrap();
    let printed = format!(
        "{response:?} {refresh:?} {:?} {:?}",
        login.sessions,
        login.endpoints()
    );
    for secret in [
        response.access_token().secret(),
        response.refresh_token().unwrap().secret(),
        "idem-4711",
    ] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn what_is_granted_when_the_session_is_there_counts() {
    let login = Login::new();
    // The scope is taken away while the session is being made.
    login
        .accounts
        .change("alice", |alice| alice.scope = "orders:read");
    let pause = login.store.pause_at(Call::Insert);
    let fewer = async {
        pause.reached().await;
        login.accounts.change("alice", |alice| alice.scope = "");
        pause.go_on();
    };
    let (tokens, ()) = tokio::join!(login.log_in("alice"), fewer);
    assert!(claims_of(&tokens.access).get("scope").is_none());
}

#[tokio::test]
async fn a_login_that_is_misconfigured_says_what_is_wrong() {
    let (log, _guard) = Log::capture();
    let login = Login::new();
    let identity = Identity::new("alice").with_idle_timeout(Duration::ZERO);
    let error = login.sessions.start(identity).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::Misconfigured);
    assert!(!error.to_string().contains("second"), "{error}");
    let lines = log.take_our_own();
    assert!(
        matches!(&*lines, [line] if line.contains("ERROR") && line.contains("at least a second")),
        "{lines:?}"
    );
}

/// A tool that blocks attackers needs the address in the log.
#[tokio::test]
async fn a_refused_login_says_which_client_it_was() {
    let app = App::new();
    let (log, _guard) = Log::capture();
    let refused = |address: Option<&str>| {
        let wrong = [("username", "alice"), ("password", "wrong")];
        let mut request = form("/login", &wrong);
        if let Some(address) = address {
            let address = ClientAddress::new(address.parse::<IpAddr>().unwrap());
            request.extensions_mut().insert(address);
        }
        request
    };
    let answer = app.send(refused(Some("192.0.2.8"))).await;
    answer.assert_invalid_grant("credentials_invalid");
    let said = log.take();
    assert!(
        said.contains("login refused") && said.contains("client=192.0.2.8"),
        "{said}"
    );
    app.users.authenticate_as(|_| Outcome::denied("unpaid"));
    app.send(refused(Some("2001:db8::1"))).await;
    assert!(log.take().contains("client=2001:db8::1"));
    app.send(refused(None)).await;
    assert!(!log.take().contains("client="));
}

/// The lines that a login has no client address, of two logins with these settings.
async fn unknown_clients(
    settings: impl FnOnce(SessionsBuilder) -> SessionsBuilder,
    client: Option<IpAddr>,
) -> Vec<String> {
    let (log, _guard) = Log::capture();
    let app = App::built(MemoryStore::new(), settings);
    for _ in 0..2 {
        let mut request = form(
            "/login",
            &[("username", "alice"), ("password", "wonderland-7")],
        );
        if let Some(client) = client {
            request.extensions_mut().insert(ClientAddress::new(client));
        }
        app.send(request).await.tokens();
    }
    let lines = log.take();
    let lines = lines.lines().filter(|line| line.contains("WARN"));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_first_login_without_a_client_address_is_a_warning_with_the_cure() {
    let warned = unknown_clients(|sessions| sessions, None).await;
    let [line] = &warned[..] else {
        panic!("{warned:?}")
    };
    for part in [
        "login without a client address",
        "all clients are one stranger",
        "SessionsBuilder::client_address",
    ] {
        assert!(line.contains(part), "{line}");
    }
}

#[tokio::test]
async fn the_cure_of_a_closure_that_finds_no_client_address_is_another_one() {
    let warned = unknown_clients(|sessions| sessions.client_address(|_| None), None).await;
    let [line] = &warned[..] else {
        panic!("{warned:?}")
    };
    let cure = "into_make_service_with_connect_info::<SocketAddr>()";
    assert!(line.contains(cure), "{line}");
}

#[tokio::test]
async fn a_login_whose_client_is_known_or_that_is_not_throttled_warns_of_nothing() {
    let known = Some(IpAddr::from([203, 0, 113, 7]));
    let lines = unknown_clients(|sessions| sessions, known).await;
    assert_eq!(lines, Vec::<String>::new());
    let off = |sessions: SessionsBuilder| sessions.login_throttle(LoginThrottle::off());
    let lines = unknown_clients(off, None).await;
    assert_eq!(lines, Vec::<String>::new());
}
