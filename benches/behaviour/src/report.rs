//! [`Report`] drives a peer through the scenarios.

use std::fmt;

use crate::peer::Peer;
use crate::scenarios::thief::When;
use crate::scenarios::{logout, lost_answer, race, swapped, thief, two_tabs};
use crate::table::Table;

pub struct Report {
    two_tabs: Table,
    lost_answer: Table,
    thief: [(When, Table); 4],
    swapped: Table,
    logout: Table,
    race: Table,
}

impl Report {
    pub fn new() -> Self {
        Self {
            two_tabs: Table::new(two_tabs::TITLE, two_tabs::COLUMNS),
            lost_answer: Table::new(lost_answer::TITLE, lost_answer::COLUMNS),
            thief: When::ALL.map(|when| (when, Table::new(when.title(), thief::COLUMNS))),
            swapped: Table::new(swapped::TITLE, swapped::COLUMNS),
            logout: Table::new(logout::TITLE, logout::COLUMNS),
            race: Table::new(race::TITLE, race::COLUMNS),
        }
    }

    /// Drives a peer through all scenarios, each with a new server.
    pub async fn drive<P: Peer>(&mut self, name: &str, make: impl Fn() -> P) {
        self.two_tabs.add(name, two_tabs::row(&make).await);
        self.lost_answer.add(name, lost_answer::row(&make).await);
        self.drive_thief(name, &make).await;
        self.swapped.add(name, swapped::row(&make).await);
        self.logout.add(name, logout::row(&make).await);
        self.race.add(name, race::row(&make).await);
    }

    /// Drives a peer whose setting says only something of thieves.
    pub async fn drive_thief<P: Peer>(&mut self, name: &str, make: impl Fn() -> P) {
        for (when, table) in &mut self.thief {
            table.add(name, thief::row(&make, *when).await);
        }
    }

    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        let thief = self.thief.iter().map(|(_, table)| table);
        [&self.two_tabs, &self.lost_answer]
            .into_iter()
            .chain(thief)
            .chain([&self.swapped, &self.logout, &self.race])
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables: Vec<_> = self.tables().map(Table::to_string).collect();
        out.write_str(&tables.join("\n"))
    }
}
