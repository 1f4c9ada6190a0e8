//! [`World`] is everything that matters at one moment.

use super::law::Law;
use super::row::{NEVER, Row};
use super::rules::Rule;
use super::scenario::Scenario;
use crate::session::rotation::Reply;

pub(super) const HONEST: usize = 0;
pub(super) const THIEF: usize = 1;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) row: Row,
    /// An earlier state of the row, to which the store may be set back.
    pub(super) backup: Option<Row>,
    pub(super) set_back: u8,
    /// For how long the store has not known the revocation any more. One unit is long.
    pub(super) revived: Option<i8>,
    /// The jars: one for all tabs, and one for the thief.
    pub(super) jars: [Jar; 2],
    pub(super) clients: Vec<Client>,
    pub(super) logged_out: bool,
    /// The session was revoked, whatever the store says now.
    pub(super) ended: bool,
    /// The feed of the store has the revocation.
    pub(super) entered: bool,
    /// The node that has done the first of the two steps of a revocation.
    pub(super) halfway: Option<usize>,
    /// The application has another stamp than the row.
    pub(super) changed: bool,
    /// The nodes that know of the revocation, with one bit for each.
    pub(super) knows: u8,
    /// How long the access token with the longest life still lives.
    pub(super) access_lives: i8,
    /// How many generations in a row reached both the honest client and the thief.
    pub(super) shared: u8,
}

/// A place for a refresh token, and what its owner knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Jar {
    /// The generation in the jar. It is `None` if nothing was stolen yet.
    pub(super) token: Option<u8>,
    /// The generations of which they have an access token, with one bit for each. Each token may be
    /// used, or its receipt written, now, later or never, and twice.
    pub(super) access: u16,
    /// The generation that another owner used and that this owner has never received, and for how
    /// long the store has known it.
    pub(super) outdone: Option<(u8, i8)>,
}

impl Jar {
    pub(super) fn has(self, generation: u8) -> bool {
        self.access & 1 << generation != 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Client {
    /// The jar that it reads and writes.
    pub(super) jar: usize,
    pub(super) doing: Doing,
    /// The token that it sent, and for how long it has been waiting.
    pub(super) sent: u8,
    pub(super) waits: i8,
    /// Where and when it reached a server.
    pub(super) arrived: Option<Arrival>,
    pub(super) late: Late,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Arrival {
    /// Which of the clocks was read.
    pub(super) node: usize,
    pub(super) age: i8,
}

/// The event for which a request came too late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Late {
    /// The row was found after the session had ended.
    pub(super) dead: bool,
    /// The application was asked, or the row inserted, after the password had changed.
    pub(super) outdated: bool,
}

/// The state of a client's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Doing {
    Nothing,
    /// The request is on its way, or about to start over.
    Asking,
    /// A login: its password was right.
    Checked,
    /// A login: the row is there.
    Inserted,
    /// A login: the application was asked too.
    Granted,
    /// The server holds the row as it was.
    Found(Row),
    /// The application was asked too.
    Renewed(Row),
    /// The server is about to write.
    Writing(Row, How),
    /// The tokens of this generation are on their way to the client.
    Answered(u8),
}

/// [`Reply`], as a part of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum How {
    LoggedIn,
    Healed,
    Rotated,
    Coalesced,
    Repeated,
    Recovered,
}

impl From<Reply> for How {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Healed => Self::Healed,
            Reply::Rotated => Self::Rotated,
            Reply::Coalesced => Self::Coalesced,
            Reply::Repeated => Self::Repeated,
            Reply::Recovered => Self::Recovered,
        }
    }
}

impl World {
    /// Makes the world just after the login, or before it.
    pub(super) fn new(scenario: &Scenario) -> Self {
        let client = |jar| Client {
            jar,
            doing: Doing::Nothing,
            sent: 0,
            waits: 0,
            arrived: None,
            late: Late::default(),
        };
        let mut clients = vec![client(HONEST); scenario.tabs];
        clients.extend(scenario.thief.then(|| client(THIEF)));
        let logged_in = Jar {
            token: Some(0),
            access: 1,
            outdone: None,
        };
        Self {
            row: Row {
                exists: !scenario.login,
                ..Row::new(scenario.long(), scenario.absolute_lifetime)
            },
            backup: None,
            set_back: 0,
            revived: None,
            jars: [
                if scenario.login {
                    Jar::default()
                } else {
                    logged_in
                },
                Jar::default(),
            ],
            clients,
            logged_out: false,
            ended: false,
            entered: false,
            halfway: None,
            changed: false,
            knows: 0,
            access_lives: 0,
            shared: 0,
        }
    }

    pub(super) fn knows(&self, node: usize) -> bool {
        self.knows & 1 << node != 0
    }

