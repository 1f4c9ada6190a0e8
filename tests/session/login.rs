//! Logins, by password and in the application's own words.

mod device;
mod logs;
mod outage;
mod own;
mod password;
