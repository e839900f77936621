//! The binary as its users see it: whole commands, with all that they say and leave behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_input;
mod harness;
mod help;
mod main_job;
mod serve;
