//! State dicts that PyTorch has saved (`.pt`, `.pth`), read without PyTorch and without running what is in them.
//!
//! Such a file is a zip file with a pickle, which says how to make the objects, and the numbers of each tensor. A pickle is a program
//! that may call anything. Here it is read by a machine that knows a short list of names (an ordered dict, a tensor made of a storage, a
//! parameter, the types of numbers) and refuses the file if another is mentioned.
//!
//! ```no_run
//! use wengert_files::{State, pt};
//!
//! // torch.save(model.state_dict(), "model.pt")
//! let state: State<f32> = pt::load("model.pt")?;
//! // torch.save({"model": model.state_dict(), "epoch": 3}, "checkpoint.pt")
//! let state: State<f32> = pt::load_part("checkpoint.pt", "model")?;
//! # Ok::<(), wengert_files::Error>(())
//! ```

mod known;
mod pickle;
mod tensors;
mod value;

use std::panic::Location;
use std::path::Path;

use wengert_tensor::Float;

use crate::safetensors::{self, Archive};
use crate::zip::{Flaw, Zip};
use crate::{Error, FileFault, Result, State};
use value::{Id, Value, Values};

/// Reads a state dict of any number types into a state: narrower floats are taken exactly, wider ones rounded.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read; [`Error::File`] if it holds no state dict, or a number too large for `T`.
#[track_caller]
pub fn load<T: Float>(path: impl AsRef<Path>) -> Result<State<T>> {
    state(path.as_ref(), None)
}

/// Reads a state dict that is a part of a checkpoint, under a key such as `"model_state_dict"`.
///
/// # Errors
/// As [`load`], and if there is no state dict under that key.
#[track_caller]
pub fn load_part<T: Float>(path: impl AsRef<Path>, key: &str) -> Result<State<T>> {
    state(path.as_ref(), Some(key))
}

/// Reads a state dict with the number types that it has, as far as they are [read](safetensors::AnyTensor); of a checkpoint, the part
/// under a key.
///
/// ```
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/checkpoint.pt");
/// let archive = wengert_files::pt::read(path, Some("model"))?;
/// assert_eq!(archive.tensors[0].0, "0.weight");
/// assert_eq!(archive.tensors[0].1.shape(), [3, 2]);
/// # Ok::<(), wengert_files::Error>(())
/// ```
///
/// # Errors
/// As [`load_part`].
#[track_caller]
pub fn read(path: impl AsRef<Path>, key: Option<&str>) -> Result<Archive> {
    let (path, at) = (path.as_ref(), Location::caller());
    let bytes = std::fs::read(path).map_err(|e| safetensors::io(path, &e, at))?;
    of(bytes, key).map_err(|e| safetensors::in_file(path, e, at))
}

/// [`read`], of the bytes of a file.
///
/// # Errors
/// [`Error::File`] if they hold no state dict.
pub fn from_bytes(bytes: &[u8], key: Option<&str>) -> Result<Archive> {
    of(bytes.to_vec(), key)
}

#[track_caller]
fn state<T: Float>(path: &Path, key: Option<&str>) -> Result<State<T>> {
    let at = Location::caller();
    State::try_from(read(path, key)?).map_err(|e| safetensors::in_file(path, e, at))
}

const SAVE_A_STATE_DICT: &str = "in Python: `torch.save(model.state_dict(), path)`";
const SAVE_ANEW: &str = "in Python: `torch.save(torch.load(path, weights_only=True), path)`";
const NAME_THE_PART: &str = "read the part: `pt::load_part(path, key)`";

fn fault(rule: impl Into<String>, help: &'static str) -> Error {
    Error::File(Box::new(FileFault { file: None, rule: rule.into(), help: Some(help), at: None }))
}

