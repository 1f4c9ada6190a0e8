//! The settings, and the sentences about wrong ones.

use std::time::Duration;

use support::{DAY, HOUR, SECOND};
use tower_bearer::Secret;
use tower_bearer::throttle::{LoginThrottle, Throttle};

fn error(settings: LoginThrottle) -> Option<String> {
    let built = Throttle::new(settings, &Secret::dangerous_weak("settings"));
    built.err().map(|error| error.to_string())
}

#[test]
fn each_wrong_setting_has_a_sentence_that_names_the_cure() {
    let default = LoginThrottle::default;
    for (settings, cure) in [
        (
            default().strangers_per_day(9),
            "strangers_per_day is 9: write 10 to 10000",
        ),
        (default().strangers_per_day(10_001), "write 10 to 10000"),
        (default().network(0, HOUR), "network has 0 at once"),
        (default().network(300, Duration::ZERO), "then 1 s to 1 day"),
        (default().network(300, 2 * DAY), "then 1 s to 1 day"),
        (
            default().network_for("203.0.113.7/24", 9, HOUR),
            "without bits behind its prefix",
        ),
        (
            default().network_for("office", 9, HOUR),
            "network_for has \"office\": write an IP",
        ),
        (
            default().network_for("203.0.113.7", 0, HOUR),
            "network_for has 0 at once",
        ),
        (default().slots(11), "slots has 11 bits: write 12 to 28"),
        (default().slots(29), "write 12 to 28"),
        (default().mark_lifetime(HOUR), "write 1 to 400 days"),
        (default().mark_lifetime(401 * DAY), "write 1 to 400 days"),
    ] {
        let sentence = error(settings.clone()).unwrap();
        assert!(sentence.contains(cure), "{sentence}");
        // Of a throttle that is off, too: it may be switched on.
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
    }
}

#[test]
fn one_error_lists_all_wrong_settings() {
    let settings = LoginThrottle::default()
        .slots(0)
        .strangers_per_day(0)
        .network(0, SECOND);
    let error = error(settings).unwrap();
    assert!(
        error.starts_with("3 settings are wrong:") && error.lines().count() == 4,
        "{error}"
    );
}

#[test]
fn settings_at_their_bounds_are_right() {
    for settings in [
        LoginThrottle::off(),
        LoginThrottle::default(),
        LoginThrottle::default()
            .strangers_per_day(10)
            .slots(12)
            .mark_lifetime(DAY),
        LoginThrottle::default()
            .strangers_per_day(10_000)
            .slots(28)
            .mark_lifetime(400 * DAY),
        LoginThrottle::default()
            .network(1, DAY)
            .network_for("::1", 1_000_000, SECOND),
    ] {
        assert_eq!(error(settings), None);
    }
}
