//! The file of a checkpoint: safetensors with a version and a checksum among its texts.

use std::collections::BTreeMap;
use std::panic::Location;
use std::path::Path;

use wengert_files::safetensors::{AnyTensor, Archive};
use wengert_files::{Entry, Line, State};
use wengert_optim::Average;
use wengert_tensor::{Element, Float, Tensor};

use super::Checkpoint;
use crate::{Config, Error, Result, Setting};

/// The version of the format that is written. Version 1 named no version and had no checksum.
const VERSION: u32 = 2;
/// The key of the version.
const VERSION_KEY: &str = "wengert.checkpoint";
/// The key of the checksum of everything else in the file.
const CHECKSUM: &str = "wengert.checksum";

/// The prefix of the names of a model's parameters and buffers.
const MODEL: &str = "model.";
/// The prefix of the optimiser's state.
const OPTIMIZER: &str = "optimizer.";
/// After that, before a tensor's name.
const TENSOR: &str = "tensor.";
/// Before a number's name. Numbers are doubles, so that they come back to the bit.
const NUMBER: &str = "number.";
/// Before those of what else the run depends on, in the same way: `more.plateau.number.rate`.
const MORE: &str = "more.";
/// The number of epochs that are done.
const EPOCH: &str = "epoch";
/// The number of batches of the next epoch that are done.
const BATCH: &str = "batch";
/// Before the name of a setting of the run, among the texts of the file.
const CONFIG: &str = "config.";

/// The reason why a file gives no checkpoint.
pub(super) enum Failure {
    /// It is cut off, or its bytes are not those that were written: an earlier file may do.
    Damaged(Error),
    /// It is another file, or of another program.
    Other(Error),
}

impl Failure {
    pub(super) fn error(self) -> Error {
        match self {
            Self::Damaged(error) | Self::Other(error) => error,
        }
    }
}

/// The bytes of a file.
#[track_caller]
pub(super) fn to_bytes<T: Float>(checkpoint: &Checkpoint<T>) -> Result<Vec<u8>> {
    let swapped = |state: &State<T>| state.entry(Average::<T>::SWAPPED).is_some();
    if let Some((name, _)) = checkpoint.more.iter().find(|(_, state)| swapped(state)) {
        let rule = format!(
            "the average `{name}` is swapped in, so the model does not hold the weights that training goes on from\n  help: call `swap()` once more before `Checkpoint::of`"
        );
        return Err(Error::Checkpoint { file: "checkpoint".into(), rule, at: Location::caller() });
    }
    let mut archive =
        Archive::from(&checkpoint.model.rename(|name| Some(format!("{MODEL}{name}"))));
    let more = checkpoint.more.iter().map(|(name, state)| (format!("{MORE}{name}."), state));
    for (prefix, state) in std::iter::once((OPTIMIZER.into(), &checkpoint.optimizer)).chain(more) {
        for (name, entry) in state.iter() {
            let (part, tensor) = match entry {
                Entry::Float(x) if T::NAME == f32::NAME => (TENSOR, AnyTensor::F32(x.cast())),
                Entry::Float(x) => (TENSOR, AnyTensor::F64(x.cast())),
                Entry::Int(x) => (TENSOR, AnyTensor::I64(x.clone())),
                Entry::Number(x) => (NUMBER, AnyTensor::F64(Tensor::scalar(*x))),
            };
            archive.tensors.push((format!("{prefix}{part}{name}"), tensor));
        }
        archive.metadata.push((prefix, state.kind.clone().unwrap_or_default()));
    }
    for (name, n) in [(EPOCH, checkpoint.epoch), (BATCH, checkpoint.batch)] {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        archive.tensors.push((name.into(), AnyTensor::I64(Tensor::scalar(n))));
    }
    for (name, setting) in checkpoint.config.iter() {
        archive.metadata.push((format!("{CONFIG}{name}"), setting.written()));
    }
    archive.metadata.push((VERSION_KEY.into(), VERSION.to_string()));
    let sum = checksum(&archive.to_bytes()?);
    archive.metadata.push((CHECKSUM.into(), sum));
    Ok(archive.to_bytes()?)
}

/// Whether these are the bytes of a whole checkpoint of any version and float type.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    Archive::from_bytes(bytes).is_ok_and(|mut archive| checksum_holds(&mut archive))
}

/// Takes the checksum out of an archive, and compares. A file of version 1 has none.
fn checksum_holds(archive: &mut Archive) -> bool {
    let Some(at) = archive.metadata.iter().position(|(key, _)| key == CHECKSUM) else {
        return archive.metadata.iter().all(|(key, _)| key != VERSION_KEY);
    };
    let (_, saved) = archive.metadata.remove(at);
    archive.to_bytes().is_ok_and(|bytes| checksum(&bytes) == saved)
}

/// A checksum that any change of up to eight neighbouring bytes changes: each step is one to one, in the sum and in the word.
fn checksum(bytes: &[u8]) -> String {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let mut sum = bytes.len() as u64;
    for word in words.iter().chain([&last]) {
        sum = (sum ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sum ^= sum >> 29;
    }
    format!("{sum:016x}")
}

/// The checkpoint of a file. `at` is the line that asked for it.
pub(super) fn read<T: Float>(path: &Path, at: Line) -> Result<Checkpoint<T>, Failure> {
    let here = |error: wengert_files::Error| Error::from(error.outside_of("", at));
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| {
        let (path, what, kind) = (file.clone(), error.to_string(), error.kind());
        Failure::Other(here(wengert_files::Error::Io { path, what, kind, at }))
    })?;
    from_bytes(&bytes, &file, at)
}

