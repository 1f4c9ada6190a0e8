//! Logins: by password, in the application's own words, and what comes along with them.

mod answer;
mod at_once;
mod closures;
mod context;
mod device;
mod facts;
mod left_behind;
mod logs;
mod most_sessions;
mod outage;
mod outcome;
mod own;
mod password;
mod refusals;
mod shared;
