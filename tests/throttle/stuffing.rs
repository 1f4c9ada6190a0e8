//! Strangers that try leaked passwords: one guess each at many accounts.

use crate::owner::{HOME, KNOWN, Outcome, QUIET, owner, quiet, stranger};
use crate::world::{DAY, World};

/// A guess each at many accounts from this many networks in turn, within `days`.
pub(crate) fn stuffing(mut w: World, networks: u64, guesses: u64, days: f64) -> Outcome {
    let end = days * DAY;
    for k in 0..200 {
        let name = user(k);
        if let Ok(attempt) = w.attempt(&name, quiet(k), None) {
            w.succeed(attempt, &name);
        }
    }
    stuff(&mut w, (1.0, end), networks, end / guesses as f64);
    new_devices(&mut w, end);
    let marks: Vec<_> = (0..200).map(|k| w.mark(&user(k))).collect();
    w.every((4.0, end), 10.0, 5.0, move |w| {
        let (k, from) = (w.random.below_u64(200), w.random.below_u64(100_000_000));
        w.login(
            &user(k),
            quiet(1_000 + from),
            Some(&marks[k as usize]),
            KNOWN,
        );
    });
    w.run(end);
    Outcome::of(&w)
}

/// The same with networks that know the rule: each guess asks, waits 45 s and comes back.
pub(crate) fn patient_stuffing(mut w: World, networks: u64, guesses: u64, days: f64) -> Outcome {
    let (end, mut k) = (days * DAY, 0);
    w.every((1.0, end), end / guesses as f64, 0.0, move |w| {
        k += 1;
        let (name, address) = (format!("leaked{k}"), stranger(k % networks));
        if w.guess(&name, address, None) == Some(45.0) {
            w.at(w.time() + 46.0, move |w| {
                w.guess(&name, address, None);
            });
        }
    });
    new_devices(&mut w, end);
    w.run(end);
    Outcome::of(&w)
}

/// 10,000 networks in the same instant, every ten minutes.
pub(crate) fn bursts(mut w: World, bursts: u64) -> Outcome {
    for burst in 0..bursts {
        for k in 0..10_000 {
            w.at(burst as f64 * 600.0 + 1.0, move |w| {
                let name = format!("leaked{burst}/{k}");
                {
                    w.guess(&name, stranger(k), None);
                };
            });
        }
    }
    let end = bursts as f64 * 600.0;
    new_devices(&mut w, end);
    w.run(end);
    Outcome::of(&w)
}

/// Each attempt has a name and a network of its own.
pub(crate) fn filling(mut w: World, attempts: u64) -> Outcome {
    owner(&mut w, 1.0, |_| HOME);
    stuff(&mut w, (0.0, DAY), u64::MAX, DAY / attempts as f64);
    w.run(DAY);
    Outcome::of(&w)
}

/// Tries leaked passwords from `start` to `end`.
pub(crate) fn stuff(w: &mut World, (start, end): (f64, f64), networks: u64, pause: f64) {
    let mut i = 0;
    w.every((start, end), pause, 0.0, move |w| {
        w.guess(&format!("leaked{i}"), stranger(i % networks), None);
        i += 1;
    });
}

/// 200 users log in with new devices in networks that nothing else comes from.
fn new_devices(w: &mut World, end: f64) {
    w.every((3.0, end), 10.0, 5.0, |w| {
        let (k, from) = (w.random.below_u64(200), w.random.below_u64(100_000_000));
        w.login(&user(k), quiet(1_000 + from), None, QUIET);
    });
}

fn user(k: u64) -> String {
    format!("user{k}@example.com")
}
