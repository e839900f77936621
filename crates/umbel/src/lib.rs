//! umbel: one name, every platform.
//!
//! The library behind the `umbel` binary: lists of images are put together, annotated, published and
//! read. Every verb is a plain value with public fields, and one `run` that returns an outcome
//! value; nothing prints, and nothing reads the environment.
//!
//! ```
//! # let scratch = tempfile::tempdir()?;
//! # let mut images = umbel_testkit::Layout::create(scratch.path().join("images"));
//! # images.add_image(&umbel_testkit::image("linux/amd64").build(), Some("amd64"));
//! # images.add_image(&umbel_testkit::image("linux/arm64").build(), Some("arm64"));
//! # let path = scratch.path().display();
//! use umbel::{Add, Create, Push, Session};
//!
//! # async fn example(path: std::path::Display<'_>) -> Result<(), umbel::Error> {
//! let session = Session::at(format!("{path}/store"));
//! Create::list("app").run(&session).await?;
//! Add::to("app", [format!("oci:{path}/images:amd64"), format!("oci:{path}/images:arm64")]).run(&session).await?;
//! let pushed = Push::list("app", [format!("oci:{path}/out:v1")]).run(&session).await?;
//! println!("{}", pushed.digest);
//! # Ok(())
//! # }
//! # umbel::block_on(example(path))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod describe;
mod error;
mod logins;
mod note;
mod open;
mod publish;
mod session;
pub mod verbs;

pub use describe::Choice;
pub use error::Error;
pub use logins::Logins;
pub use note::Note;
pub use publish::Published;
pub use session::Session;
pub use verbs::add::{Add, Added};
pub use verbs::annotate::{Annotate, Annotated};
pub use verbs::combine::{Combine, CombineOutcome};
pub use verbs::copy::{Copied, Copy};
pub use verbs::create::{Create, Created, IfExists};
pub use verbs::exists::Exists;
pub use verbs::inspect::{Inspect, Inspected, Shown};
pub use verbs::list::{List, Lists};
pub use verbs::push::{Push, Pushed};
pub use verbs::remove::{Remove, Removed};
pub use verbs::rm::{Rm, RmOutcome};

pub use umbel_content as transport;
pub use umbel_content::block_on;
pub use umbel_copy as copy;
pub use umbel_local as local;
pub use umbel_model as model;
pub use umbel_registry as registry;
pub use umbel_settings as settings;
