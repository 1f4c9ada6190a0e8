//! The example server without configuration, and with what it refuses at start-up.

use support::app_server::{AppServer, refusal};
use support::keys::ED25519;

#[tokio::test]
async fn it_starts_without_configuration_and_does_the_main_job() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[]).await;
    assert!(
        server
            .said
            .iter()
            .any(|line| line.contains("alice / wonderland-7")),
        "{:?}",
        server.said
    );

    let login = server.log_in("alice", "wonderland-7").await;
    assert_eq!(login.status, 200, "{login:?}");
    assert_eq!(login.headers["cache-control"], "no-store", "{login:?}");
    let tokens = login.value();
    let (status, me) = server.me(&tokens).await.status_and_value();
    assert_eq!((status, &me["username"]), (200, &"alice".into()));
    assert_eq!(
        server.get("/admin", &tokens["access_token"]).await.status,
        200
    );

    let (status, renewed) = server.refresh(&tokens).await.status_and_value();
    assert_eq!(status, 200, "{renewed}");
    let (status, gone) = server.log_out(&renewed).await.status_and_value();
    assert_eq!((status, gone), (200, serde_json::json!({})));

    let refused = server.me(&renewed).await;
    assert_eq!(
        (refused.status, &refused.value()["reason"]),
        (401, &"session_revoked".into())
    );
    assert!(
        refused
            .challenge()
            .is_some_and(|said| said.starts_with("Bearer error=\"invalid_token\"")),
        "{refused:?}"
    );
}

/// A proxy on the same machine opens loopback to all.
#[tokio::test]
async fn behind_a_proxy_there_are_no_demo_users_unless_they_are_asked_for() {
    let proxy = ("TRUSTED_PROXIES", "127.0.0.1");
    for (environment, has_demo_users) in [
        (&[][..], true),
        (&[("DEMO_USERS", "0")], false),
        (&[proxy], false),
        (&[proxy, ("DEMO_USERS", "1")], true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let server = AppServer::start(folder.path(), environment).await;
        let login = server.log_in("alice", "wonderland-7").await;
        match has_demo_users {
            true => assert_eq!(login.status, 200, "{environment:?}"),
            false => login.assert_invalid_grant("credentials_invalid"),
        }
        let page = server.send("GET", "/", &[], "").await;
        let hint = "id=\"demo-users\"";
        assert!(page.body.contains(hint), "{environment:?}");
        let hides_hint = page.body.contains(&format!("{hint} hidden"));
        assert_eq!(hides_hint, !has_demo_users, "{environment:?}");
    }
}

#[tokio::test]
async fn bob_is_no_admin_and_a_new_user_can_sign_up_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    let bob = server.log_in("bob", "builder-8").await.value();
    let refused = server.get("/admin", &bob["access_token"]).await;
    assert_eq!(refused.status, 403);
    let challenge = refused.challenge().unwrap();
    assert!(
        challenge.contains("insufficient_scope") && challenge.contains("scope=\"admin\""),
        "{challenge}"
    );

    let carol = "username=carol&password=correct-horse";
    assert_eq!(server.post("/signup", carol).await.status, 201);
    assert_eq!(server.post("/signup", carol).await.status, 409);
    assert_eq!(server.post("/auth/login", carol).await.status, 200);
    assert_eq!(
        server
            .post("/signup", "username=dave&password=short")
            .await
            .status,
        400
    );
    assert_eq!(
        server
            .send("POST", "/signup", &["content-type: text/plain"], carol)
            .await
            .status,
        415
    );
}

#[tokio::test]
async fn a_restart_loses_nobodys_login() {
    let folder = tempfile::tempdir().unwrap();
    let before = AppServer::start(folder.path(), &[]).await;
    let tokens = before.log_in("alice", "wonderland-7").await.value();
    let left = before.log_in("alice", "wonderland-7").await.value();
    before.log_out(&left).await;
    drop(before);

    let after = AppServer::start(folder.path(), &[]).await;
    assert!(
        !after.said.iter().any(|line| line.contains("wonderland")),
        "users are made once"
    );
    assert_eq!(after.refresh(&tokens).await.status, 200);
    assert_eq!(after.refresh(&left).await.status, 400);
}

