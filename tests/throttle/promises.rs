//! What the throttle promises about one attempt.

use std::time::Duration;

use support::{HOUR, MINUTE, SECOND, at_once};
use tower_bearer::throttle::{
    AttemptError, Caller, DeviceMark, LoginThrottle, Throttle, ThrottledBy,
};
use tower_bearer::{Secret, Subject};

use crate::door::{Door, NAME, door};
use crate::memory::{Calls, Fault};

#[test]
fn a_network_has_five_guesses_and_then_one_a_minute() {
    let door = door();
    let (judged, throttled) = door.guess(NAME, "192.0.2.1");
    assert_eq!(
        (judged, throttled.retry_after().as_secs(), throttled.by()),
        (5, 60, ThrottledBy::Pair)
    );
    door.clock.advance(MINUTE);
    assert_eq!(door.guess(NAME, "192.0.2.1").0, 1);
}

#[test]
fn names_that_fold_to_one_share_their_guesses() {
    let door = door();
    assert_eq!(door.guess("Ann@Example.com", "192.0.2.1").0, 5);
    assert_eq!(door.guess(" a.n.n@example.com", "192.0.2.1").0, 0);
    assert_eq!(door.guess("bob@example.com", "192.0.2.1").0, 5);
}

#[test]
fn count_as_says_which_names_share_their_guesses() {
    let door = Door::new(LoginThrottle::default().count_as(str::to_owned));
    assert_eq!(door.guess("ann", "192.0.2.1").0, 5);
    assert_eq!(door.guess("Ann", "192.0.2.1").0, 5);
}

#[test]
fn ipv4_inside_ipv6_is_the_same_network() {
    let door = door();
    assert_eq!(door.guess(NAME, "192.0.2.1").0, 5);
    assert_eq!(door.guess(NAME, "::ffff:192.0.2.1").0, 0);
}

#[test]
fn a_refusal_reads_once_and_writes_nothing() {
    let door = door();
    door.guess(NAME, "192.0.2.1");
    let (before, rows) = (door.store.calls(), door.store.rows());
    assert_eq!(door.guess(NAME, "192.0.2.1").0, 0);
    assert_eq!(
        door.store.calls(),
        Calls {
            read: before.read + 1,
            ..before
        }
    );
    assert_eq!(door.store.rows(), rows);
}

#[test]
fn a_dropped_attempt_counts_as_a_wrong_password() {
    let door = door();
    for _ in 0..5 {
        drop(door.attempt(NAME, "192.0.2.1", None).unwrap());
    }
    assert_eq!(door.guess(NAME, "192.0.2.1").0, 0);
}

#[test]
fn attempts_that_are_not_decided_yet_count() {
    let door = door();
    let waiting: Vec<_> = (0..5)
        .map(|_| door.attempt(NAME, "192.0.2.1", None).unwrap())
        .collect();
    assert!(door.attempt(NAME, "192.0.2.1", None).is_err());
    drop(waiting);
}

#[test]
fn a_success_gives_its_own_charge_back_and_clears_nothing() {
    let door = door();
    for _ in 0..4 {
        door.attempt(NAME, "192.0.2.1", None).unwrap().failed();
    }
    door.succeed(door.attempt(NAME, "192.0.2.1", None).unwrap());
    assert_eq!(door.guess(NAME, "192.0.2.1").0, 1);
}

#[test]
fn an_attempt_that_could_not_be_checked_costs_nothing() {
    let door = door();
    for _ in 0..20 {
        let attempt = door.attempt(NAME, "192.0.2.1", None).unwrap();
        at_once(attempt.unavailable(&door.store, door.now()))
            .unwrap()
            .unwrap();
    }
    assert_eq!(door.guess(NAME, "192.0.2.1").0, 5);
}

#[test]
fn an_unfinished_login_costs_nothing_and_makes_nothing_familiar() {
    let door = door();
    for _ in 0..20 {
        let attempt = door.attempt(NAME, "192.0.2.1", None).unwrap();
        at_once(attempt.unfinished(&door.store, door.now()))
            .unwrap()
            .unwrap();
    }
    door.use_up(NAME);
    let refused = door.attempt(NAME, "192.0.2.1", None).unwrap_err();
    assert_eq!(
        (refused.by(), refused.retry_after().as_secs()),
        (ThrottledBy::Open, 45)
    );
}

