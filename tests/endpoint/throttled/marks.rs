//! A device that has logged in before has attempts of its own, which strangers do not use up.

use http::StatusCode;
use support::{App, Received, with_header};
use tower_bearer::session::RequestContext;
use tower_bearer::{CookieDelivery, MemoryStore, Secret};

use super::{assert_throttled, attempt, login};

/// Strangers in so many networks guess until none of them passes.
async fn guess(app: &App) {
    for network in 0..100 {
        let from = format!("198.{}.100.1", network + 18);
        for _ in 0..5 {
            app.send(login("alice", "guessed", &from)).await;
        }
    }
    assert_throttled(&app.send(login("alice", "guessed", "192.0.2.1")).await);
}

fn marked(mark: &str, from: &str) -> http::Request<axum::body::Body> {
    let fields = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("device_mark", mark),
    ];
    attempt("/login", &fields, from)
}

fn mark_of(answer: &Received) -> String {
    answer.json()["device_mark"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_known_device_logs_in_from_anywhere_while_strangers_guess() {
    let app = App::new();
    let mark = mark_of(
        &app.send(login("alice", "wonderland-7", "203.0.113.7"))
            .await,
    );
    guess(&app).await;
    let answer = app.send(marked(&mark, "192.0.2.200")).await;
    assert_eq!(answer.status, StatusCode::OK);
    // Each login makes a new mark.
    assert_ne!(mark_of(&answer), mark);
}

#[tokio::test]
async fn a_familiar_network_logs_in_without_a_mark() {
    let app = App::new();
    app.send(login("alice", "wonderland-7", "203.0.113.7"))
        .await;
    guess(&app).await;
    let answer = app
        .send(login("alice", "wonderland-7", "203.0.113.7"))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_mark_for_another_name_or_that_was_changed_is_no_mark() {
    let app = App::new();
    let of_bob = mark_of(&app.send(login("bob", "wonderland-7", "203.0.113.7")).await);
    let of_alice = mark_of(
        &app.send(login("alice", "wonderland-7", "203.0.113.7"))
            .await,
    );
    let other = if &of_alice[20..21] == "A" { "B" } else { "A" };
    let changed = format!("{}{other}{}", &of_alice[..20], &of_alice[21..]);
    guess(&app).await;
    for mark in [&*of_bob, &changed, "dm1_", "x", &"x".repeat(4000)] {
        assert_throttled(&app.send(marked(mark, "192.0.2.200")).await);
    }
}

#[tokio::test]
async fn forgotten_devices_are_strangers() {
    let app = App::new();
    let mark = mark_of(
        &app.send(login("alice", "wonderland-7", "203.0.113.7"))
            .await,
    );
    app.clock.advance(std::time::Duration::from_secs(2));
    app.sessions.forget_devices(&"alice".into()).await.unwrap();
    guess(&app).await;
    assert_throttled(&app.send(marked(&mark, "192.0.2.200")).await);
}

#[tokio::test]
async fn after_a_new_password_the_devices_are_strangers_and_this_one_gets_another_mark() {
    let app = App::new();
    let login = login("alice", "wonderland-7", "203.0.113.7");
    let answer = app.send(login).await;
    let (mark, access) = (mark_of(&answer), answer.tokens().access);
    app.clock.advance(std::time::Duration::from_secs(2));
    let claims = app.sessions.verifier().verify(&access).unwrap();
    let changed = app.sessions.credentials_changed(&claims, 8_i64).await;
    changed.unwrap();
    let new = app.sessions.device_mark("alice", claims.subject(), None);
    let new = new.unwrap();
    guess(&app).await;
    assert_throttled(&app.send(marked(&mark, "192.0.2.200")).await);
    let answer = app.send(marked(new.secret(), "192.0.2.200")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn what_an_account_of_another_application_has_earned_does_not_count() {
    let store = MemoryStore::new();
    let secret = Secret::random().unwrap();
    let of = |audience: &str| {
        App::built(store.clone(), |sessions| {
            sessions.audience(audience).secret(secret.clone())
        })
    };
    let (staff, customers) = (of("staff"), of("customers"));
    let answer = customers
        .send(login("alice", "wonderland-7", "192.0.2.200"))
        .await;
    let mark = mark_of(&answer);
    guess(&staff).await;
    assert_throttled(&staff.send(marked(&mark, "192.0.2.200")).await);
    let answer = customers.send(marked(&mark, "192.0.2.200")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

/// As `CookieDelivery::with_path` keeps them apart: the cookie of the mark has one name in both.
#[tokio::test]
async fn a_login_at_another_application_on_this_host_keeps_the_mark_of_this_one() {
    let (shop, blog) = (App::new(), App::new());
    let first = mark_of(
        &shop
            .send(login("alice", "wonderland-7", "203.0.113.7"))
            .await,
    );
    let both = mark_of(&blog.send(marked(&first, "203.0.113.7")).await);
    for app in [&shop, &blog] {
        guess(app).await;
        assert_throttled(
            &app.send(login("alice", "wonderland-7", "192.0.2.200"))
                .await,
        );
        let answer = app.send(marked(&both, "192.0.2.200")).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn marks_that_cannot_be_opened_are_carried_along_within_bounds() {
    let mut text = format!("x.dm1_.{}", "A".repeat(67));
    for _ in 0..6 {
        let answer = App::new().send(marked(&text, "203.0.113.7")).await;
        let marks = mark_of(&answer);
        let (_, before) = marks.split_once('.').unwrap_or((&marks, ""));
        assert!(text.starts_with(before), "{text} {marks}");
        text = marks;
    }
    assert_eq!(text.split('.').count(), 4);
    assert!(
        text.split('.')
            .all(|mark| mark.starts_with("dm1_") && mark.len() == 71)
    );
}

/// A mark says in clear when it was made.
#[tokio::test]
async fn a_mark_of_another_application_ends_with_its_lifetime() {
    let (shop, blog) = (App::new(), App::new());
    let mark = mark_of(
        &shop
            .send(login("alice", "wonderland-7", "203.0.113.7"))
            .await,
    );
    blog.clock
        .advance(std::time::Duration::from_secs(366 * 24 * 3600));
    let marks = mark_of(&blog.send(marked(&mark, "203.0.113.7")).await);
    assert_eq!(marks.split('.').count(), 1);
}

#[tokio::test]
async fn devices_stay_known_when_the_application_is_renamed() {
    let (store, secret) = (MemoryStore::new(), Secret::random().unwrap());
    let before = App::built(store.clone(), |sessions| sessions.secret(secret.clone()));
    let mark = mark_of(
        &before
            .send(login("alice", "wonderland-7", "203.0.113.7"))
            .await,
    );
    let renamed = App::built(store, |sessions| {
        let sessions = sessions.audience("another").secret(secret);
        sessions.former_names("https://issuer.test", "test")
    });
    guess(&renamed).await;
    let answer = renamed.send(marked(&mark, "192.0.2.200")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_page_of_another_site_does_not_present_the_mark_of_its_visitor() {
    let app = App::new();
    let endpoints = app.endpoints().with_cookies(CookieDelivery::new());
    let mark = mark_of(
        &app.send(login("alice", "wonderland-7", "203.0.113.7"))
            .await,
    );
    guess(&app).await;
    let cookie = format!("__Host-device_mark={mark}");
    for (site, status) in [("same-site", 429), ("same-origin", 200)] {
        let request = login("alice", "wonderland-7", "192.0.2.200");
        let request = with_header(request, "cookie", &cookie);
        let request = with_header(request, "sec-fetch-site", site);
        let served = tower::ServiceExt::oneshot(endpoints.clone(), request);
        assert_eq!(Received::read(served).await.status, status, "{site}");
    }
}

#[tokio::test]
async fn a_mailed_link_can_make_a_device_known() {
    let app = App::new();
    guess(&app).await;
    let mark = app.sessions.device_mark("alice", &"alice".into(), None);
    let mark = mark.unwrap();
    let answer = app.send(marked(mark.secret(), "192.0.2.200")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn with_cookies_the_mark_is_a_cookie_and_not_in_the_body() {
    let app = App::new();
    let cookies = CookieDelivery::new()
        .for_every_client()
        .with_name("staff")
        .unwrap();
    let endpoints = app.endpoints().with_cookies(cookies);
    let own_page = |request| with_header(request, "sec-fetch-site", "same-origin");
    let send = async |request| {
        Received::read(tower::ServiceExt::oneshot(
            endpoints.clone(),
            own_page(request),
        ))
        .await
    };
    let answer = send(login("alice", "wonderland-7", "203.0.113.7")).await;
    assert_eq!(answer.json().get("device_mark"), None);
    let cookie = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .find(|cookie| cookie.starts_with("__Host-staff_device_mark="))
        .unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    let expected = "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000";
    assert_eq!(attributes, expected);

    guess(&app).await;
    let request = login("alice", "wonderland-7", "192.0.2.200");
    let answer = send(with_header(request, "cookie", pair)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_throttled(&send(login("alice", "wonderland-7", "192.88.0.1")).await);
}

#[tokio::test]
async fn a_refresh_has_no_mark() {
    let app = App::new();
    let tokens = app.log_in().await.tokens();
    let answer = app.refresh(&tokens.refresh).await;
    assert_eq!(answer.json().get("device_mark"), None);
}

#[tokio::test]
async fn a_known_device_authenticates_again_while_strangers_guess() {
    let app = App::new();
    let answer = app
        .send(login("alice", "wonderland-7", "203.0.113.7"))
        .await;
    let (mark, tokens) = (mark_of(&answer), answer.tokens());
    guess(&app).await;
    let fields = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("device_mark", &*mark),
    ];
    let again = |fields: &[(&str, &str)]| {
        let request = attempt("/reauthenticate", fields, "192.0.2.200");
        with_header(request, "authorization", &support::bearer(&tokens.access))
    };
    assert_throttled(&app.send(again(&fields[..2])).await);
    let answer = app.send(again(&fields)).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn another_mark_for_this_device_keeps_those_of_its_other_users() {
    let app = App::new();
    let of_bob = mark_of(&app.send(login("bob", "wonderland-7", "203.0.113.7")).await);
    let fields = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("device_mark", &of_bob),
    ];
    let both = mark_of(&app.send(attempt("/login", &fields, "203.0.113.7")).await);
    let parts = http::Request::new(()).into_parts().0;
    let context = RequestContext::from(parts).with_device_mark(both);
    let new = app
        .sessions
        .device_mark("alice", &"alice".into(), &context)
        .unwrap();
    let (_, kept) = new.secret().split_once('.').unwrap();
    assert_eq!(kept, of_bob);
}
