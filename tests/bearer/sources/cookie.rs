//! The token in a cookie: which `Cookie` headers hold one (RFC 6265 section 4.2).

use support::{Received, send};
use tower_bearer::BearerAuthLayer;
use tower_bearer::bearer::TokenSource;
use tower_bearer::test_util::TestTokens;

use crate::sources::{bare, cookie, layer_of, with_headers};

/// `T` in a line is the token.
async fn ask(layer: &BearerAuthLayer, token: &str, lines: &[&str]) -> Received {
    let lines: Vec<String> = lines.iter().map(|line| line.replace('T', token)).collect();
    send(
        layer,
        with_headers(lines.iter().map(|line| ("cookie", line.as_bytes()))),
    )
    .await
}

fn protected() -> (BearerAuthLayer, String) {
    let tokens = TestTokens::new();
    let token = bare(&tokens.bearer("alice")).to_owned();
    (layer_of(&tokens, [TokenSource::header(), cookie()]), token)
}

#[tokio::test]
async fn the_cookie_is_found_among_others() {
    let (layer, token) = protected();
    for line in [
        "session=T",
        "a=b; session=T",
        "session=T; a=b",
        "a=b;session=T;c=d",
        "session=T;",
        ";; session=T ;",
        "a; session=T",
        "=; session=T",
        "a=b=c==; session=T",
        "a=\"; session=T",
        "Session=x; SESSION=y; session=T",
        "xsession=x; session2=y; __Host-session=z; session=T",
        "a=session=x; session=T",
        "session=\"T\"",
    ] {
        let answer = ask(&layer, &token, &[line]).await;
        assert_eq!(
            (answer.status, answer.challenge(), &*answer.body),
            (200, None, "alice"),
            "{line}"
        );
    }
}

/// HTTP/2 may split the header (RFC 9113 section 8.2.3).
#[tokio::test]
async fn the_cookie_is_found_in_any_of_several_lines() {
    let (layer, token) = protected();
    for lines in [
        &["a=b", "session=T"][..],
        &["session=T", "a=b"],
        &["", "a=b; c=d", "e=f; session=T; g=h", "i"],
    ] {
        ask(&layer, &token, lines).await.assert_passed("alice");
    }
}

#[tokio::test]
async fn a_cookie_that_is_absent_or_empty_is_no_token() {
    let (layer, token) = protected();
    for line in [
        "",
        ";",
        "a=b",
        "session",
        "session=",
        "session=\"\"",
        "session= ; a=b",
        "Session=T",
        "a=session=T",
        "sessionT",
        "T",
        "=T",
    ] {
        let answer = ask(&layer, &token, &[line]).await;
        assert_eq!(
            (answer.status, answer.challenge()),
            (401, Some("Bearer")),
            "{line}"
        );
        answer.assert_token_missing();
        ask(&layer.clone().optional(), &token, &[line])
            .await
            .assert_passed("nobody");
    }
}

#[tokio::test]
async fn a_cookie_with_anything_else_is_a_bad_token() {
    let (layer, token) = protected();
    let cut = &token[..token.len() - 2];
    for line in [
        "session=abc",
        "session=T=",
        "session=x=T",
        "session=T T",
        "session=T,T",
        "session=Bearer T",
        "session=%54",
        "session=a.b.c",
    ] {
        for layer in [layer.clone(), layer.clone().optional()] {
            ask(&layer, &token, &[line]).await.assert_refused(
                401,
                "invalid_token",
                "token_invalid",
            );
        }
    }
    ask(&layer, cut, &["session=T"])
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    let tokens = TestTokens::new();
    let layer = layer_of(&tokens, [cookie()]);
    ask(
        &layer,
        bare(&tokens.expired_bearer("alice")),
        &["session=T"],
    )
    .await
    .assert_refused(401, "invalid_token", "token_expired");
}

/// If there are two, another party set one: for a wider path, or on a neighbouring host.
#[tokio::test]
async fn the_same_cookie_twice_is_an_invalid_request() {
    let (layer, token) = protected();
    for lines in [
        &["session=T; session=T"][..],
        &["session=T; a=b; session=abc"],
        &["session=abc; session=T"],
        &["session=T; session="],
        &["session=; session=T"],
        &["session=T", "session=T"],
        &["session=T", "a=b", "session=abc"],
    ] {
        for layer in [layer.clone(), layer.clone().optional()] {
            ask(&layer, &token, lines).await.assert_refused(
                400,
                "invalid_request",
                "token_malformed",
            );
        }
    }
}

/// The cookie counts only if nothing else has a token. So two cookies, which a neighbouring host
/// can cause, do not matter beside a header.
#[tokio::test]
async fn the_same_cookie_twice_does_not_matter_beside_a_header() {
    let (layer, token) = protected();
    let authorization = format!("Bearer {token}");
    let request = with_headers([
        ("authorization", authorization.as_bytes()),
        ("cookie", b"session=a; session=b"),
    ]);
    send(&layer, request).await.assert_passed("alice");
}

/// Other cookies are not ours, whatever they hold: browsers send what scripts set, as UTF-8.
#[tokio::test]
async fn another_cookie_that_is_no_ascii_hides_no_token() {
    let (layer, token) = protected();
    for lines in [
        &["a=b", "name=caf\u{e9}", "session=T"][..],
        &["name=caf\u{e9}; session=T"],
        &["session=T; name=caf\u{e9}"],
    ] {
        let answer = ask(&layer, &token, lines).await;
        assert_eq!(
            (answer.status, answer.challenge(), &*answer.body),
            (200, None, "alice"),
            "{lines:?}"
        );
    }
}

#[tokio::test]
async fn a_cookie_that_is_no_text_lets_nobody_in() {
    let (layer, token) = protected();
    for line in [
        &b"session=\xff\xfe"[..],
        b"session=caf\xc3\xa9",
        b"\xff=session",
        format!("session={token}\u{e9}").as_bytes(),
    ] {
        let answer = send(&layer, with_headers([("cookie", line)])).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(
            answer
                .challenge()
                .is_some_and(|challenge| challenge.starts_with("Bearer")),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_name_of_a_cookie_is_a_token() {
    for bad in [
        "",
        " ",
        "a b",
        "a;b",
        "a=b",
        "a,b",
        "\"a\"",
        "a\tb",
        "a\nb",
        "caf\u{e9}",
        "a/b",
        "a@b",
        "[a]",
        "a:b",
        "a\\b",
        "a{b}",
    ] {
        assert!(TokenSource::cookie(bad).is_err(), "{bad:?}");
    }
    let tokens = TestTokens::new();
    for good in ["__Host-session", "s", "a.b_c-d", "!#$%&'*+-.^_`|~", "0"] {
        let layer = layer_of(&tokens, [TokenSource::cookie(good).unwrap()]);
        let line = format!("x=y; {good}={}", bare(&tokens.bearer("alice")));
        send(&layer, with_headers([("cookie", line.as_bytes())]))
            .await
            .assert_passed("alice");
    }
}