#[cfg(unix)]
#[tokio::test]
async fn only_their_owner_can_read_the_secret_and_the_data() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    drop(AppServer::start(folder.path(), &[]).await);
    for file in ["server.secret", "server.db"] {
        let mode = std::fs::metadata(folder.path().join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    set_permissions(
        folder.path().join("server.secret"),
        Permissions::from_mode(0o644),
    )
    .unwrap();
    assert!(refusal(folder.path(), &[]).contains("chmod 600"));
}

#[tokio::test]
async fn what_is_in_memory_leaves_no_token_behind_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let memory = [
        ("DATABASE_URL", "memory:"),
        ("ISSUER", "https://id.example.com"),
    ];
    let before = AppServer::start(folder.path(), &memory).await;
    let tokens = before.log_in("alice", "wonderland-7").await.value();
    drop(before);
    let after = AppServer::start(folder.path(), &memory).await;
    assert_eq!(after.me(&tokens).await.status, 401);
}

// requirement 33
#[test]
fn a_mistake_at_start_up_is_a_sentence_with_the_cure_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |environment: &[(&str, &str)]| refusal(folder.path(), environment);
    let short = refusal(&[("AUTH_SECRET", "secret")]);
    assert!(
        short.contains("AUTH_SECRET is 6 bytes; 32 are needed. Try: openssl rand -base64 48"),
        "{short}"
    );
    let known = refusal(&[("AUTH_SECRET", "a-string-secret-at-least-256-bits-long")]);
    assert!(
        known.contains("AUTH_SECRET appears in public tutorials") && known.contains("openssl rand"),
        "{known}"
    );
    for (name, value, cure) in [
        ("ADDR", "localhost", "ADDR=127.0.0.1:3000"),
        ("ACCESS_TTL", "soon", "ACCESS_TTL=1800"),
        ("ACCESS_TTL", "0", "from one second to 24 hours"),
        ("OVERLAP", "-1", "OVERLAP=30"),
        ("LEEWAY", "1m", "LEEWAY=60"),
        ("LEEWAY", "301", "300 seconds at most"),
        ("DEMO_USERS", "yes", "It takes 1 or 0"),
        (
            "AUTH_SECRET_PREVIOUS",
            "vZ1m7W0bq3Xo4kH8s2Tn6YcRfJd5LgPe",
            "AUTH_SECRET is not",
        ),
        (
            "DATABASE_URL",
            "sqlite:/nowhere/app.db",
            "DATABASE_URL: /nowhere/app.db",
        ),
        (
            "DATABASE_URL",
            "mysql://user:hunter2@host/db",
            "DATABASE_URL=sqlite:app.db",
        ),
        (
            "DATABASE_URL",
            "postgres://user:hunter2@127.0.0.1:none/db",
            "DATABASE_URL does not lead to PostgreSQL",
        ),
        (
            "DATABASE_URL",
            "redis://:hunter2@127.0.0.1:none",
            "DATABASE_URL does not lead to Redis",
        ),
        (
            "SIGNING_KEY_FILE",
            "/nowhere.pem",
            "SIGNING_KEY_FILE /nowhere.pem",
        ),
    ] {
        let sentence = refusal(&[(name, value)]);
        assert!(sentence.contains(cure), "{name}={value}: {sentence}");
        assert!(
            !sentence.contains("hunter2") && !sentence.contains("panicked"),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn an_asymmetric_key_is_published_and_the_issuer_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key.pem");
    std::fs::write(&key, ED25519.0).unwrap();
    let environment = [
        ("SIGNING_KEY_FILE", key.to_str().unwrap()),
        ("ISSUER", "https://id.example.com"),
    ];
    let server = AppServer::start(folder.path(), &environment).await;
    let (status, jwks) = server
        .send("GET", "/.well-known/jwks.json", &[], "")
        .await
        .status_and_value();
    assert_eq!(status, 200);
    let key = &jwks["keys"][0];
    assert_eq!(
        (&key["kty"], &key["alg"], &key["use"]),
        (&"OKP".into(), &"EdDSA".into(), &"sig".into())
    );
    assert!(key.get("d").is_none() && key["kid"].is_string());
    let tokens = server.log_in("alice", "wonderland-7").await.value();
    assert_eq!(server.me(&tokens).await.status, 200);
}

#[tokio::test]
async fn a_form_without_javascript_logs_in_by_cookies_and_only_from_its_own_page() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    let page = server.send("GET", "/", &[], "").await;
    assert_eq!(page.status, 200);
    let says = |name: &str, start: &str| page.headers[name].to_str().unwrap().starts_with(start);
    assert!(
        says("content-security-policy", "default-src 'self'") && says("content-type", "text/html"),
        "{page:?}"
    );

    let form = "content-type: application/x-www-form-urlencoded";
    let alice = "username=alice&password=wonderland-7";
    for site in [
        "sec-fetch-site: cross-site",
        "sec-fetch-site: same-site",
        "origin: https://evil.test",
    ] {
        let refused = server.send("POST", "/login", &[form, site], alice).await;
        assert_eq!(
            (refused.status, &refused.value()["reason"]),
            (403, &"cross_site".into())
        );
        assert!(!refused.headers.contains_key("set-cookie"), "{refused:?}");
    }
    let login = server
        .send(
            "POST",
            "/login",
            &[form, "sec-fetch-site: same-origin"],
            alice,
        )
        .await;
    assert_eq!(login.status, 303);
    assert_eq!(login.headers["location"], "/me", "{login:?}");
    let cookies: Vec<&str> = login
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .collect();
    assert_eq!(cookies.len(), 3);
    assert!(
        cookies[2].starts_with("__Host-device_mark=dm1_"),
        "{cookies:?}"
    );
    // The browser's tests go on from here.
    assert!(
        cookies[0].starts_with("__Host-refresh_token=rt1_")
            && cookies[1].starts_with("__Host-access_token="),
        "{cookies:?}"
    );
    assert_eq!(login.headers["cache-control"], "no-store");
    assert_eq!(server.send("GET", "/nowhere", &[], "").await.status, 404);

    // A login in the same browser replaces the session (OWASP ASVS 7.2.4).
    let pair = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
    let (refresh, access) = (pair(cookies[0]), pair(cookies[1]));
    let access = format!(
        "authorization: Bearer {}",
        access.split_once('=').unwrap().1
    );
    assert_eq!(server.send("GET", "/me", &[&access], "").await.status, 200);
    let held = format!("cookie: {refresh}");
    // The next page, after the access token has expired: also by a link from another site.
    for site in ["sec-fetch-site: none", "sec-fetch-site: cross-site"] {
        let page = [
            site,
            "sec-fetch-mode: navigate",
            "sec-fetch-dest: document",
            &held,
        ];
        let me = server.send("GET", "/me", &page, "").await;
        assert_eq!((me.status, &me.value()["username"]), (200, &"alice".into()));
        assert!(me.headers.contains_key("set-cookie"), "{me:?}");
        assert_eq!(me.headers["cache-control"], "no-store");
        let script = [site, "sec-fetch-mode: cors", "sec-fetch-dest: empty", &held];
        assert_eq!(server.send("GET", "/me", &script, "").await.status, 401);
    }
    let own = "sec-fetch-site: same-origin";
    let again = server
        .send("POST", "/login", &[form, own, &held], alice)
        .await;
    assert_eq!(again.status, 303);
    let replaced = server.send("GET", "/me", &[&access], "").await;
    replaced.assert_invalid_token("session_revoked");
}

