//! [`Jar`] is where the clients of one user keep their tokens.

use crate::rule::{FRESH, Millis, Reply, Rule, Tokens};

pub struct Jar {
    pub tokens: Tokens,
    pub fresh_until: Millis,
    /// How many refresh tokens were stored.
    pub stored: u64,
    /// How many sessions were lost.
    pub lost: u32,
}

/// A refresh that is under way.
#[derive(Clone, Debug)]
pub struct Request {
    token: String,
    key: Option<u64>,
    /// The session that it belongs to.
    session: u32,
}

impl Jar {
    pub fn log_in(rule: &mut dyn Rule, now: Millis) -> Self {
        Self {
            tokens: rule.log_in(now),
            fresh_until: now + FRESH,
            stored: 0,
            lost: 0,
        }
    }

    pub fn is_fresh(&self, now: Millis) -> bool {
        now < self.fresh_until
    }

    /// Makes a request with the current token.
    pub fn request(&self, key: Option<u64>) -> Request {
        Request {
            token: self.tokens.refresh.clone(),
            key,
            session: self.lost,
        }
    }

    /// The request arrives at a server. If the session is lost, the user logs in again.
    pub fn serve(&mut self, request: &Request, rule: &mut dyn Rule, now: Millis) -> Option<Tokens> {
        if request.session != self.lost {
            return None;
        }
        let is_lost = match rule.refresh(&request.token, request.key, now) {
            Reply::Tokens(tokens) => return Some(tokens),
            Reply::NotNow => return None,
            Reply::Ended => true,
            // A client that holds another token by now asks with that one.
            Reply::Rejected => request.token == self.tokens.refresh,
        };
        if is_lost {
            let lost = self.lost + 1;
            *self = Self::log_in(rule, now);
            self.lost = lost;
        }
        None
    }

    /// The answer arrives, and is stored. A refresh token that did not change is left alone: a
    /// newer one may have been stored meanwhile.
    pub fn receive(&mut self, request: &Request, tokens: Tokens, now: Millis) {
        if request.session != self.lost {
            return;
        }
        if tokens.refresh == request.token {
            self.tokens.access = tokens.access;
        } else {
            self.stored += u64::from(tokens.refresh != self.tokens.refresh);
            self.tokens = tokens;
        }
        self.fresh_until = self.fresh_until.max(now + FRESH);
    }
}
