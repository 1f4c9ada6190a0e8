//! Explores the rule of rotation: every order of events, within small bounds.
//!
//! A [`World`](world::World) is one moment: the row, what clients keep, and the requests and
//! answers under way. [`steps`](step::steps) says all that may happen next, [`Law`](law::Law) what
//! must hold whatever happens, and [`search`](search::search) goes everywhere. The worlds are
//! finite, for they hold ages instead of moments, so a search ends when there is nothing new: no
//! bound on the number of steps.
//!
//! In every scenario receipts are written at once, late, twice or never: the holder of an access
//! token may use it at any later moment.
//!
//! | what happens | where |
//! |---|---|
//! | tabs and phones, losses and crashes | `honest` |
//! | thieves, a logout, the ends of a session | `ending` |
//! | clocks that differ | `skewed` |
//! | a store that is set back to an earlier row | `restored` |
//! | or to before a revocation, which nodes still know of | `revived` |
//! | a change of password, and a login under way | `password` |
//! | a rule, or a node, that is almost right | `faults` |
//!
//! What is left out: the fifth race, answered 503, is an answer that got lost; so is an application
//! that cannot be asked. Revocations that a process knows of are asked where a scenario has a
//! `feed`.

mod ending;
mod event;
mod expiry;
mod faults;
mod honest;
mod law;
mod outside;
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
mod world;