/// A page in a frame, with foreign scripts, or whose address goes to other sites, is not ours.
#[tokio::test]
async fn every_page_says_what_a_browser_may_do_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    let form = "content-type: application/x-www-form-urlencoded";
    let own = "sec-fetch-site: same-origin";
    let login = "username=alice&password=wonderland-7";
    for (method, path, body) in [
        ("GET", "/", ""),
        ("GET", "/style.css", ""),
        ("GET", "/session.js", ""),
        ("GET", "/docs/", ""),
        ("GET", "/me", ""),
        ("GET", "/nowhere", ""),
        ("POST", "/login", login),
        ("POST", "/login", "username=alice&password=wrong"),
        ("POST", "/login", "username=alice"),
        ("POST", "/logout", ""),
        ("POST", "/auth/login", login),
        ("POST", "/signup", "username=x"),
    ] {
        let answer = server.send(method, path, &[form, own], body).await;
        let said = |name: &str| {
            let mut all = answer.headers.get_all(name).iter();
            let only = all.next().filter(|_| all.next().is_none());
            only.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let (what, policy) = (
            format!("{method} {path} {answer:?}"),
            said("content-security-policy"),
        );
        assert_eq!(said("x-content-type-options"), "nosniff", "{what}");
        let referrer = "strict-origin-when-cross-origin";
        assert_eq!(said("referrer-policy"), referrer, "{what}");
        assert!(policy.contains("frame-ancestors 'none'"), "{what}");
        assert!(policy.contains("default-src 'self'"), "{what}");
        assert!(policy.contains("base-uri 'none'"), "{what}");
        assert!(policy.contains("form-action 'self'"), "{what}");
        // Only Swagger UI writes styles into its page.
        assert_eq!(policy.contains("unsafe"), path == "/docs/", "{what}");
        if method == "POST" || path == "/me" {
            assert_eq!(said("cache-control"), "no-store", "{what}");
        }
    }
}

