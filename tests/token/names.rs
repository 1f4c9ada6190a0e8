//! Subjects, scopes, session ids and moments: how they compare, and how they are read and written.

use std::collections::{HashMap, HashSet};
use std::num::ParseIntError;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_bearer::clock::Timestamp;
use tower_bearer::keys::{AccessToken, RefreshToken};
use tower_bearer::names::IntoScope;
use tower_bearer::names::{InvalidScope, SessionId};
use tower_bearer::{Scope, Subject};

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

#[test]
fn scopes_with_the_same_words_are_equal_and_have_one_hash() {
    for same in ["a b", "b a", " b  a ", "a b a"] {
        assert_eq!(scope(same), scope("a b"));
        assert_eq!(
            HashSet::from([scope(same), scope("a b")]).len(),
            1,
            "{same:?}"
        );
    }
    for other in ["", "a", "a c", "a b c", "A b", "ab", "a:b"] {
        assert_ne!(scope(other), scope("a b"));
        assert_eq!(
            HashSet::from([scope(other), scope("a b")]).len(),
            2,
            "{other:?}"
        );
    }
    assert_eq!(Scope::default(), scope("  "));
    assert_eq!(
        HashMap::from([(scope("read write"), 7)])[&scope("write read")],
        7
    );
}

#[test]
fn a_scope_keeps_the_order_in_which_its_words_came() {
    assert_eq!(scope("b a").as_str(), "b a");
    assert_eq!(scope(" b  a b ").to_string(), "b a");
    assert_eq!(serde_json::to_value(scope("b a")).unwrap(), json!("b a"));
    assert_eq!(scope("b a").union(&scope("c a")).as_str(), "b a c");
}

#[test]
fn words_that_come_one_by_one_are_each_one_word() {
    assert_eq!(Scope::from_words(["b", "a", "b"]).unwrap().as_str(), "b a");
    assert_eq!(
        Scope::from_words(Vec::<String>::new()).unwrap(),
        Scope::default()
    );
    // A word with a space would become two others.
    for wrong in [
        "",
        " ",
        "a b",
        "a ",
        "\"",
        "\\",
        "caf\u{e9}",
        "\t",
        "\u{7f}",
    ] {
        assert_eq!(
            Scope::from_words(["fine", wrong]),
            Err(InvalidScope),
            "{wrong:?}"
        );
    }
}

#[test]
fn literals_and_scopes_are_collected_into_one() {
    assert_eq!(
        ["b", "a c"].into_iter().collect::<Scope>().as_str(),
        "b a c"
    );
    assert_eq!(
        [scope("b"), scope("a b")]
            .iter()
            .collect::<Scope>()
            .as_str(),
        "b a"
    );
    assert_eq!(
        [scope("b"), scope("a b")]
            .into_iter()
            .collect::<Scope>()
            .as_str(),
        "b a"
    );
    let from_outside = ["b", "a"]
        .map(str::parse::<Scope>)
        .into_iter()
        .collect::<Result<Scope, _>>();
    assert_eq!(from_outside.unwrap().as_str(), "b a");
    let wrong = ["b", "\""]
        .map(str::parse::<Scope>)
        .into_iter()
        .collect::<Result<Scope, _>>();
    assert_eq!(wrong, Err(InvalidScope));
}

#[test]
fn a_method_takes_a_literal_or_a_scope() {
    assert_eq!("b a".into_scope().as_str(), "b a");
    assert_eq!(scope("b a").into_scope().as_str(), "b a");
    assert_eq!((&scope("b a")).into_scope().as_str(), "b a");
}

#[test]
#[should_panic(expected = "\"caf\u{e9}\" is not a scope: RFC 6749 section 3.3")]
fn a_literal_that_is_not_a_scope_panics() {
    let _ = "caf\u{e9}".into_scope();
}

#[test]
#[should_panic(expected = "is not a scope")]
fn a_literal_that_is_not_a_scope_panics_where_it_is_collected() {
    let _ = ["fine", "caf\u{e9}"].into_iter().collect::<Scope>();
}

#[test]
fn a_subject_gives_back_the_key_that_it_was_made_from() {
    assert_eq!(Subject::from(42_i64).parse::<i64>(), Ok(42));
    assert_eq!(Subject::from("alice").parse::<String>().unwrap(), "alice");
    let error: ParseIntError = Subject::from("alice").parse::<i64>().unwrap_err();
    assert!(error.to_string().contains("invalid digit"));
    assert_eq!("alice".parse::<Subject>().unwrap(), Subject::from("alice"));
}

/// A struct of an application's own, as it may be kept in a queue.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    user: Subject,
    scope: Scope,
    session: SessionId,
}

#[test]
fn names_are_text_in_json_and_are_checked_when_they_are_read() {
    let session = SessionId::from_bytes([7; 16]);
    let job = Job {
        user: Subject::from(42),
        scope: scope("b a"),
        session,
    };
    let json = json!({ "user": "42", "scope": "b a", "session": session.to_string() });
    assert_eq!(serde_json::to_value(&job).unwrap(), json);
    assert_eq!(serde_json::from_value::<Job>(json.clone()).unwrap(), job);
    for (name, wrong) in [
        ("user", json!(42)),
        ("user", Value::Null),
        ("scope", json!("caf\u{e9}")),
        ("scope", json!(["a"])),
        ("session", json!("too short")),
        ("session", json!("BwcHBwcHBwcHBwcHBwcHBwc")),
        ("session", json!(7)),
    ] {
        let mut json = json.clone();
        json[name] = wrong;
        assert!(
            serde_json::from_value::<Job>(json.clone()).is_err(),
            "{json}"
        );
    }
}

#[test]
fn a_client_reads_tokens_that_its_debug_does_not_show() {
    #[derive(Debug, Deserialize)]
    struct Received {
        access_token: AccessToken,
        refresh_token: RefreshToken,
    }

    let json = r#"{"access_token":"an \u0061ccess token","refresh_token":"a refresh token"}"#;
    let answer: Received = serde_json::from_str(json).unwrap();
    assert_eq!(answer.access_token.secret(), "an access token");
    assert_eq!(answer.refresh_token.secret(), "a refresh token");
    let shown = format!("{answer:?}");
    assert!(
        shown.contains("[redacted]")
            && !shown.contains("a refresh")
            && !shown.contains("an access"),
        "{shown}"
    );
    assert!(serde_json::from_value::<AccessToken>(json!(7)).is_err());
}

#[test]
fn moments_become_those_of_the_system_and_back() {
    let moment = Timestamp::from_millis(1_767_225_600_123);
    let time = UNIX_EPOCH + Duration::from_millis(1_767_225_600_123);
    assert_eq!(SystemTime::from(moment), time);
    assert_eq!(Timestamp::from(time), moment);
    assert_eq!(Timestamp::from(time + Duration::from_micros(999)), moment);
    // Before the epoch there is no moment, and no panic.
    assert_eq!(
        Timestamp::from(UNIX_EPOCH - Duration::from_secs(1)),
        Timestamp::from_secs(0)
    );
    let last = Timestamp::from_millis(u64::MAX);
    assert!(SystemTime::from(last) >= UNIX_EPOCH + Duration::from_secs(253_402_300_799));
}

#[test]
fn a_repeated_word_counts_once_however_many_there_are() {
    for count in [1, 15, 16, 17, 18, 200] {
        let words: Vec<String> = (0..count).map(|number| format!("word:{number}")).collect();
        let twice = words.iter().chain(&words);
        let scope = tower_bearer::Scope::from_words(twice).unwrap();
        assert_eq!(scope.as_str(), words.join(" "));
    }
}
