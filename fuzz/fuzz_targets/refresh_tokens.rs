//! A refresh token with any changes, for its tag and its form.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use tower_bearer::Identity;
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer_fuzz::{Log, block_on, sessions};

fuzz_target!(|input: &[u8]| {
    let tokens = TestTokens::new();
    let sessions = sessions(&tokens).build().expect("the settings are right");
    let begun = block_on(sessions.start(Identity::new("alice"))).expect("a session");
    let good = begun
        .refresh_token()
        .expect("it was not taken away")
        .secret()
        .to_owned();
    let Some(text) = changed(&good, input) else {
        return;
    };

    let log = Log::start();
    let presented = RefreshToken::new(text.clone());
    assert!(text.len() < 8 || !format!("{presented:?}").contains(&text));
    let refreshed = block_on(sessions.refresh(presented));
    if text == good {
        assert!(refreshed.is_ok(), "{refreshed:?}");
    } else {
        let error = refreshed.expect_err("a token that we did not make");
        assert_eq!(error.kind(), SessionErrorKind::InvalidToken, "{error}");
        // Neither did it do anything to the session, and a logout with it does not either.
        let _ = block_on(sessions.log_out(&text));
        let refreshed = block_on(sessions.refresh(RefreshToken::new(good.clone())));
        assert!(refreshed.is_ok(), "{refreshed:?}");
    }
    log.assert_harmless("", &[&good, &good[4..]]);
});

/// Changes a token. Each change is three bytes: which kind, where, and with what.
fn changed(token: &str, changes: &[u8]) -> Option<String> {
    let (changes, _) = changes.as_chunks::<3>();
    let mut text = token.as_bytes().to_vec();
    for &[kind, place, byte] in changes {
        let at = usize::from(place) % text.len().max(1);
        match kind % 4 {
            // It stays well formed: only the tag is wrong.
            0 => {
                let mut bytes = URL_SAFE_NO_PAD.decode(text.get(4..)?).ok()?;
                let at = at % bytes.len().max(1);
                *bytes.get_mut(at)? ^= byte;
                text.truncate(4);
                text.extend(URL_SAFE_NO_PAD.encode(bytes).into_bytes());
            }
            1 => *text.get_mut(at)? ^= byte,
            2 => text.insert(at, byte),
            _ => {
                text.get(at)?;
                text.remove(at);
            }
        }
    }
    String::from_utf8(text).ok()
}
