//! The numbers of tensors, from their storages.
#![deny(clippy::indexing_slicing)]

use std::collections::HashMap;

use super::known::View;
use super::value::{Id, Refusal, Value, Values};
use crate::safetensors::numbers::{decode, width};
use crate::safetensors::{AnyTensor, Archive};
use crate::zip::Zip;

/// The bytes of all tensors together may be so many times those of the file: halves become singles, and views may overlap.
const MOST: usize = 16;

/// The tensors of a state dict. Two that are the same part of a storage, as tied weights are, share their memory.
pub(super) fn read(
    zip: &Zip,
    folder: &str,
    values: &Values<'_>,
    entries: &[(&str, Id)],
) -> Result<Archive, Refusal> {
    let members: HashMap<&str, _> = zip.members().iter().map(|m| (&*m.name, m)).collect();
    let mut storages: HashMap<&str, &[u8]> = HashMap::new();
    let mut done: HashMap<&View<'_>, AnyTensor> = HashMap::new();
    let mut left = zip.size().saturating_mul(MOST);
    // Of a name that comes twice the last counts, as in Python.
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut archive = Archive::default();
    for &(name, id) in entries {
        let Value::Tensor(view) = values.get(id) else {
            return Err(format!("`{name}` is no tensor"));
        };
        let tensor = match done.get(&**view) {
            Some(tensor) => tensor.clone(),
            None => {
                let storage = match storages.get(view.key) {
                    Some(storage) => storage,
                    None => {
                        let member = members.get(&*format!("{folder}data/{}", view.key));
                        let member = member
                            .ok_or_else(|| format!("`{name}`: its numbers are not in the file"))?;
                        // Each storage is compared with its checksum once.
                        let bytes = zip
                            .stored(member)
                            .map_err(|flaw| format!("`{name}`: {}", flaw.rule))?;
                        storages.insert(view.key, bytes);
                        bytes
                    }
                };
                let tensor =
                    tensor(view, storage, &mut left).map_err(|what| format!("`{name}`: {what}"))?;
                done.insert(view, tensor.clone());
                tensor
            }
        };
        match places.get(name) {
            Some(&place) => {
                if let Some(entry) = archive.tensors.get_mut(place) {
                    entry.1 = tensor;
                }
            }
            None => {
                places.insert(name, archive.tensors.len());
                archive.tensors.push((name.to_string(), tensor));
            }
        }
    }
    Ok(archive)
}

/// The elements of a view, in row-major order. `left` is the number of bytes that may still be made.
fn tensor(view: &View<'_>, storage: &[u8], left: &mut usize) -> Result<AnyTensor, Refusal> {
    let View { dtype, count, offset, shape, strides, .. } = view;
    let width = width(dtype).ok_or_else(|| format!("type {dtype} is not one that is read"))?;
    let there = storage.len() / width;
    if !storage.len().is_multiple_of(width) || (*count != usize::MAX && *count != there) {
        return Err(format!(
            "its storage has {} bytes, which are not {count} numbers",
            storage.len()
        ));
    }
    let too_large = || format!("shape {shape:?} reaches past the numbers of its storage");
    let elements = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size.max(1)));
    let elements =
        elements.filter(|n| n.checked_mul(8).is_some_and(|n| isize::try_from(n).is_ok()));
    let elements = if shape.contains(&0) { 0 } else { elements.ok_or_else(too_large)? };
    if elements == 0 {
        return decode(dtype, shape, &[]);
    }
    // The last element of all must be there; strides are not negative, so that all others are.
    let last = shape.iter().zip(strides).try_fold(*offset, |place, (&size, &stride)| {
        place.checked_add((size - 1).checked_mul(stride)?)
    });
    if last.is_none_or(|last| last >= there) {
        return Err(too_large());
    }
    // An element here takes at most eight bytes.
    *left = elements.checked_mul(8).and_then(|bytes| left.checked_sub(bytes)).ok_or_else(|| {
        format!("shape {shape:?} would take the tensors beyond {MOST} times the bytes of the file: save `tensor.clone()`")
    })?;
    if is_row_major(shape, strides) {
        let bytes = storage.get(offset * width..(offset + elements) * width);
        return decode(dtype, shape, bytes.ok_or_else(too_large)?);
    }
    let mut bytes = Vec::with_capacity(elements * width);
    let mut at = vec![0_usize; shape.len()];
    let mut place = *offset;
    for _ in 0..elements {
        bytes.extend(storage.get(place * width..(place + 1) * width).ok_or_else(too_large)?);
        for ((index, &size), &stride) in at.iter_mut().zip(shape).zip(strides).rev() {
            *index += 1;
            place += stride;
            if *index < size {
                break;
            }
            place -= *index * stride;
            *index = 0;
        }
    }
    decode(dtype, shape, &bytes)
}

/// Whether the elements lie one after another, as those of most tensors do.
fn is_row_major(shape: &[usize], strides: &[usize]) -> bool {
    let mut next = 1_usize;
    shape.iter().zip(strides).rev().all(|(&size, &stride)| {
        let fits = size == 1 || stride == next;
        next = next.saturating_mul(size);
        fits
    })
}
