//! Forged refresh tokens never reach the store. And the rows of the store are not enough to make a
//! token.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use support::{Login, claims_of};
use tower_bearer::keys::RefreshToken;
use tower_bearer::{SessionPolicy, SqliteStore};

// requirements 7, 17
#[tokio::test]
async fn a_forged_token_never_reaches_the_store() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let stranger = Login::new().log_in("alice").await;
    let genuine = tokens.refresh.as_str();
    let bytes = URL_SAFE_NO_PAD.decode(&genuine[4..]).unwrap();
    let mut forged: Vec<String> = (0..bytes.len())
        .map(|at| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            format!("rt1_{}", URL_SAFE_NO_PAD.encode(bytes))
        })
        .collect();
    let garbage = [
        "rt1_",
        "rt2_",
        "null",
        "a.b.c",
        "\0",
        "' OR 1=1 --",
        "\u{1f512}",
        " ",
    ];
    forged.extend(garbage.map(str::to_owned));
    forged.extend([
        format!("{genuine} "),
        format!("{genuine}="),
        genuine[4..].to_owned(),
        genuine.to_uppercase(),
        "A".repeat(7000),
    ]);
    // A token of another server, with another secret.
    forged.push(stranger.refresh);

    login.store.take_calls();
    for token in &forged {
        login
            .refresh(token)
            .await
            .assert_invalid_grant("token_invalid");
    }
    assert_eq!(login.store.take_calls(), []);
    login.refresh(genuine).await.tokens();
}

// requirements 13, 17
#[tokio::test]
async fn a_token_of_a_megabyte_never_reaches_the_store() {
    let login = Login::new();
    let token = format!("rt1_{}", "A".repeat(1 << 20));
    login
        .refresh(&token)
        .await
        .assert_error(413, "invalid_request", None);
    let error = login
        .sessions
        .refresh(RefreshToken::new(token))
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        ("invalid_grant", Some("token_invalid"))
    );
    assert_eq!(login.store.take_calls(), []);
}

// requirement 28
#[tokio::test]
async fn neither_token_is_accepted_as_the_other() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login.store.take_calls();
    login
        .refresh(&tokens.access)
        .await
        .assert_invalid_grant("token_invalid");
    assert_eq!(login.store.take_calls(), []);
    login
        .me(&tokens.refresh)
        .await
        .assert_invalid_token("token_invalid");
    // And the session is untouched.
    login.refresh(&tokens.refresh).await.tokens();
    assert_eq!(login.me(&tokens.access).await.status, 200);
}

// requirement 7
#[tokio::test]
async fn a_genuine_token_of_a_session_that_is_not_there_has_expired() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login.clock.advance(200 * support::DAY);
    assert_eq!(login.sessions.delete_expired().await.unwrap(), 1);
    login
        .refresh(&tokens.refresh)
        .await
        .assert_invalid_grant("session_expired");
}

// requirement 16
#[tokio::test]
async fn every_session_has_160_random_bits_of_its_own() {
    const LOGINS: usize = 1000;
    let login = Login::new();
    let (mut tokens, mut ids) = (HashSet::new(), HashSet::new());
    let mut ones = [0_usize; 160];
    for _ in 0..LOGINS {
        let answer = login.log_in("alice").await;
        ids.insert(
            claims_of(&answer.access)["sid"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
        // `version(1) ‖ key id(1) ‖ rid(20 random) ‖ generation(4) ‖ tag(16)`
        let bytes = URL_SAFE_NO_PAD.decode(&answer.refresh[4..]).unwrap();
        assert_eq!(bytes.len(), 42);
        for (bit, ones) in ones.iter_mut().enumerate() {
            *ones += usize::from(bytes[2 + bit / 8] >> (bit % 8) & 1);
        }
        tokens.insert(bytes[2..22].to_vec());
    }
    assert_eq!((tokens.len(), ids.len()), (LOGINS, LOGINS));
    // No bit stands still. Each is set in 500 ± 16 of them; seven times that is beyond all chance.
    assert!(
        ones.iter().all(|ones| (390..=610).contains(ones)),
        "{ones:?}"
    );
}

// requirement 23
#[tokio::test]
async fn a_leaked_database_holds_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let login = Login::over(
        SqliteStore::open(&path).await.unwrap(),
        SessionPolicy::default(),
    );
    let first = login.log_in("alice").await;
    let second = login.refresh(&first.refresh).await.tokens();
    login.confirm(&second).await;
    let row = format!("{:?}", login.row(&second).await.into_parts());

    let mut dump = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        dump.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |needle: &[u8]| dump.windows(needle.len()).any(|window| window == needle);
    assert!(
        holds(b"alice") && holds(login.row(&second).await.id().as_bytes()),
        "the dump is of the right file"
    );
    for tokens in [&first, &second] {
        let bytes = URL_SAFE_NO_PAD.decode(&tokens.refresh[4..]).unwrap();
        let signature = tokens.access.rsplit('.').next().unwrap();
        // The whole token, its text without the prefix, and the two parts that cannot be guessed:
        // `rid` and tag.
        let secrets = [
            tokens.refresh.as_bytes(),
            &tokens.refresh.as_bytes()[4..],
            &bytes,
            &bytes[2..22],
            &bytes[26..],
        ];
        for secret in secrets
            .into_iter()
            .chain([tokens.access.as_bytes(), signature.as_bytes()])
        {
            assert!(!holds(secret));
        }
        assert!(!holds(&URL_SAFE_NO_PAD.decode(signature).unwrap()));
        assert!(!row.contains(&tokens.refresh) && !row.contains(&format!("{:?}", &bytes[2..22])));
    }
}
