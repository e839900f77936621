//! The registry client against a registry that misbehaves: what it asks for, how often, and what comes of it.
//!
//! Every test has a registry of its own, `umbel_serve` in memory, and in front of it the testkit's proxy with
//! the faults, habits and gates that the test is about. The log of the proxy is part of most claims: a client
//! that gets there in the end by asking ten times is not the one that is meant.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod auth;
mod chunks;
mod discovery;
mod http2;
mod proxies;
mod pull;
mod push;
mod quirks;
mod relay;
mod retries;
mod site;
mod tags;
mod tls;
