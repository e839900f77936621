//! Who we are: challenges, scopes, tokens, and where a login may go.

mod broker;
mod challenge;
mod realm;
mod scope;
mod token_reply;

pub(crate) use broker::{Authorization, Broker};
pub(crate) use scope::Scope;
