//! Stamps: what a version of the user's credentials may be.

use support::App;
use tower_bearer::token::Stamp;
use tower_bearer::{Grant, Identity};

fn all_of_seven() -> Vec<Stamp> {
    vec![
        Stamp::from(7_i8),
        Stamp::from(7_u8),
        Stamp::from(7_i16),
        Stamp::from(7_u16),
        Stamp::from(7_i32),
        Stamp::from(7_u32),
        Stamp::from(7_i64),
        Stamp::from(7_u64),
        Stamp::from(7_i128),
        Stamp::from(7_u128),
        Stamp::from(7_isize),
        Stamp::from(7_usize),
        Stamp::from("7"),
        Stamp::from("7".to_owned()),
        Stamp::from(&"7".to_owned()),
        Stamp::from(&b"7"[..]),
        Stamp::from(*b"7"),
        Stamp::from(b"7".to_vec()),
        Stamp::from(&b"7".to_vec()),
    ]
}

#[test]
fn a_number_and_its_text_are_one_stamp() {
    for stamp in all_of_seven() {
        assert_eq!(stamp, Stamp::from("7"));
        assert_ne!(stamp, Stamp::from("07"));
    }
    assert_ne!(Stamp::from(-7), Stamp::from(7));
}

#[test]
fn a_stamp_does_not_show_what_it_was_made_from() {
    assert_eq!(
        format!("{:?}", Stamp::from("the-hash-of-a-password")),
        "Stamp"
    );
}

/// A column that counts, whose type was changed meanwhile.
#[tokio::test]
async fn a_session_goes_on_with_the_same_number_and_ends_with_another() {
    let app = App::new();
    app.users.grant(Grant::new().with_stamp(7_i32));
    let tokens = app
        .sessions
        .start(Identity::new("alice").with_stamp(7_i32))
        .await
        .unwrap();
    app.users.grant(Grant::new().with_stamp(7_i64));
    let token = tokens.refresh_token().unwrap().clone();
    let tokens = app.sessions.refresh(token).await.unwrap();

    app.users.grant(Grant::new().with_stamp(8_i64));
    let token = tokens.refresh_token().unwrap().secret();
    app.refresh(token).await.assert_invalid_grant("user_gone");
}
