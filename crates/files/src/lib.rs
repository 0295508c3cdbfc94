//! Files, and what is saved in them: named tensors in a format that other frameworks read, the state of a model and of a run, and
//! files that are written whole or not at all.
//!
//! | to | see |
//! |---|---|
//! | write any file, safely | [`write_whole`] |
//! | read and write named tensors | [`safetensors`] |
//! | read what PyTorch saved | [`pt`] |
//! | hold values by name | [`State`] |
//! | make something part of a checkpoint | [`Resume`], with a [`Loader`] |
//!
//! A program may be killed at any moment, also in the middle of a write. [`write_whole`] leaves either the old file or the
//! complete new one:
//!
//! ```
//! let path = std::env::temp_dir().join(format!("wengert-front-{}.txt", std::process::id()));
//! wengert_files::write_whole(&path, b"first")?;
//! wengert_files::write_whole(&path, b"second")?;
//! assert_eq!(std::fs::read(&path)?, b"second");
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), std::io::Error>(())
//! ```

#![forbid(unsafe_code)]

#[doc(hidden)]
pub mod checksum;
mod error;
pub mod pt;
mod resume;
pub mod safetensors;
mod state;
mod whole;
#[doc(hidden)]
pub mod wire;
#[doc(hidden)]
pub mod zip;

#[doc(hidden)]
pub use error::listed;
pub use error::{Error, FileFault, Line, Result};
pub use resume::{Loader, Resume};
#[doc(hidden)]
pub use safetensors::{half, quoted};
pub use state::{Entry, State};
pub use whole::write_whole;
