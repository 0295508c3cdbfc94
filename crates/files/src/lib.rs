//! Files written whole or not at all.
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

mod whole;

pub use whole::write_whole;