/// The refresh token may be gone, as after a change of the cookies' path.
#[tokio::test]
async fn the_logout_form_ends_the_session_of_the_access_cookie_too() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    let tokens = server.log_in("alice", "wonderland-7").await.value();
    let access = tokens["access_token"].as_str().unwrap();
    let cookie = format!("cookie: __Host-access_token={access}");
    let me = server.send("GET", "/me", &[&cookie], "").await;
    assert_eq!((me.status, &me.value()["username"]), (200, &"alice".into()));
    assert_eq!(me.headers["cache-control"], "no-store", "{me:?}");
    let own = "sec-fetch-site: same-origin";
    let answer = server.send("POST", "/logout", &[own, &cookie], "").await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store", "{answer:?}");
    server
        .me(&tokens)
        .await
        .assert_invalid_token("session_revoked");
}

#[tokio::test]
async fn another_password_ends_the_other_sessions_and_keeps_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    let here = server.log_in("bob", "builder-8").await.value();
    let there = server.log_in("bob", "builder-8").await.value();
    let access = here["access_token"].as_str().unwrap();
    let headers = [
        "content-type: application/x-www-form-urlencoded",
        &format!("authorization: Bearer {access}"),
    ];
    let post = async |path: &str, body: &str| server.send("POST", path, &headers, body).await;
    assert_eq!(
        server.post("/password", "password=another-9").await.status,
        401
    );
    assert_eq!(post("/password", "password=short").await.status, 400);
    let again = post("/auth/reauthenticate", "username=bob&password=builder-8").await;
    assert_eq!(again.status, 200, "{again:?}");
    let wrong = post("/auth/reauthenticate", "username=bob&password=builder-9").await;
    wrong.assert_error(400, "invalid_grant", Some("credentials_invalid"));
    let changed = post("/password", "password=another-9").await;
    assert_eq!(changed.status, 200, "{changed:?}");
    // This client keeps no cookies.
    assert!(!changed.headers.contains_key("set-cookie"), "{changed:?}");
    let mark = changed.value()["device_mark"].as_str().unwrap().to_owned();

    let ended = server.me(&there).await;
    ended.assert_invalid_token("session_revoked");
    assert_eq!(server.me(&here).await.status, 200);
    assert_eq!(server.refresh(&here).await.status, 200);
    assert_eq!(server.log_in("bob", "builder-8").await.status, 400);
    assert_eq!(server.log_in("bob", "another-9").await.status, 200);

    // Strangers in this network guess.
    for _ in 0..5 {
        server.log_in("bob", "guessed").await;
    }
    let with = async |mark: &str| {
        let form = format!("username=bob&password=another-9&device_mark={mark}");
        post("/auth/login", &form).await.status
    };
    assert_eq!((with("").await, with(&mark).await), (429, 200));
}

