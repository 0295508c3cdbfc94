//! Reading a file from a stranger: every number is checked before anything is done with it.

use wengert_tensor::Shape;

use super::header::{self, Listed};
use super::numbers::{decode, width};
use super::{Archive, LONGEST_HEADER, fault};
use crate::{Error, FileFault, Result};

pub(super) fn read(bytes: &[u8]) -> Result<Archive> {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        let rule = format!("has {} bytes, and is not a safetensors file", bytes.len());
        return Err(fault(rule));
    };
    if let Some(what) = other_format(bytes) {
        return Err(what);
    }
    let length = u64::from_le_bytes(*length);
    let length = usize::try_from(length).ok().filter(|&n| n <= rest.len().min(LONGEST_HEADER));
    let Some(length) = length else {
        // A header starts with `{`, after its length.
        if rest.first() != Some(&b'{') {
            return Err(fault("is not a safetensors file"));
        }
        let stated = u64::from_le_bytes(bytes.first_chunk().copied().unwrap_or_default());
        let rule = format!(
            "is cut off, or not a safetensors file: the header claims {stated} bytes, and {} follow (at most {LONGEST_HEADER} are read)",
            rest.len()
        );
        return Err(fault(rule));
    };
    let (text, data) = rest.split_at(length);
    let text = std::str::from_utf8(text).map_err(|_| fault("the header is not UTF-8"))?;
    let header = header::parse(text).map_err(fault)?;

    // In the order of their bytes each must start where the one before it ends: no byte is read twice, none is hidden.
    let mut order: Vec<&Listed> = header.tensors.iter().collect();
    order.sort_by_key(|t| (t.begin, t.end));
    let mut end = 0;
    for t in order {
        if t.begin != end || t.end < t.begin {
            let rule = format!(
                "`{}` has bytes {} to {}, and must start at {end}, where the one before it ends",
                t.name, t.begin, t.end
            );
            return Err(fault(rule));
        }
        end = t.end;
    }
    if end != data.len() {
        return Err(fault(format!("{end} bytes are named, and there are {}", data.len())));
    }
    let mut archive = Archive { tensors: Vec::new(), metadata: header.metadata };
    for t in header.tensors {
        let tensor = tensor(&t, data).map_err(|what| fault(format!("`{}`: {what}", t.name)))?;
        archive.tensors.push((t.name, tensor));
    }
    Ok(archive)
}

fn tensor(t: &Listed, data: &[u8]) -> std::result::Result<super::AnyTensor, String> {
    let width =
        width(&t.dtype).ok_or_else(|| format!("type {} is not one that is read", t.dtype))?;
    let size = Shape::checked_len(&t.shape).and_then(|n| n.checked_mul(width));
    if size != Some(t.end - t.begin) {
        return Err(format!(
            "shape {:?} of {} does not take {} bytes",
            t.shape,
            t.dtype,
            t.end - t.begin
        ));
    }
    let bytes = data.get(t.begin..t.end).ok_or("its bytes lie outside of the file")?;
    decode(&t.dtype, &t.shape, bytes)
}

/// A file of another format that weights often come in.
fn other_format(bytes: &[u8]) -> Option<Error> {
    let (rule, help) = match bytes {
        [b'P', b'K', 3, 4, ..] | [0x80, 2..=5, b'c' | b'}' | b'X' | 0x8a, ..] => (
            "is a file of PyTorch's (.pt, .pth), and not of safetensors",
            "read its state dict with `wengert::files::pt::load(path)`",
        ),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => (
            "is a NumPy array (.npy)",
            "in Python: `safetensors.numpy.save_file({name: array}, new)`",
        ),
        [b'G', b'G', b'U', b'F', ..] => ("is a GGUF file", "only safetensors files are read"),
        _ => return None,
    };
    Some(Error::File(Box::new(FileFault {
        file: None,
        rule: rule.into(),
        help: Some(help),
        at: None,
    })))
}
