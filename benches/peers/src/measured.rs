//! What is measured, and nothing else.
//!
//! `.ci/speed` finds these functions by the name of this module. They have no closures, because
//! Callgrind would take these for functions of their own.

use std::hint::black_box;

use http::{Request, StatusCode};
use tower_bearer::keys::RefreshToken;
use tower_bearer::{Identity, Sessions};

use crate::side::{Body, Side, at_once};

/// Calls a side with each of the requests.
#[inline(never)]
pub fn requests(side: &mut dyn Side, requests: Vec<Request<Body>>, expected: StatusCode) {
    for request in requests {
        assert_eq!(black_box(side.call(request)), expected);
    }
}

/// Starts a session of each user.
#[inline(never)]
pub fn logins(sessions: &Sessions, users: Vec<Identity>) {
    for user in users {
        let login = sessions.start(user);
        assert!(at_once(login).is_ok());
    }
}

/// Refreshes each of the sessions.
#[inline(never)]
pub fn refreshes(sessions: &Sessions, tokens: Vec<RefreshToken>) {
    for token in tokens {
        assert!(at_once(sessions.refresh(token)).is_ok());
    }
}
