//! `Config`: the settings of a run by name, which are saved with its checkpoints and varied by a sweep.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;

use wengert_files::listed;

use crate::{Error, Result};

/// A setting: a number or a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A learning rate, a width, a count.
    Number(f64),
    /// The name of an optimiser, an activation.
    Word(String),
}

/// The settings of a run by name: learning rate, batch size, width, whatever the program decides by them.
///
/// ```
/// use wengert_train::Config;
///
/// let config = Config::new().with("lr", 0.01).with("batch", 32).with("activation", "tanh");
/// assert_eq!(config.number("lr")?, 0.01);
/// assert_eq!(config.count("batch")?, 32);
/// assert_eq!(config.word("activation")?, "tanh");
/// assert_eq!(config.to_string(), "activation tanh, batch 32, lr 0.01");
///
/// let error = config.number("rate").unwrap_err().to_string();
/// assert!(error.starts_with("config: there is no `rate`; there are `activation`, `batch` and `lr`"), "{error}");
/// # Ok::<(), wengert_train::Error>(())
/// ```
///
/// A trainer that is given it by [`config`](crate::Trainer::config) saves it with its checkpoints.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Config {
    settings: BTreeMap<String, Setting>,
}

impl Config {
    /// Without settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this setting, in place of one of the same name.
    pub fn with(mut self, name: impl Into<String>, setting: impl Into<Setting>) -> Self {
        self.settings.insert(name.into(), setting.into());
        self
    }

    /// A setting; none if there is none of this name.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.settings.get(name)
    }

    /// All settings, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(name, setting)| (&**name, setting))
    }

    /// Whether there are no settings.
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// A number.
    ///
    /// # Errors
    /// [`Error::Config`] if there is no setting of this name, or it is a word.
    #[track_caller]
    pub fn number(&self, name: &str) -> Result<f64> {
        match self.found(name)? {
            Setting::Number(x) => Ok(*x),
            Setting::Word(word) => {
                Err(wrong(format!("`{name}` is `{word}`, and must be a number")))
            }
        }
    }

    /// A whole number, 0 or more: a width, a batch size.
    ///
    /// # Errors
    /// [`Error::Config`] if there is no setting of this name, or it is no such number.
    #[track_caller]
    pub fn count(&self, name: &str) -> Result<usize> {
        let x = self.number(name)?;
        if x >= 0.0 && x.fract() == 0.0 && x < 9e15 {
            return Ok(x as usize);
        }
        Err(wrong(format!("`{name}` is {x}, and must be a whole number, and not below 0")))
    }

    /// A word.
    ///
    /// # Errors
    /// [`Error::Config`] if there is no setting of this name, or it is a number.
    #[track_caller]
    pub fn word(&self, name: &str) -> Result<&str> {
        match self.found(name)? {
            Setting::Word(word) => Ok(word),
            Setting::Number(x) => Err(wrong(format!("`{name}` is {x}, and must be a word"))),
        }
    }

    #[track_caller]
    fn found(&self, name: &str) -> Result<&Setting> {
        if let Some(setting) = self.get(name) {
            return Ok(setting);
        }
        let names: Vec<String> = self.settings.keys().cloned().collect();
        let there = match names.len() {
            0 => "there are no settings".to_string(),
            1 => format!("there is {}", listed(&names)),
            _ => format!("there are {}", listed(&names)),
        };
        Err(wrong(format!("there is no `{name}`; {there}")))
    }

    /// The differences between two configurations, a line each.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let names = self.settings.keys().chain(other.settings.keys());
        let names: std::collections::BTreeSet<_> = names.collect();
        let told = |setting: Option<&Setting>| setting.map_or("none".into(), ToString::to_string);
        let differing = names.into_iter().filter(|name| self.get(name) != other.get(name));
        differing
            .map(|name| {
                format!("`{name}` is {} and {}", told(self.get(name)), told(other.get(name)))
            })
            .collect()
    }
}

#[track_caller]
pub(crate) fn wrong(rule: String) -> Error {
    Error::Config { rule, at: Location::caller() }
}

impl Setting {
    /// As it stands in a file: a word is quoted, and a number comes back to the bit.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Number(x) => format!("{x:?}"),
            Self::Word(word) => format!("\"{word}\""),
        }
    }

    /// Reads what was [`written`](Self::written).
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text.strip_prefix('"') {
            Some(rest) => Some(Self::Word(rest.strip_suffix('"')?.to_string())),
            None => text.parse().ok().map(Self::Number),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Short for very large and small numbers, as learning rates are.
            Self::Number(x) if *x != 0.0 && !(1e-3..1e6).contains(&x.abs()) => {
                f.pad(&format!("{x:e}"))
            }
            Self::Number(x) => f.pad(&x.to_string()),
            Self::Word(word) => f.pad(word),
        }
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, (name, setting)) in self.iter().enumerate() {
            write!(f, "{}{name} {setting}", if k == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

macro_rules! settings {
    ($($from:ty: $x:ident => $setting:expr;)*) => {$(
        impl From<$from> for Setting {
            fn from($x: $from) -> Self {
                $setting
            }
        }
    )*};
}
settings! {
    f64: x => Self::Number(x);
    f32: x => Self::Number(x.into());
    i32: x => Self::Number(x.into());
    u32: x => Self::Number(x.into());
    usize: x => Self::Number(x as f64);
    &str: word => Self::Word(word.to_string());
    String: word => Self::Word(word);
}