/// The checkpoint of the bytes of a file.
pub(super) fn from_bytes<T: Float>(
    bytes: &[u8],
    file: &str,
    at: Line,
) -> Result<Checkpoint<T>, Failure> {
    let reject = |rule: String| Error::Checkpoint { file: file.to_string(), rule, at };
    let mut archive = Archive::from_bytes(bytes).map_err(|error| {
        // A pickle of PyTorch's is another file, and no damaged one.
        let is_other = matches!(&error, wengert_files::Error::File(fault) if fault.help.is_some());
        let error = reject(error.to_string());
        if is_other { Failure::Other(error) } else { Failure::Damaged(error) }
    })?;
    let version = archive.metadata.iter().find(|(key, _)| key == VERSION_KEY);
    if let Some((_, version)) = version
        && !version.parse().is_ok_and(|version: u32| (2..=VERSION).contains(&version))
    {
        return Err(Failure::Other(reject(format!(
            "it is a checkpoint of format {version}, and this version of wengert reads formats 1 to {VERSION}\n  help: a newer file needs the version of wengert that wrote it, or a later one"
        ))));
    }
    if !checksum_holds(&mut archive) {
        return Err(Failure::Damaged(reject(
            "it is damaged: its contents are not those that its checksum was made of".into(),
        )));
    }
    from_archive(archive, &reject).map_err(Failure::Other)
}

fn from_archive<T: Float>(
    archive: Archive,
    reject: &dyn Fn(String) -> Error,
) -> Result<Checkpoint<T>> {
    let mut states = BTreeMap::from([(OPTIMIZER.to_string(), State::<T>::new())]);
    let mut config = Config::new();
    for (prefix, text) in archive.metadata {
        if let Some(name) = prefix.strip_prefix(CONFIG) {
            let setting = Setting::read(&text);
            let setting =
                setting.ok_or_else(|| reject(format!("the setting `{name}` is {text}")))?;
            config = config.with(name, setting);
        } else if prefix == OPTIMIZER || (prefix.starts_with(MORE) && prefix.ends_with('.')) {
            let mut state = State::new();
            state.kind = Some(text).filter(|kind| !kind.is_empty());
            states.insert(prefix, state);
        }
    }
    let mut model = State::new();
    let (mut epoch, mut batch) = (None, None);
    for (name, tensor) in archive.tensors {
        if let Some(rest) = name.strip_prefix(MODEL) {
            model.insert_entry(rest, entry(&name, tensor, reject)?);
            continue;
        }
        if let (EPOCH | BATCH, AnyTensor::I64(n)) = (&*name, &tensor) {
            let n = n.item().ok().and_then(|n| usize::try_from(n).ok());
            *(if name == EPOCH { &mut epoch } else { &mut batch }) = n;
            continue;
        }
        // Of two states, `a` and `a.b`, the longer name comes later.
        let found = states.iter_mut().rev().find_map(|(prefix, state)| {
            let rest = name.strip_prefix(&**prefix)?;
            (rest.starts_with(NUMBER) || rest.starts_with(TENSOR)).then_some((state, rest))
        });
        let Some((state, rest)) = found else {
            return Err(reject(format!(
                "`{name}` is no part of a checkpoint; of weights alone, use `nn::load`"
            )));
        };
        match (rest.strip_prefix(NUMBER), rest.strip_prefix(TENSOR), &tensor) {
            (Some(rest), _, AnyTensor::F64(x)) if x.shape().is_empty() => {
                state.insert_number(rest, x.item().map_err(wengert_nn::Error::from)?);
            }
            (_, Some(rest), _) => state.insert_entry(rest, entry(&name, tensor, reject)?),
            _ => return Err(reject(format!("`{name}` is no part of a checkpoint"))),
        }
    }
    let Some(epoch) = epoch else {
        return Err(reject(
            "no `epoch` is in it, so it is no checkpoint; of weights alone, use `nn::load`".into(),
        ));
    };
    let optimizer = states.remove(OPTIMIZER).unwrap_or_default();
    let name = |prefix: String| prefix[MORE.len()..prefix.len() - 1].to_string();
    let more: BTreeMap<_, _> = states.into_iter().map(|(prefix, s)| (name(prefix), s)).collect();
    // In version 1 only a trainer knew how many batches were done.
    let of_run = || more.get(Checkpoint::<T>::RUN).and_then(|run| run.number("batches"));
    let batch = match batch {
        Some(batch) => batch,
        None => match of_run().unwrap_or(0.0) {
            // Beyond it, doubles are no longer all whole numbers.
            n if n.fract() == 0.0 && (0.0..9e15).contains(&n) => n as usize,
            n => return Err(reject(format!("{n:e} batches are done, it says"))),
        },
    };
    Ok(Checkpoint { model, optimizer, epoch, batch, more, config })
}

/// A tensor of a file, which must be of the float type that is asked for, or of whole numbers.
fn entry<T: Float>(
    name: &str,
    tensor: AnyTensor,
    reject: &dyn Fn(String) -> Error,
) -> Result<Entry<T>> {
    let (there, here) = (tensor.type_name(), T::NAME);
    match tensor {
        AnyTensor::I64(x) => Ok(Entry::Int(x)),
        AnyTensor::F32(x) if there == here => Ok(Entry::Float(x.cast())),
        AnyTensor::F64(x) if there == here => Ok(Entry::Float(x.cast())),
        AnyTensor::F32(_) | AnyTensor::F64(_) => Err(reject(format!(
            "`{name}` is {there}, and the model is to be {here}; load the checkpoint as {there}"
        ))),
        _ => Err(reject(format!("`{name}` is of {there}, which is no part of a checkpoint"))),
    }
}
