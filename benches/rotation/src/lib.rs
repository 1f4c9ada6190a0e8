//! Simulates honest users and thieves, with rules of rotation: see docs/rotation.md.

pub mod check;
pub mod days;
pub mod dice;
pub mod honest;
pub mod interval;
pub mod measure;
pub mod network;
pub mod queue;
pub mod report;
pub mod rows;
pub mod rule;
pub mod rules;
pub mod tables;
pub mod thief;
