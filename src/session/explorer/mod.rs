//! Explores the rule of rotation: every order of events, within small bounds.
//!
//! A [`World`](world::World) is one moment: the row, what clients keep, and the requests and
//! answers under way. [`steps`](step::steps) returns everything that may happen next,
//! [`Law`](law::Law) says what must hold whatever happens, and [`search`](search::search) visits
//! every world. There are finitely many worlds, because they have ages instead of moments. So a
//! search ends when it finds no new world, and needs no bound on the number of steps.
//!
//! In every scenario receipts are written at once, late, twice or never, because the owner of an
//! access token may use it at any later moment.
//!
//! | what happens | where |
//! |---|---|
//! | tabs and phones, losses and crashes | `honest` |
//! | thieves, a logout, the ends of a session | `ending` |
//! | clocks that differ | `skewed` |
//! | a store that is set back to an earlier row | `restored` |
//! | or to before a revocation, which nodes still know of | `revived` |
//! | a failover that loses the last writes of the row, of the feed, or of both | `failover` |
//! | a revocation in two steps, one for the feed and one for the row | `two_steps` |
//! | a change of password, and a login under way | `password` |
//! | a rule, or a node, that is almost right | `faults` |
//! | a rule that is simpler, or that others have | `tempting` |
//!
//! Some cases are left out. The fifth race, which is answered 503, is the same as a lost answer,
//! and so is an application that cannot be asked. The revocations that a process knows are only
//! checked where a scenario has a `feed`.

mod decided;
mod ending;
mod event;
mod expiry;
mod failover;
mod faults;
mod honest;
mod law;
mod nodes;
mod outside;
mod page;
mod password;
mod restored;
mod revived;
mod row;
mod rules;
mod scenario;
mod scenarios;
mod search;
mod serve;
mod skewed;
mod step;
mod table;
mod tempting;
mod two_steps;
mod world;
