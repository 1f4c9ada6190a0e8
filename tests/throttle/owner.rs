//! The owner of the account, and where people are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::world::{DAY, Who, World};

/// The name of the account that strangers want.
pub(crate) const OWNER: &str = "owner@example.com";

/// Logins of a device that has logged in before.
pub(crate) const KNOWN: Who = Who {
    tried: "known",
    passed: "known passed",
    at_once: "known at once",
};
/// Logins of a new device in a network that nothing else comes from.
pub(crate) const QUIET: Who = Who {
    tried: "quiet",
    passed: "quiet passed",
    at_once: "quiet at once",
};
/// Logins of a new device in a network that the owner has logged in from.
pub(crate) const FAMILIAR: Who = Who {
    tried: "familiar",
    passed: "familiar passed",
    at_once: "familiar at once",
};

/// Logins of a new device in a network of the attacker.
pub(crate) const AMONG_STRANGERS: Who = Who {
    tried: "among",
    passed: "among passed",
    at_once: "among at once",
};

/// The address of the owner's home.
pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::from_bits(10 << 24));
/// Another address of its block.
pub(crate) const NEXT_DOOR: IpAddr = IpAddr::V4(Ipv4Addr::from_bits((10 << 24) + 9));

/// A network of a stranger, in a block of its own.
pub(crate) fn stranger(n: u64) -> IpAddr {
    Ipv4Addr::from_bits((11 << 24) + (u32::try_from(n).unwrap() << 8)).into()
}

/// A network of an honest user, in a realm of its own.
pub(crate) fn quiet(n: u64) -> IpAddr {
    Ipv6Addr::from_bits((0x2a00_0000 + u128::from(n)) << 96).into()
}

/// The owner has logged in at home. From then on they log in every ten minutes: with a known device
/// from somewhere (`at`), with a new device from a network that is quiet, and with one from home.
pub(crate) fn owner(w: &mut World, days: f64, at: impl FnMut(&mut World) -> IpAddr + 'static) {
    owner_every(w, days, 600.0, at);
}

pub(crate) fn owner_every(
    w: &mut World,
    days: f64,
    pause: f64,
    mut at: impl FnMut(&mut World) -> IpAddr + 'static,
) {
    let first = w.attempt(OWNER, HOME, None).unwrap();
    w.succeed(first, OWNER);
    let (mark, end) = (w.mark(OWNER), days * DAY);
    w.every((300.0, end), pause, 60.0, move |w| {
        let address = at(w);
        w.login(OWNER, address, Some(&mark), KNOWN);
    });
    let mut fresh = 0;
    w.every((310.0, end), pause, 60.0, move |w| {
        fresh += 1;
        w.login(OWNER, quiet(fresh), None, QUIET);
    });
    w.every((320.0, end), pause, 60.0, |w| {
        w.login(OWNER, HOME, None, FAMILIAR);
    });
}

/// What came of a scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) judged: u64,
    pub(crate) known: f64,
    pub(crate) quiet: f64,
    pub(crate) quiet_at_once: f64,
    pub(crate) familiar: f64,
    pub(crate) rows: usize,
}

impl Outcome {
    pub(crate) fn of(w: &World) -> Self {
        let outcome = Self {
            judged: w.counted("judged"),
            known: w.percent(KNOWN.at_once, KNOWN.tried),
            quiet: w.percent(QUIET.passed, QUIET.tried),
            quiet_at_once: w.percent(QUIET.at_once, QUIET.tried),
            familiar: w.percent(FAMILIAR.passed, FAMILIAR.tried),
            rows: w.store.peak(),
        };
        println!("{outcome:?}, refused {}", w.counted("refused"));
        outcome
    }

    /// Asserts that this is what the design measured: judged within 10 %, shares within a point.
    #[track_caller]
    pub(crate) fn is(self, judged: u64, [known, quiet, familiar]: [f64; 3]) -> Self {
        assert!(
            self.judged.abs_diff(judged) * 10 <= judged,
            "{judged} judged: {self:?}"
        );
        assert!(
            self.known >= known - 0.1,
            "{known} % of known devices: {self:?}"
        );
        assert!(
            (self.quiet - quiet).abs() <= 1.0,
            "{quiet} % in quiet networks: {self:?}"
        );
        assert!(
            (self.familiar - familiar).abs() <= 1.0,
            "{familiar} % in familiar: {self:?}"
        );
        self
    }
}