#[test]
fn a_device_that_has_logged_in_passes_where_strangers_are_refused() {
    let door = door();
    let mark = door.succeed(door.attempt(NAME, "192.0.2.1", None).unwrap());
    door.use_up(NAME);
    assert!(door.attempt(NAME, "203.0.113.9", None).is_err());
    for _ in 0..5 {
        door.attempt(NAME, "203.0.113.9", Some(mark.secret()))
            .unwrap()
            .failed();
    }
    // Then it is a stranger, as it has used up what it has of its own.
    assert!(
        door.attempt(NAME, "203.0.113.9", Some(mark.secret()))
            .is_err()
    );
    door.clock.advance(30 * SECOND);
    assert!(
        door.attempt(NAME, "203.0.113.9", Some(mark.secret()))
            .is_ok()
    );
}

#[test]
fn a_familiar_network_and_its_block_pass_where_strangers_are_refused() {
    let door = door();
    door.succeed(door.attempt(NAME, "192.0.2.1", None).unwrap());
    door.use_up(NAME);
    assert_eq!(door.guess(NAME, "192.0.2.1").0, 5);
    assert_eq!(door.guess(NAME, "192.0.2.77").0, 5);
    assert_eq!(door.guess(NAME, "192.0.2.78").1.by(), ThrottledBy::Home);
    assert_eq!(door.guess(NAME, "192.0.3.1").1.by(), ThrottledBy::Open);
    assert_eq!(door.guess("bob", "192.0.2.1").0, 5);
}

#[test]
fn a_stranger_that_comes_back_in_time_passes_once() {
    let door = door();
    door.use_up(NAME);
    let refused = door.attempt(NAME, "203.0.113.9", None).unwrap_err();
    assert_eq!(
        (refused.retry_after().as_secs(), refused.by()),
        (45, ThrottledBy::Open)
    );
    door.clock.advance(45 * SECOND);
    door.attempt(NAME, "203.0.113.9", None).unwrap().failed();
    door.clock.advance(45 * SECOND);
    // A neighbour of the same realm has no guess of its own.
    assert_eq!(door.guess(NAME, "203.0.113.10").1.by(), ThrottledBy::Spent);
}

#[test]
fn a_stranger_that_asks_again_and_again_costs_few_writes_and_does_not_pass() {
    for pause in [0.1, 1.0, 4.0, 9.0, 10.0, 13.0, 17.0, 20.0, 34.0] {
        let door = door();
        door.use_up(NAME);
        let before = door.store.calls().note;
        let mut asked = 0.0;
        while asked < 600.0 {
            let refused = door.attempt(NAME, "203.0.113.9", None).unwrap_err();
            assert_eq!(
                (refused.retry_after().as_secs(), refused.by()),
                (45, ThrottledBy::Open),
                "{pause}"
            );
            door.clock.advance(Duration::from_secs_f64(pause));
            asked += pause;
        }
        let writes = door.store.calls().note - before;
        assert!((17..=61).contains(&writes), "{writes} for {pause}");
    }
}

#[test]
fn a_note_of_a_fast_clock_is_written_anew() {
    let door = door();
    door.use_up(NAME);
    let slow = door.now();
    door.clock.advance(60 * SECOND);
    assert!(door.attempt(NAME, "203.0.113.9", None).is_err());
    door.clock.jump(slow);
    assert!(door.attempt(NAME, "203.0.113.9", None).is_err());
    door.clock.advance(45 * SECOND);
    assert!(door.attempt(NAME, "203.0.113.9", None).is_ok());
}

#[test]
fn a_stranger_that_comes_back_too_early_or_too_late_waits_again() {
    let door = door();
    door.use_up(NAME);
    for wait in [0, 34, 136, 1_000] {
        assert!(door.attempt(NAME, "203.0.113.9", None).is_err());
        door.clock.advance(Duration::from_secs(wait));
        let refused = door.attempt(NAME, "203.0.113.9", None).unwrap_err();
        assert_eq!(
            (refused.retry_after().as_secs(), refused.by()),
            (45, ThrottledBy::Open),
            "{wait}"
        );
    }
    door.clock.advance(35 * SECOND);
    assert!(door.attempt(NAME, "203.0.113.9", None).is_ok());
}

#[test]
fn a_network_tries_three_hundred_names() {
    let door = door();
    let mut judged = 0;
    for k in 0..1000 {
        door.clock.advance(SECOND);
        judged += u32::from(door.attempt(&format!("name{k}"), "192.0.2.1", None).is_ok());
    }
    assert!((300..=306).contains(&judged), "{judged}");
}

#[test]
fn a_network_that_the_application_has_named_has_its_own_numbers() {
    let settings = LoginThrottle::default().network_for("192.0.2.0/24", 10, HOUR);
    let door = Door::new(settings);
    let judged = |from: &str| {
        (0..50)
            .filter(|k| door.attempt(&format!("name{k}"), from, None).is_ok())
            .count()
    };
    assert_eq!(judged("192.0.2.1"), 10);
    assert_eq!(judged("203.0.113.1"), 50);
}

