//! [`World`]: all that matters of one moment.

use super::row::Row;
use super::scenario::Scenario;
use crate::session::rotation::Answer;

pub(super) const HONEST: usize = 0;
pub(super) const THIEF: usize = 1;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) row: Row,
    /// The row before its last replace, while the store may still lose it.
    pub(super) before: Option<Row>,
    pub(super) lost_writes: u8,
    /// One for all tabs, one for the thief.
    pub(super) jars: [Jar; 2],
    pub(super) clients: Vec<Client>,
    pub(super) logged_out: bool,
    /// How long the access token lives that lives the longest.
    pub(super) access_lives: i8,
    /// How many generations in a row reached both the honest client and the thief.
    pub(super) shared: u8,
}

/// Where a refresh token is kept, and what its owner knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Jar {
    /// `None`: nothing was stolen yet.
    pub(super) token: Option<u8>,
    /// The generations of which he has an access token, a bit each. Each may be used, or its receipt written, now, later or never, and twice.
    pub(super) access: u16,
    /// Which generation another used that this owner has never received, and how long the store has known it.
    pub(super) outdone: Option<(u8, i8)>,
}

impl Jar {
    pub(super) fn has(self, generation: u8) -> bool {
        self.access & 1 << generation != 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Client {
    /// Whose jar it reads and writes.
    pub(super) jar: usize,
    pub(super) doing: Doing,
    /// The token that it sent, and for how long it has been waiting.
    pub(super) sent: u8,
    pub(super) waits: i8,
}

/// How far a client's request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Doing {
    Nothing,
    /// On its way there, or about to start over.
    Asking,
    /// The server holds the row as it was.
    Found(Row),
    /// The server is about to write.
    Writing(Row, How),
    /// On its way back: the tokens of this generation.
    Answered(u8),
}

/// [`Answer`], as a part of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum How {
    Healed,
    Rotated,
    Coalesced,
    Repeated,
    Recovered,
}

impl From<Answer> for How {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Healed => Self::Healed,
            Answer::Rotated => Self::Rotated,
            Answer::Coalesced => Self::Coalesced,
            Answer::Repeated => Self::Repeated,
            Answer::Recovered => Self::Recovered,
        }
    }
}

impl World {
    /// Just after the login.
    pub(super) fn new(scenario: &Scenario) -> Self {
        let client = |jar| Client { jar, doing: Doing::Nothing, sent: 0, waits: 0 };
        let mut clients = vec![client(HONEST); scenario.tabs];
        clients.extend(scenario.thief.then(|| client(THIEF)));
        Self {
            row: Row::new(scenario.long(), scenario.in_all),
            before: None,
            lost_writes: 0,
            jars: [Jar { token: Some(0), access: 1, outdone: None }, Jar::default()],
            clients,
            logged_out: false,
            access_lives: 0,
            shared: 0,
        }
    }

    /// One unit later.
    pub(super) fn tick(&mut self, scenario: &Scenario) {
        let long = scenario.long();
        for row in self.rows() {
            row.tick(long);
        }
        for client in &mut self.clients {
            client.waits += i8::from(client.doing != Doing::Nothing);
        }
        for jar in &mut self.jars {
            jar.outdone = jar.outdone.map(|(generation, age)| (generation, (age + 1).min(long)));
        }
        self.access_lives = (self.access_lives - 1).max(0);
    }

    /// Worlds that behave alike become equal.
    pub(super) fn settle(&mut self, scenario: &Scenario) {
        // Only differences of revisions matter.
        let ahead = self.row.revision;
        for row in self.rows() {
            row.revision = (row.revision + REVISION).saturating_sub(ahead);
        }
        if scenario.lost_writes == 0 {
            // The store ignores receipts of generations that have passed.
            for jar in &mut self.jars {
                jar.access &= u16::MAX << self.row.generation;
            }
        }
        for client in &mut self.clients {
            if client.doing == Doing::Nothing {
                (client.sent, client.waits) = (0, 0);
            }
        }
        // Tabs are alike.
        self.clients.sort_unstable();
    }

    /// The row, and every copy of it that somebody still holds.
    fn rows(&mut self) -> impl Iterator<Item = &mut Row> {
        let held = self.clients.iter_mut().filter_map(|client| match &mut client.doing {
            Doing::Found(row) | Doing::Writing(row, _) => Some(row),
            Doing::Nothing | Doing::Asking | Doing::Answered(_) => None,
        });
        held.chain(&mut self.before).chain([&mut self.row])
    }
}

/// The revision of every settled row.
const REVISION: u8 = 8;
