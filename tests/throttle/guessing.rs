//! Strangers that guess at one account.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::rc::Rc;

use crate::memory::Fault;
use crate::owner::{
    AMONG_STRANGERS, HOME, NEXT_DOOR, OWNER, Outcome, QUIET, owner, owner_every, quiet, stranger,
};
use crate::world::{DAY, HOUR, World};

/// One network guesses for a day.
pub(crate) fn hammer(mut w: World, pause: f64) -> Outcome {
    owner(&mut w, 1.0, |_| stranger(0));
    among_strangers(&mut w, 1);
    w.every((0.0, DAY), pause, 0.0, |w| {
        w.guess(OWNER, stranger(0), None);
    });
    w.run(DAY);
    Outcome::of(&w)
}

/// The owner logs in with new devices from the attacker's networks too. Where one is told to come
/// back, the attacker may come instead.
fn among_strangers(w: &mut World, networks: u64) {
    w.every((330.0, DAY), 600.0, 60.0, move |w| {
        let network = w.random.below_u64(networks);
        w.login(OWNER, stranger(network), None, AMONG_STRANGERS);
    });
}

/// Networks guess in turn, for a day. The clocks of processes differ by `skew`. The owner logs in
/// with this pause between.
pub(crate) fn in_turn(mut w: World, networks: u64, guesses: u64, skew: u64, pause: f64) -> Outcome {
    owner_every(&mut w, 1.0, pause, move |w| {
        stranger(w.random.below_u64(networks))
    });
    among_strangers(&mut w, networks);
    w.skew = skew;
    let mut i = 0;
    w.every((0.0, DAY), DAY / guesses as f64, 0.0, move |w| {
        w.guess(OWNER, stranger(i % networks), None);
        i += 1;
    });
    w.run(DAY);
    Outcome::of(&w)
}

/// Networks that know the rule: they empty what all strangers share, then each asks, waits 45 s,
/// guesses, and rests for a week.
fn patient(w: &mut World, networks: u64, days: f64) {
    let any = move |w: &mut World| {
        let network = w.random.below_u64(networks);
        w.guess(OWNER, stranger(network), None);
    };
    for k in 0..60 {
        w.at(0.5 + f64::from(k) * 0.01, any);
    }
    w.every((1.0, days * DAY), 60.0, 5.0, any);
    let ready = Rc::new(RefCell::new((0..networks).collect::<VecDeque<_>>()));
    w.every((2.0, days * DAY), 20.0, 2.0, move |w| {
        let Some(i) = ready.borrow_mut().pop_front() else {
            return;
        };
        w.guess(OWNER, stranger(i), None);
        let ready = ready.clone();
        w.at(w.time() + 46.0, move |w| {
            let judged = w.guess(OWNER, stranger(i), None).is_none();
            let rest = if judged { 7.0 * DAY + 1.0 } else { 60.0 };
            w.at(w.time() + rest, move |_| ready.borrow_mut().push_back(i));
        });
    });
}

/// Networks that know the rule. The owner logs in with this pause between.
pub(crate) fn knowing(mut w: World, networks: u64, days: f64, pause: f64) -> Outcome {
    owner_every(&mut w, days, pause, |_| HOME);
    patient(&mut w, networks, days);
    w.run(days * DAY);
    Outcome::of(&w)
}

/// Networks that know the rule, a mark of the owner, the owner's address, and one of its block.
pub(crate) fn everything(mut w: World, pause: f64) -> Outcome {
    owner(&mut w, 1.0, |_| HOME);
    patient(&mut w, 10_000, 1.0);
    let stolen = w.mark(OWNER);
    let ways: [(IpAddr, Option<String>); 3] =
        [(HOME, None), (NEXT_DOOR, None), (stranger(3), Some(stolen))];
    for (start, (address, mark)) in [1.0, 2.0, 3.0].into_iter().zip(ways) {
        w.every((start, DAY), pause, 0.0, move |w| {
            w.guess(OWNER, address, mark.as_deref());
        });
    }
    w.run(DAY);
    Outcome::of(&w)
}

/// 500 networks, a guess every four minutes from the next one, for 30 days.
pub(crate) fn slowly(mut w: World, days: f64) -> Outcome {
    owner_every(&mut w, days, 3600.0, |_| HOME);
    let mut i = 0;
    w.every((0.0, days * DAY), 240.0, 30.0, move |w| {
        w.guess(OWNER, stranger(i % 500), None);
        i += 1;
    });
    w.run(days * DAY);
    Outcome::of(&w)
}