    /// The node begins to revoke the session. In one step, or if there is nothing to revoke, it is
    /// done then.
    pub(super) fn ends(&mut self, node: usize, scenario: &Scenario, rule: &Rule) {
        if self.row.exists && !self.row.revoked {
            if scenario.two_steps {
                self.halfway = Some(node);
            }
            if !scenario.two_steps || rule.enters_first {
                self.entered = true;
            }
            if !scenario.two_steps || !rule.enters_first {
                self.row.revoke();
            }
        }
        if self.halfway.is_none() {
            self.has_ended(node, scenario);
        }
    }

    /// The node does the second step.
    pub(super) fn ends_completely(&mut self, node: usize, scenario: &Scenario, rule: &Rule) {
        self.halfway = None;
        if rule.enters_first {
            self.row.revoke();
        } else {
            self.entered = true;
        }
        self.has_ended(node, scenario);
    }

    /// The store has answered, and the node knows of the revocation.
    fn has_ended(&mut self, node: usize, scenario: &Scenario) {
        self.ended |= self.row.revoked;
        self.learns(node, scenario);
    }

    pub(super) fn learns(&mut self, node: usize, scenario: &Scenario) {
        if scenario.feed {
            self.knows |= 1 << node;
        }
    }

    /// Where the client's request is.
    pub(super) fn node(&self, index: usize) -> usize {
        self.clients[index]
            .arrived
            .map_or(0, |arrival| arrival.node)
    }

    /// Notes that the owner of the other jar is outdone by this use of a generation, if they have
    /// never received it.
    pub(super) fn outdoes(&mut self, jar: usize, generation: u8) {
        let other = &mut self.jars[1 - jar];
        if other.token.is_some_and(|token| token < generation) && !other.has(generation) {
            other.outdone = Some((generation, 0));
        }
    }

    /// Lets one unit pass.
    pub(super) fn tick(&mut self, scenario: &Scenario) {
        let long = scenario.long();
        for row in self.rows() {
            row.tick(long);
        }
        for client in &mut self.clients {
            client.waits += i8::from(client.doing != Doing::Nothing);
            if let Some(arrival) = &mut client.arrived {
                arrival.age += 1;
            }
        }
        for jar in &mut self.jars {
            jar.outdone = jar
                .outdone
                .map(|(generation, age)| (generation, (age + 1).min(long)));
        }
        self.revived = self.revived.map(|_| 1);
        self.access_lives = (self.access_lives - 1).max(0);
    }

    /// Makes worlds equal that behave alike.
    pub(super) fn settle(&mut self, scenario: &Scenario) {
        // Only differences of revisions matter.
        let ahead = self.row.revision;
        for row in self.rows() {
            row.revision = (row.revision + REVISION).saturating_sub(ahead);
        }
        if self.set_back == scenario.set_back || (self.row.revoked && !scenario.loses_revocations) {
            self.backup = None;
        }
        let held = self.clients.iter().any(|client| {
            matches!(
                client.doing,
                Doing::Found(_) | Doing::Renewed(_) | Doing::Writing(..)
            )
        });
        if let Some(backup) = self.backup.as_mut().filter(|_| !held) {
            backup.revision = 0;
        }
        // Fields that no step looks at.
        if !scenario.laws.contains(&Law::OneRotationInTheOverlap) {
            self.rows().for_each(|row| row.made = 0);
        }
        if !scenario.laws.contains(&Law::UnusedCopiesEndIt) {
            self.shared = 0;
        }
        if scenario.idle_timeout == NEVER {
            self.rows().for_each(|row| row.created = 0);
        }
        if scenario.absolute_lifetime == NEVER {
            self.access_lives = 0;
        }
        // The store ignores receipts of generations that have passed for good.
        let oldest = self.backup.map_or(self.row.generation, |backup| {
            backup.generation.min(self.row.generation)
        });
        for jar in &mut self.jars {
            jar.access &= u16::MAX << oldest;
        }
        for client in &mut self.clients {
            if client.doing == Doing::Nothing {
                (client.sent, client.waits) = (0, 0);
            }
            if matches!(client.doing, Doing::Nothing | Doing::Answered(_)) {
                client.arrived = None;
            }
            if matches!(
                client.doing,
                Doing::Nothing | Doing::Asking | Doing::Answered(_)
            ) {
                client.late = Late::default();
            }
        }
        // Tabs are alike.
        self.clients.sort_unstable();
    }

    /// Returns the row, and every copy of it that is still in use.
    fn rows(&mut self) -> impl Iterator<Item = &mut Row> {
        let held = self
            .clients
            .iter_mut()
            .filter_map(|client| match &mut client.doing {
                Doing::Found(row) | Doing::Renewed(row) | Doing::Writing(row, _) => Some(row),
                Doing::Nothing
                | Doing::Asking
                | Doing::Checked
                | Doing::Inserted
                | Doing::Granted
                | Doing::Answered(_) => None,
            });
        held.chain(&mut self.backup).chain([&mut self.row])
    }
}

/// The revision of every settled row.
const REVISION: u8 = 8;
