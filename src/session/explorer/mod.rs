//! Explores the rule of rotation: every order of events, within small bounds.
//!
//! A [`World`](world::World) is one moment: the row, what clients keep, and the requests and answers under way. [`steps`](step::steps)
//! says all that may happen next, [`Law`](law::Law) what must hold whatever happens, and [`search`](search::search) goes everywhere. The
//! worlds are finite, for they hold ages instead of moments, so a search ends when there is nothing new: no bound on the number of steps.
//!
//! In every scenario receipts are written at once, late, twice or never: whoever holds an access token may use it at any later moment.
//!
//! What is left out: the fifth race, answered 503, is an answer that got lost; so is an application that cannot be asked. `Sessions` also
//! asks the revocations that its process knows of; here it has heard of none.

mod ending;
mod expiry;
mod faults;
mod forgetful;

mod honest;
mod law;
mod row;
mod rules;
mod scenario;
mod scenarios;
mod search;
mod step;
mod table;
mod world;