/// 1,000 guesses in the same instant from one network, then from 1,000 networks.
pub(crate) fn at_once(mut w: World) -> Outcome {
    owner(&mut w, 3.0 / 24.0, |_| HOME);
    for k in 0..1000 {
        w.at(100.0, |w| {
            w.guess(OWNER, stranger(0), None);
        });
        w.at(200.0, move |w| {
            w.guess(OWNER, stranger(k + 1), None);
        });
    }
    w.run(3.0 * HOUR);
    Outcome::of(&w)
}

/// 1,000 processes read before one of them writes.
pub(crate) fn stale(mut w: World) -> Outcome {
    w.store.set_fault(Some(Fault::Stale));
    for k in 0..1000 {
        w.at(100.0, move |w| {
            w.guess(OWNER, stranger(k), None);
        });
    }
    w.run(200.0);
    Outcome::of(&w)
}

/// The attacker is behind the owner's address.
pub(crate) fn behind_the_owner(mut w: World, pause: f64) -> Outcome {
    owner(&mut w, 1.0, |_| HOME);
    w.every((0.0, DAY), pause, 0.0, |w| {
        w.guess(OWNER, HOME, None);
    });
    w.run(DAY);
    Outcome::of(&w)
}

/// A thief has a mark of the owner, and 10,000 networks. The owner has logged in since.
pub(crate) fn stolen_mark(mut w: World, pause: f64) -> Outcome {
    owner(&mut w, 1.0, |_| HOME);
    let (stolen, mut i) = (w.mark(OWNER), 0);
    w.every((0.0, DAY), pause, 0.0, move |w| {
        w.guess(OWNER, stranger(i % 10_000), Some(&stolen));
        i += 1;
    });
    w.run(DAY);
    Outcome::of(&w)
}

/// An attacker has 1,000 accounts of their own with their marks, and logs in to them between.
pub(crate) fn own_marks(mut w: World, pause: f64) -> Outcome {
    owner(&mut w, 1.0, |_| HOME);
    let own: Vec<_> = (0..1000).map(|k| format!("own{k}")).collect();
    let own: Vec<_> = own.into_iter().map(|name| (w.mark(&name), name)).collect();
    let mut i = 0;
    w.every((0.0, DAY), pause, 0.0, move |w| {
        i += 1;
        let address = stranger(i as u64 % 50);
        if i % 2 == 0 {
            {
                w.guess(OWNER, address, None);
                return;
            }
        }
        let (mark, name) = &own[i % 1000];
        if let Ok(attempt) = w.attempt(name, address, Some(mark)) {
            w.succeed(attempt, name);
        }
    });
    w.run(DAY);
    Outcome::of(&w)
}

/// Ten thousand networks, and then three quiet days: the fourth counts.
pub(crate) fn afterwards(mut w: World, guesses: u64) -> Outcome {
    let mut i = 0;
    w.every((0.0, DAY), DAY / guesses as f64, 0.0, move |w| {
        w.guess(OWNER, stranger(i % 10_000), None);
        i += 1;
    });
    w.run(3.0 * DAY);
    let mut fresh = 0;
    w.every((3.0 * DAY + 10.0, 4.0 * DAY), 300.0, 60.0, move |w| {
        fresh += 1;
        w.login(OWNER, quiet(fresh), None, QUIET);
    });
    w.run(4.0 * DAY);
    Outcome::of(&w)
}

/// A stranger with a whole IPv6 /32 who knows the rule.
pub(crate) fn whole_realm(mut w: World, days: f64) -> Outcome {
    owner(&mut w, days, |_| HOME);
    w.every((1.0, days * DAY), 30.0, 2.0, move |w| {
        let block = w.random.below_u64(65_536);
        let any = |w: &mut World| -> IpAddr {
            let bits = (0x2001_0db8 << 96)
                | (u128::from(block) << 80)
                | (u128::from(w.random.below_u64(65_536)) << 64);
            std::net::Ipv6Addr::from_bits(bits).into()
        };
        let first = any(w);
        w.guess(OWNER, first, None);
        let second = any(w);
        w.at(w.time() + 46.0, move |w| {
            w.guess(OWNER, second, None);
        });
    });
    w.run(days * DAY);
    Outcome::of(&w)
}