#[tokio::test]
async fn a_browser_keeps_a_mark_of_its_own_after_another_password() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    let form = "content-type: application/x-www-form-urlencoded";
    let page = "sec-fetch-site: same-origin";
    let bob = "username=bob&password=builder-8&delivery=cookie";
    let here = server.send("POST", "/auth/login", &[form, page], bob).await;
    let cookies = cookies_of(&here);
    let token = here.value()["access_token"].as_str().unwrap().to_owned();
    let headers = [
        form,
        page,
        &format!("cookie: {cookies}"),
        &format!("authorization: Bearer {token}"),
    ];
    let post = async |path: &str, body: &str| server.send("POST", path, &headers, body).await;
    let again = post(
        "/auth/reauthenticate",
        "username=bob&password=builder-8&delivery=body",
    )
    .await;
    assert_eq!(again.status, 200, "{again:?}");
    let changed = post("/password", "password=another-9").await;
    assert_eq!(
        (changed.status, changed.value()),
        (200, serde_json::json!({}))
    );
    let line = changed.headers["set-cookie"].to_str().unwrap();
    assert!(line.starts_with("__Host-device_mark=dm1_"), "{line}");
    let (mark, _) = line.split_once(';').unwrap();

    for _ in 0..6 {
        server.log_in("bob", "guessed").await;
    }
    let log_in = async |cookie: &str| {
        let headers = [form, page, &format!("cookie: {cookie}")];
        let bob = "username=bob&password=another-9&delivery=cookie";
        let answer = server.send("POST", "/auth/login", &headers, bob).await;
        answer.status
    };
    assert_eq!((log_in("other=1").await, log_in(mark).await), (429, 200));
}

/// The cookies that a response sets, as the browser sends them.
fn cookies_of(answer: &support::Received) -> String {
    let lines = answer.headers.get_all("set-cookie").iter();
    let pairs = lines.map(|line| line.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

/// The variables of a server with demo users, and how many wrong passwords of `alice` it looks at.
async fn judged(variables: &[(&str, &str)], most: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let variables = [&[("DATABASE_URL", "memory:")], variables].concat();
    let server = AppServer::start(folder.path(), &variables).await;
    let form = "content-type: application/x-www-form-urlencoded";
    for tried in 0..most {
        let wrong = "username=alice&password=guessed";
        let answer = server.send("POST", "/auth/login", &[form], wrong).await;
        if answer.status == 429 {
            assert_eq!(answer.value()["reason"], "too_many_attempts");
            assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
            return tried;
        }
        assert_eq!(answer.status, 400);
    }
    most
}

#[tokio::test]
async fn guesses_are_bounded_unless_that_is_switched_off() {
    assert_eq!(judged(&[], 10).await, 5);
    assert_eq!(judged(&[("LOGIN_RATE_LIMIT", "off")], 10).await, 10);
}

#[tokio::test]
async fn another_method_is_405_whatever_token_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let server = AppServer::start(folder.path(), &[("DATABASE_URL", "memory:")]).await;
    for path in ["/me", "/admin", "/password"] {
        for token in ["authorization: Bearer", "authorization: Bearer a.b.c"] {
            let answer = server.send("TRACE", path, &[token], "").await;
            assert_eq!(answer.status, 405, "{path} {token}");
        }
    }
}
