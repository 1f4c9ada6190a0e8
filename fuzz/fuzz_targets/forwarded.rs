//! `Forwarded` and `X-Forwarded-For`: what a client writes there does not change its address.

#![no_main]

use std::net::IpAddr;

use http::header::{CONTENT_TYPE, FORWARDED};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use tower::ServiceExt;
use tower_bearer::AuthEndpoints;
use tower_bearer::edge::ClientAddress;
use tower_bearer::test_util::TestTokens;
use tower_bearer_fuzz::{Body, Log, Reply, last_address, sessions};

// The first byte says how the proxy adds its entry. The lines are what the client has written: a
// line of `Forwarded` if the first byte is `f`, else of `X-Forwarded-For`.
fuzz_target!(|input: &[u8]| {
    let Some((how, input)) = input.split_first() else {
        return;
    };
    let mut lines = Vec::new();
    for line in input.split(|&byte| byte == b'\n') {
        let (name, value) = match line.split_first() {
            Some((b'f', value)) => (FORWARDED.as_str(), value),
            _ => (X_FORWARDED_FOR, line),
        };
        match HeaderValue::from_bytes(value) {
            Ok(_) => lines.push((name, value.to_vec())),
            Err(_) => return,
        }
    }
    let tokens = TestTokens::new();
    let sessions = sessions(&tokens).trusted_proxies(["10.0.0.0/8", "2001:db8:1::/48"]);
    let endpoints = sessions
        .build()
        .expect("the settings are right")
        .endpoints();
    let log = Log::start();

    // A client that is not a proxy is what it is.
    for peer in ["203.0.113.9", "2001:db8:2::9"] {
        assert_eq!(address(&endpoints, peer, &lines), peer.parse().ok());
    }
    // A proxy has added its client at the end, or in a line of its own.
    for client in ["198.51.100.7", "2001:db8:2::7"] {
        let mut lines = lines.clone();
        add(&mut lines, *how, client);
        for proxy in ["10.1.2.3", "2001:db8:1::3"] {
            let found = address(&endpoints, proxy, &lines);
            let expected = [client, proxy].map(|address| address.parse().ok());
            assert!(expected.contains(&found), "{found:?} from {lines:?}");
        }
    }
    log.assert_harmless("", &[]);
});

fn add(lines: &mut Vec<(&'static str, Vec<u8>)>, how: u8, client: &str) {
    let is_forwarded = how & 1 == 0;
    let name = if is_forwarded {
        FORWARDED.as_str()
    } else {
        X_FORWARDED_FOR
    };
    let entry = match (is_forwarded, client.contains(':')) {
        (true, true) => format!("for=\"[{client}]:4711\""),
        (true, false) => format!("for={client};proto=https"),
        (false, _) => client.to_owned(),
    };
    let last = lines.iter_mut().rfind(|(known, _)| *known == name);
    match last.filter(|_| how & 2 == 0) {
        Some((_, line)) => line.extend_from_slice(format!(", {entry}").as_bytes()),
        None => lines.push((name, entry.into_bytes())),
    }
}

/// Returns the address that a login comes from.
fn address(
    endpoints: &AuthEndpoints,
    peer: &str,
    lines: &[(&'static str, Vec<u8>)],
) -> Option<IpAddr> {
    let mut request = Request::post("/login").header(CONTENT_TYPE, "application/json");
    for (name, value) in lines {
        request = request.header(*name, &value[..]);
    }
    let peer: IpAddr = peer.parse().expect("an address");
    request = request.extension(ClientAddress::from(peer));
    let body = r#"{"username":"bob","password":"-"}"#;
    let request = request.body(Body::new(body.into())).expect("a request");
    let reply = Reply::read(endpoints.clone().oneshot(request));
    assert_eq!(reply.status, 400, "{reply:?}");
    last_address()
}

const X_FORWARDED_FOR: &str = "x-forwarded-for";
