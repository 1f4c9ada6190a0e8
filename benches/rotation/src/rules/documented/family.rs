//! [`Session`] is a session under a rule that is only documented: its tokens are numbers.

use crate::rule::{Millis, Reply, Rule, Tokens};

/// What a document says about a refresh token that is presented.
pub trait Documented {
    /// A session begins with this token.
    fn begin(&mut self, _token: usize) {}

    /// Returns the token that the client gets. `None` means reuse, which ends the session.
    fn present(&mut self, family: &mut Family, token: usize, now: Millis) -> Option<usize>;

    /// The access token that was issued with this refresh token was used.
    fn accept(&mut self, _family: &Family, _token: usize) {}
}

/// The refresh tokens of a session, and which of them came from which.
#[derive(Debug, Default)]
pub struct Family(Vec<Member>);

#[derive(Debug)]
pub struct Member {
    pub parent: Option<usize>,
    pub made: Millis,
    pub first_used: Option<Millis>,
    pub uses: u32,
    /// Whether a token that came from this one was used.
    pub is_outdone: bool,
}

impl Family {
    pub fn issue(&mut self, parent: Option<usize>, made: Millis) -> usize {
        self.0.push(Member {
            parent,
            made,
            first_used: None,
            uses: 0,
            is_outdone: false,
        });
        self.newest()
    }

    pub fn newest(&self) -> usize {
        self.0.len() - 1
    }

    /// Returns whether the newest token came from this one.
    pub fn is_previous(&self, token: usize) -> bool {
        self.of(self.newest()).parent == Some(token)
    }

    pub fn of(&self, token: usize) -> &Member {
        &self.0[token]
    }

    fn note_use(&mut self, token: usize, now: Millis) {
        let member = &mut self.0[token];
        member.first_used.get_or_insert(now);
        member.uses += 1;
        if let Some(parent) = member.parent {
            self.0[parent].is_outdone = true;
        }
    }
}

#[derive(Debug)]
pub struct Session<D> {
    rule: D,
    family: Family,
    /// Tokens below this number belong to a session before.
    first: usize,
    has_ended: bool,
}

impl<D: Documented> Session<D> {
    pub fn new(rule: D) -> Self {
        Self {
            rule,
            family: Family::default(),
            first: 0,
            has_ended: false,
        }
    }

    fn number(&self, token: &str) -> Option<usize> {
        let number = token.parse().expect("tokens are numbers");
        (number >= self.first && !self.has_ended).then_some(number)
    }
}

impl<D: Documented> Rule for Session<D> {
    fn log_in(&mut self, now: Millis) -> Tokens {
        self.first = self.family.issue(None, now);
        self.has_ended = false;
        self.rule.begin(self.first);
        tokens(self.first)
    }

    fn refresh(&mut self, refresh: &str, _: Option<u64>, now: Millis) -> Reply {
        let Some(token) = self.number(refresh) else {
            return Reply::Rejected;
        };
        let Some(next) = self.rule.present(&mut self.family, token, now) else {
            self.has_ended = true;
            return Reply::Ended;
        };
        self.family.note_use(token, now);
        Reply::Tokens(tokens(next))
    }

    fn accept(&mut self, access: &str, _: Millis) {
        if let Some(token) = self.number(access) {
            self.rule.accept(&self.family, token);
        }
    }
}

fn tokens(number: usize) -> Tokens {
    Tokens {
        refresh: number.to_string(),
        access: number.to_string(),
    }
}