fn of(bytes: Vec<u8>, key: Option<&str>) -> Result<Archive> {
    // Before version 1.6 it was a pickle alone, and may still be.
    if matches!(bytes.first_chunk(), Some([0x80, 2..=5])) {
        return Err(fault(
            "is a pickle alone, in PyTorch's format of before 1.6 or not PyTorch's at all, which is not read",
            SAVE_ANEW,
        ));
    }
    let flawed = |flaw: Flaw| {
        let place = flaw.place.map_or(String::new(), |at| format!("byte {at}: "));
        fault(
            format!("{place}{}", flaw.rule),
            "copy it anew; if it is whole, save it anew in PyTorch",
        )
    };
    let zip = Zip::parse(bytes).map_err(flawed)?;
    let is_pickle = |name: &str| name == "data.pkl" || name.ends_with("/data.pkl");
    let Some(pickle) = zip.members().iter().find(|member| is_pickle(&member.name)) else {
        return Err(fault("is a zip file without the `data.pkl` of PyTorch's", SAVE_A_STATE_DICT));
    };
    let folder = pickle.name.strip_suffix("data.pkl").unwrap_or_default();
    let in_folder = |name: &str| {
        zip.members().iter().find(|member| member.name.strip_prefix(folder) == Some(name))
    };
    if in_folder("constants.pkl").is_some() {
        return Err(fault("holds a TorchScript program, not a state dict", SAVE_A_STATE_DICT));
    }
    if let Some(order) = in_folder("byteorder")
        && zip.stored(order).map_err(flawed)? != b"little"
    {
        return Err(fault(
            "was written by a machine whose bytes come most significant first",
            SAVE_ANEW,
        ));
    }
    let (values, root) = pickle::run(zip.stored(pickle).map_err(flawed)?)
        .map_err(|rule| fault(rule, SAVE_A_STATE_DICT))?;
    let entries = entries(&values, root, key)?;
    tensors::read(&zip, folder, &values, &entries).map_err(|rule| fault(rule, SAVE_ANEW))
}

/// The names and the tensors of a state dict.
fn entries<'v>(values: &'v Values<'_>, root: Id, key: Option<&str>) -> Result<Vec<(&'v str, Id)>> {
    let Value::Dict(whole) = values.get(root) else {
        let rule = format!("holds {}, not a state dict", called(values.get(root)));
        return Err(fault(rule, SAVE_A_STATE_DICT));
    };
    let is_tensor = |id: Id| matches!(values.get(id), Value::Tensor(_));
    let dict = match key {
        None => whole,
        Some(key) => {
            let part = whole
                .iter()
                .rev()
                .find(|(name, _)| matches!(values.get(*name), Value::Text(n) if *n == key));
            match part.map(|(_, part)| values.get(*part)) {
                Some(Value::Dict(part)) => part,
                Some(other) => {
                    let rule = format!("`{key}` is {}, not a state dict", called(other));
                    return Err(fault(rule, SAVE_A_STATE_DICT));
                }
                None => {
                    let rule = format!("there is no `{key}`; there are {}", keys(values, whole));
                    return Err(fault(rule, NAME_THE_PART));
                }
            }
        }
    };
    let mut entries = Vec::with_capacity(dict.len());
    for &(name, value) in dict {
        match values.get(name) {
            Value::Text(name) if is_tensor(value) => entries.push((*name, value)),
            Value::Text(name) => {
                let what = called(values.get(value));
                let parts = keys(values, dict);
                let holds_dicts =
                    dict.iter().any(|(_, v)| matches!(values.get(*v), Value::Dict(_)));
                return Err(if key.is_none() && holds_dicts {
                    fault(
                        format!("is a checkpoint and no state dict: there are {parts}"),
                        NAME_THE_PART,
                    )
                } else {
                    fault(
                        format!("`{name}` is {what}, and a state dict has tensors alone"),
                        SAVE_A_STATE_DICT,
                    )
                });
            }
            other => {
                let rule = format!("has {} for a name, and a state dict has texts", called(other));
                return Err(fault(rule, SAVE_A_STATE_DICT));
            }
        }
    }
    Ok(entries)
}

/// The names of a dict, with what is under each.
fn keys(values: &Values<'_>, dict: &[(Id, Id)]) -> String {
    const SHOWN: usize = 8;
    let one = |(name, value): &(Id, Id)| match values.get(*name) {
        Value::Text(name) => format!(
            "`{}` ({})",
            name.chars().take(40).collect::<String>(),
            called(values.get(*value))
        ),
        other => called(other).to_string(),
    };
    let mut shown: Vec<String> = dict.iter().take(SHOWN).map(one).collect();
    if dict.len() > SHOWN {
        shown.push(format!("{} more", dict.len() - SHOWN));
    }
    if shown.is_empty() { "no names".into() } else { shown.join(", ") }
}

fn called(value: &Value<'_>) -> &'static str {
    match value {
        Value::Int(_) => "a whole number",
        Value::Text(_) => "a text",
        Value::Tuple(_) => "a tuple",
        Value::List(_) => "a list",
        Value::Dict(_) => "a dict",
        Value::Known(_) => "a name",
        Value::Storage { .. } => "a storage",
        Value::Tensor(_) => "one tensor",
        Value::Other => "a value of another kind",
    }
}