#[test]
fn a_neighbour_does_not_empty_the_counter_of_a_named_network() {
    let settings = LoginThrottle::default().network_for("192.0.2.0/25", 100, 24 * HOUR);
    let door = Door::new(settings);
    let judged = |from: &str| {
        let passes = |k: &u32| {
            door.clock.advance(SECOND);
            door.attempt(&format!("name{k}"), from, None).is_ok()
        };
        (0..150).filter(passes).count()
    };
    for k in 1..=4 {
        assert_eq!(judged(&format!("192.0.2.{k}")), 100);
    }
    // Their block is full for all of its addresses.
    assert_eq!(judged("192.0.2.200"), 0);
    assert_eq!(judged("192.0.2.5"), 0);
}

#[test]
fn strangers_per_day_bounds_a_name() {
    let judged = |n| {
        let door = Door::new(LoginThrottle::default().strangers_per_day(n));
        let passes = |k: &u32| door.attempt(NAME, &format!("198.51.{k}.1"), None).is_ok();
        (0..256).filter(passes).count()
    };
    assert_eq!([judged(10), judged(144), judged(1_000)], [2, 30, 208]);
}

#[test]
fn network_bounds_all_networks() {
    let door = Door::new(LoginThrottle::default().network(20, HOUR));
    let judged = |from: &str| {
        (0..90)
            .filter(|k| door.attempt(&format!("name{k}"), from, None).is_ok())
            .count()
    };
    // A block has four times as much.
    let all = [1, 2, 3, 4, 5].map(|k| judged(&format!("192.0.2.{k}")));
    assert_eq!(all, [20, 20, 20, 20, 0]);
}

#[test]
fn without_an_address_strangers_share_what_a_name_has_and_known_devices_pass() {
    let door = door();
    let attempt = |name: &str, mark: Option<&str>| door.asked(Caller::new(name).with_mark(mark));
    let mark = door.succeed(attempt(NAME, None).unwrap());
    let judged = (0..100).filter(|_| attempt(NAME, None).is_ok()).count();
    assert_eq!(judged, 30);
    assert!(attempt(NAME, Some(mark.secret())).is_ok());
    // No network is familiar, and none is used up.
    assert!((0..1000).all(|k| attempt(&format!("name{k}"), None).is_ok()));
}

#[test]
fn a_mark_is_for_one_name() {
    let door = door();
    let mark = door.succeed(door.attempt(NAME, "192.0.2.1", None).unwrap());
    door.use_up("bob");
    assert!(
        door.attempt("bob", "203.0.113.9", Some(mark.secret()))
            .is_err()
    );
}

#[test]
fn a_device_keeps_the_marks_of_four_names() {
    let door = door();
    let mut text: Option<String> = None;
    for name in ["ann", "bob", "cho", "dan", "eve"] {
        let attempt = door.attempt(name, "192.0.2.1", text.as_deref()).unwrap();
        text = Some(door.succeed_as(attempt, name).secret().to_owned());
    }
    let text = text.unwrap();
    for (name, passes) in [
        ("ann", false),
        ("bob", true),
        ("cho", true),
        ("dan", true),
        ("eve", true),
    ] {
        door.use_up(name);
        assert_eq!(
            door.attempt(name, "203.0.113.9", Some(&text)).is_ok(),
            passes,
            "{name}"
        );
    }
    assert!(text.len() <= 300 && text.split('.').count() == 4);
}

#[test]
fn a_login_replaces_the_mark_of_its_own_name() {
    let door = door();
    let first = door.succeed(door.attempt(NAME, "192.0.2.1", None).unwrap());
    let second = door
        .attempt(NAME, "192.0.2.1", Some(first.secret()))
        .unwrap();
    let second = door.succeed(second);
    assert_eq!(second.secret().split('.').count(), 1);
    assert_ne!(first.secret(), second.secret());
}

