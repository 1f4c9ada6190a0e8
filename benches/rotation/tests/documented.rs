//! The rules that are only documented do what their documents say.

use rotation::rule::{DAY, Reply, Rule, SECOND, Tokens};
use rotation::rules::documented::auth0::Auth0;
use rotation::rules::documented::family::{Documented, Session};
use rotation::rules::documented::hydra::Hydra;
use rotation::rules::documented::keycloak::{Keycloak, Version};
use rotation::rules::documented::okta::Okta;
use rotation::rules::documented::supabase::Supabase;
use rotation::rules::documented::superseding::Superseding;
use rotation::rules::documented::supertokens::SuperTokens;

/// A session whose first token was exchanged for the second at the moment zero.
fn rotated(rule: impl Documented) -> (impl Rule, Tokens, Tokens) {
    let mut session = Session::new(rule);
    let first = session.log_in(0);
    let second = tokens(session.refresh(&first.refresh, None, 0));
    assert_ne!(first, second);
    (session, first, second)
}

fn tokens(reply: Reply) -> Tokens {
    match reply {
        Reply::Tokens(tokens) => tokens,
        other => panic!("{other:?}"),
    }
}

#[test]
fn auth0_gives_a_new_token_for_the_previous_one_within_the_overlap() {
    let overlap = 30 * SECOND;
    let (mut rule, first, second) = rotated(Auth0 { overlap });
    let again = tokens(rule.refresh(&first.refresh, None, overlap - 1));
    assert_ne!(again, second);
    assert_eq!(rule.refresh(&first.refresh, None, overlap), Reply::Ended);
    assert_eq!(
        rule.refresh(&second.refresh, None, overlap),
        Reply::Rejected
    );
}

#[test]
fn auth0_takes_the_second_to_last_token_for_stolen_within_the_overlap_too() {
    let (mut rule, first, second) = rotated(Auth0 {
        overlap: 30 * SECOND,
    });
    tokens(rule.refresh(&second.refresh, None, SECOND));
    assert_eq!(rule.refresh(&first.refresh, None, 2 * SECOND), Reply::Ended);
}

#[test]
fn okta_keeps_the_previous_token_valid_for_the_grace_period() {
    let grace = 30 * SECOND;
    let (mut rule, first, second) = rotated(Okta { grace });
    let again = tokens(rule.refresh(&first.refresh, None, grace - 1));
    assert_eq!(again, second);
    assert_eq!(rule.refresh(&first.refresh, None, grace), Reply::Ended);
}

#[test]
fn auth0_and_okta_read_strictly_replace_the_token_that_was_issued_first() {
    let overlap = 30 * SECOND;
    let (mut rule, first, second) = rotated(Superseding { overlap });
    let again = tokens(rule.refresh(&first.refresh, None, overlap - 1));
    assert_ne!(again, second);
    tokens(rule.refresh(&again.refresh, None, DAY));
    assert_eq!(rule.refresh(&second.refresh, None, DAY), Reply::Ended);

    let (mut rule, first, _) = rotated(Superseding { overlap });
    assert_eq!(rule.refresh(&first.refresh, None, overlap), Reply::Ended);
}

#[test]
fn supabase_gives_the_active_token_for_its_parent_at_any_time() {
    let interval = 10 * SECOND;
    let (mut rule, first, second) = rotated(Supabase { interval });
    assert_eq!(tokens(rule.refresh(&first.refresh, None, DAY)), second);
    let third = tokens(rule.refresh(&second.refresh, None, DAY));
    assert_eq!(tokens(rule.refresh(&second.refresh, None, 2 * DAY)), third);
    assert_eq!(rule.refresh(&first.refresh, None, 2 * DAY), Reply::Ended);
}

#[test]
fn supabase_gives_the_active_token_for_any_token_within_the_interval() {
    let interval = 10 * SECOND;
    let (mut rule, first, second) = rotated(Supabase { interval });
    let third = tokens(rule.refresh(&second.refresh, None, SECOND));
    let again = rule.refresh(&first.refresh, None, interval - 1);
    assert_eq!(tokens(again), third);
    assert_eq!(rule.refresh(&first.refresh, None, interval), Reply::Ended);
}

#[test]
fn hydra_gives_new_tokens_for_each_use_within_the_grace_period() {
    let grace = 60 * SECOND;
    let (mut rule, first, second) = rotated(Hydra { grace });
    let again = tokens(rule.refresh(&first.refresh, None, grace - 1));
    assert_ne!(again, second);
    // Both go on.
    tokens(rule.refresh(&second.refresh, None, DAY));
    tokens(rule.refresh(&again.refresh, None, DAY));
    assert_eq!(rule.refresh(&first.refresh, None, DAY), Reply::Ended);
}

#[test]
fn keycloak_counts_the_uses_of_a_token_until_another_one_is_used() {
    for version in [Version::Before26_8, Version::Since26_8] {
        let (mut rule, first, _) = rotated(Keycloak::new(version, 1));
        let second = tokens(rule.refresh(&first.refresh, None, DAY));
        tokens(rule.refresh(&second.refresh, None, 2 * DAY));
        assert_eq!(rule.refresh(&first.refresh, None, 2 * DAY), Reply::Ended);

        let (mut rule, first, _) = rotated(Keycloak::new(version, 0));
        assert_eq!(rule.refresh(&first.refresh, None, SECOND), Reply::Ended);
    }
}

#[test]
fn keycloak_takes_a_token_for_stale_when_it_has_made_a_later_one() {
    for version in [Version::Before26_8, Version::Since26_8] {
        let (mut rule, first, second) = rotated(Keycloak::new(version, 1));
        tokens(rule.refresh(&first.refresh, None, SECOND));
        assert_eq!(rule.refresh(&second.refresh, None, DAY), Reply::Ended);
    }
}

#[test]
fn keycloak_sees_that_in_the_same_second_since_26_8() {
    let of_the_same_second = |version| {
        let (mut rule, first, second) = rotated(Keycloak::new(version, 1));
        tokens(rule.refresh(&first.refresh, None, SECOND - 1));
        rule.refresh(&second.refresh, None, DAY)
    };
    tokens(of_the_same_second(Version::Before26_8));
    assert_eq!(of_the_same_second(Version::Since26_8), Reply::Ended);
}

#[test]
fn supertokens_invalidates_a_token_by_the_first_use_of_its_child() {
    let (mut rule, first, second) = rotated(SuperTokens::default());
    let third = tokens(rule.refresh(&first.refresh, None, DAY));
    rule.accept(&third.access, DAY);
    assert_eq!(rule.refresh(&second.refresh, None, DAY), Reply::Ended);

    let (mut rule, first, second) = rotated(SuperTokens::default());
    tokens(rule.refresh(&second.refresh, None, DAY));
    assert_eq!(rule.refresh(&first.refresh, None, DAY), Reply::Ended);
}
