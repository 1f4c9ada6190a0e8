//! A proxy that hides its clients is a warning with the cure. All of them are one network.

use http::StatusCode;
use support::{App, Log, with_header};
use tower_bearer::MemoryStore;
use tower_bearer::session::SessionsBuilder;

use super::{assert_throttled, login};

const CLIENT: &str = "203.0.113.5";

fn behind(proxies: &'static [&str]) -> App {
    let trust = |sessions: SessionsBuilder| sessions.trusted_proxies(proxies.iter().copied());
    App::built(MemoryStore::new(), trust)
}

/// Sends one right and six wrong logins from this peer, and returns the warnings.
async fn warnings(app: &App, peer: &str, header: Option<&'static str>) -> Vec<String> {
    let (log, _guard) = Log::capture();
    let request = |password| {
        let request = login("alice", password, peer);
        match header {
            Some(name @ "forwarded") => with_header(request, name, "for=203.0.113.5"),
            Some(name) => with_header(request, name, CLIENT),
            None => request,
        }
    };
    let answer = app.send(request("wonderland-7")).await;
    assert_eq!(answer.status, StatusCode::OK);
    for _ in 0..5 {
        app.send(request("guessed")).await;
    }
    assert_throttled(&app.send(request("guessed")).await);
    log.take_warnings()
}

#[track_caller]
fn assert_first_and_throttled(lines: &[String], says: &str, peer: &str, cure: &str) {
    let [first, throttled] = lines else {
        panic!("{lines:?}")
    };
    assert!(
        first.contains(says) && first.contains(&format!("client={peer}")),
        "{first}"
    );
    assert!(throttled.contains("login throttled"), "{throttled}");
    for line in lines {
        assert!(
            line.contains(cure) && line.contains("trusted_proxies"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_named_is_a_warning_that_names_trusted_proxies() {
    for peer in ["127.0.0.1", "10.0.0.1", "172.18.0.1", "::1", "fd00::1"] {
        for header in ["x-forwarded-for", "forwarded"] {
            for proxies in [&[][..], &["192.168.0.0/16"]] {
                let lines = warnings(&behind(proxies), peer, Some(header)).await;
                let says = "login through a proxy that is not trusted";
                assert_first_and_throttled(&lines, says, peer, "name the proxy");
            }
        }
    }
}

#[tokio::test]
async fn a_trusted_proxy_that_names_no_client_is_a_warning_with_the_cure() {
    let lines = warnings(&behind(&["10.0.0.0/8"]), "10.0.0.1", None).await;
    let says = "login through a proxy that names no client";
    assert_first_and_throttled(&lines, says, "10.0.0.1", "send `X-Forwarded-For`");
}

#[tokio::test]
async fn a_client_that_is_told_from_others_is_not_a_warning_of_a_proxy() {
    for (proxies, peer, header) in [
        // Anyone can send the header.
        (&[][..], CLIENT, Some("x-forwarded-for")),
        (&[], "10.0.0.1", None),
        (&["10.0.0.0/8"], "10.0.0.1", Some("x-forwarded-for")),
        (&["10.0.0.0/8"], "10.0.0.1", Some("forwarded")),
        (&["10.0.0.0/8"], CLIENT, None),
    ] {
        let lines = warnings(&behind(proxies), peer, header).await;
        let [throttled] = &lines[..] else {
            panic!("{peer}: {lines:?}")
        };
        assert!(throttled.contains("login throttled"), "{throttled}");
        assert!(!throttled.contains("cure"), "{throttled}");
    }
}