#[test]
fn a_mark_that_was_changed_or_cut_is_not_a_mark() {
    let door = door();
    let mark = door.succeed(door.attempt(NAME, "192.0.2.1", None).unwrap());
    door.use_up(NAME);
    let mark = mark.secret();
    let mut wrong = vec![
        String::new(),
        "dm1_".into(),
        mark[4..].into(),
        mark[..70].into(),
    ];
    wrong.push(format!("{mark}A"));
    wrong.push(format!(".....{mark}"));
    wrong.push(format!("{}{mark}", "x".repeat(1000)));
    for at in 4..mark.len() {
        let other = if &mark[at..=at] == "A" { "B" } else { "A" };
        // The unused bits of the last character have to be zero.
        wrong.push(format!("{}{other}{}", &mark[..at], &mark[at + 1..]));
    }
    for wrong in wrong {
        assert!(
            door.attempt(NAME, "203.0.113.9", Some(&wrong)).is_err(),
            "{wrong}"
        );
    }
    assert!(door.attempt(NAME, "203.0.113.9", Some(mark)).is_ok());
}

#[test]
fn a_mark_ends_with_its_lifetime() {
    let day = 24 * HOUR;
    let door = Door::new(LoginThrottle::default().mark_lifetime(10 * day));
    let mark = door.succeed(door.attempt(NAME, "192.0.2.1", None).unwrap());
    for (advance, passes) in [(9 * day + 23 * HOUR, true), (2 * HOUR, false)] {
        door.clock.advance(advance);
        door.use_up(NAME);
        let attempt = door.attempt(NAME, "203.0.113.9", Some(mark.secret()));
        assert_eq!(attempt.is_ok(), passes);
    }
}

#[test]
fn marks_of_earlier_secrets_are_accepted_and_can_be_called_in() {
    let old = Secret::dangerous_weak("old");
    let mark = {
        let door = Door::with_secret(LoginThrottle::default(), &old);
        door.succeed(door.attempt(NAME, "192.0.2.1", None).unwrap())
    };
    let ring = Secret::dangerous_weak("new").with_previous(old);
    let door = Door::with_secret(LoginThrottle::default(), &ring);
    door.use_up(NAME);
    assert!(
        door.attempt(NAME, "203.0.113.9", Some(mark.secret()))
            .is_ok()
    );
    let subject = Subject::from("ann");
    door.clock.advance(MINUTE);
    at_once(
        door.throttle
            .forget_marks(&door.store, &subject, door.now()),
    )
    .unwrap()
    .unwrap();
    door.use_up(NAME);
    assert!(
        door.attempt(NAME, "203.0.113.9", Some(mark.secret()))
            .is_err()
    );
}

#[test]
fn what_one_account_has_earned_is_not_that_of_an_account_whose_name_is_alike() {
    let door = door();
    // Both names have the same counters.
    let own = door.succeed(door.attempt("a.n.n", "192.0.2.1", None).unwrap());
    door.use_up("ann");
    for (name, network) in [("ann", "203.0.113.9"), ("ann", "192.0.2.1")] {
        let attempt = door.attempt(name, network, Some(own.secret()));
        assert!(attempt.is_err(), "{name} {network}");
    }
    let attempt = door.attempt("a.n.n", "203.0.113.9", Some(own.secret()));
    assert!(attempt.is_ok());
}

#[test]
fn marks_that_were_called_in_stay_so_after_a_new_secret() {
    let (old, subject) = (Secret::dangerous_weak("old"), Subject::from("ann"));
    let door = Door::with_secret(LoginThrottle::default(), &old);
    let mark = door.succeed(door.attempt(NAME, "192.0.2.1", None).unwrap());
    door.clock.advance(MINUTE);
    let forgotten = door
        .throttle
        .forget_marks(&door.store, &subject, door.now());
    at_once(forgotten).unwrap().unwrap();
    let ring = Secret::dangerous_weak("new").with_previous(old);
    let throttle = Throttle::new(LoginThrottle::default(), &ring).unwrap();
    let door = Door { throttle, ..door };
    door.use_up(NAME);
    let attempt = door.attempt(NAME, "203.0.113.9", Some(mark.secret()));
    assert!(attempt.is_err());
}

#[test]
fn marks_that_are_made_after_they_were_called_in_are_accepted() {
    let door = door();
    let (ann, bob) = (Subject::from("ann"), Subject::from("bob"));
    let old = door.succeed(door.attempt(NAME, "192.0.2.1", None).unwrap());
    let other = door
        .throttle
        .device_mark("bob", &bob, None, door.now())
        .unwrap();
    door.clock.advance(MINUTE);
    at_once(door.throttle.forget_marks(&door.store, &ann, door.now()))
        .unwrap()
        .unwrap();
    let new = door
        .throttle
        .device_mark(NAME, &ann, None, door.now())
        .unwrap();
    door.use_up(NAME);
    door.use_up("bob");
    assert!(
        door.attempt(NAME, "203.0.113.9", Some(old.secret()))
            .is_err()
    );
    assert!(
        door.attempt(NAME, "203.0.113.9", Some(new.secret()))
            .is_ok()
    );
    assert!(
        door.attempt("bob", "203.0.113.9", Some(other.secret()))
            .is_ok()
    );
}

