//! The tables of the design, in small.

use tower_bearer::throttle::LoginThrottle;

use crate::crowds::{Beside, CARRIER, Crowd, OFFICE, crowd};
use crate::guessing::{self, everything, hammer, in_turn, knowing};
use crate::memory::Fault;
use crate::owner::Outcome;
use crate::stuffing;
use crate::world::World;

fn world() -> World {
    World::new(LoginThrottle::default())
}

#[test]
fn timing_hammer() {
    let t = std::time::Instant::now();
    hammer(world(), 20.0);
    println!("{:?}", t.elapsed());
}
#[test]
fn timing_in_turn() {
    let t = std::time::Instant::now();
    in_turn(world(), 10_000, 10_000, 0);
    println!("{:?}", t.elapsed());
}