#[test]
fn a_lost_race_gives_everything_back_and_refuses_for_a_second() {
    let door = door();
    door.guess(NAME, "192.0.2.1");
    // The counters look empty, as if all were charged after the read.
    door.store.set_fault(Some(Fault::Stale));
    for _ in 0..100 {
        let refused = door.attempt(NAME, "192.0.2.1", None).unwrap_err();
        assert_eq!(
            (refused.retry_after().as_secs(), refused.by()),
            (1, ThrottledBy::Race)
        );
    }
    door.store.set_fault(None);
    let judged = |from: &str| {
        (0..400)
            .filter(|k| door.attempt(&format!("name{k}"), from, None).is_ok())
            .count()
    };
    assert_eq!(judged("192.0.2.1"), 95);
}

#[test]
fn a_store_that_fails_is_an_error_and_never_a_pass() {
    for fault in [Fault::Down, Fault::Short] {
        let door = door();
        let attempt = door.attempt(NAME, "192.0.2.1", None).unwrap();
        let mark = door
            .throttle
            .device_mark(NAME, &Subject::from("ann"), None, door.now());
        door.store.set_fault(Some(fault));
        for mark in [None, mark.as_ref().map(DeviceMark::secret)] {
            for address in [None, Some("192.0.2.1".parse().unwrap())] {
                let asked = door.asked(Caller::new(NAME).with_address(address).with_mark(mark));
                assert!(matches!(asked, Err(AttemptError::Store(_))), "{asked:?}");
            }
        }
        if fault == Fault::Down {
            let subject = Subject::from("ann");
            let ended = attempt.succeeded(&door.store, &subject, door.now());
            assert!(at_once(ended).unwrap().is_err());
            let forgotten = door
                .throttle
                .forget_marks(&door.store, &subject, door.now());
            assert!(at_once(forgotten).unwrap().is_err());
        }
    }
}

#[test]
fn switched_off_it_asks_no_store() {
    let door = Door::new(LoginThrottle::off());
    door.store.set_fault(Some(Fault::Down));
    for _ in 0..1000 {
        door.attempt(NAME, "192.0.2.1", None).unwrap().failed();
    }
    let attempt = door.attempt(NAME, "192.0.2.1", None).unwrap();
    let subject = Subject::from("ann");
    let mark = at_once(attempt.succeeded(&door.store, &subject, door.now()))
        .unwrap()
        .unwrap();
    assert!(mark.is_none());
    assert!(
        door.throttle
            .device_mark(NAME, &subject, None, door.now())
            .is_none()
    );
    at_once(
        door.throttle
            .forget_marks(&door.store, &subject, door.now()),
    )
    .unwrap()
    .unwrap();
}

#[test]
fn a_familiar_network_is_noted_once_a_day() {
    let door = door();
    let notes = |advance| {
        door.clock.advance(advance);
        let mark = door
            .throttle
            .device_mark(NAME, &Subject::from("ann"), None, door.now());
        let mark = mark.unwrap();
        let before = door.store.calls().note;
        door.succeed(
            door.attempt(NAME, "192.0.2.1", Some(mark.secret()))
                .unwrap(),
        );
        door.store.calls().note - before
    };
    assert_eq!(notes(SECOND), 1);
    assert_eq!(notes(HOUR), 0);
    assert_eq!(notes(23 * HOUR), 1);
}

#[test]
fn attempts_can_move_between_threads() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let door = door();
    let caller = Caller::new(NAME);
    let asked = is_send(door.throttle.attempt(&door.store, caller, door.now()));
    let attempt = at_once(asked).unwrap().unwrap();
    let subject = Subject::from("ann");
    let ended = is_send(attempt.succeeded(&door.store, &subject, door.now()));
    assert!(at_once(ended).unwrap().is_ok());
}

#[test]
fn debug_shows_no_name_and_no_mark() {
    let door = door();
    let attempt = door.attempt(NAME, "192.0.2.1", None).unwrap();
    let shown = format!("{attempt:?} {:?}", door.throttle);
    let mark = door.succeed(attempt);
    let caller = Caller::new(NAME).with_mark(mark.secret());
    let shown = format!("{shown} {mark:?} {caller:?}");
    assert!(!shown.contains("ann") && !shown.contains("dm1_"), "{shown}");
    for name in ["Attempt", "Throttle", "DeviceMark", "Caller"] {
        assert!(shown.contains(name), "{name}: {shown}");
    }
}
