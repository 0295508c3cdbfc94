//! Writing a file, within the limits that readers have.

use std::collections::HashSet;

use wengert_tensor::AnyTensor;

use super::header::quoted;
use super::numbers::{dtype, encode};
use super::{Archive, LONGEST_HEADER, MOST_AXES, fault};
use crate::Result;

pub(super) fn write(archive: &Archive) -> Result<Vec<u8>> {
    // Wide elements first, so that each tensor lies at a multiple of its element's width; the header keeps its order.
    let mut order: Vec<usize> = (0..archive.tensors.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(dtype(&archive.tensors[i].1).1));
    let mut places = vec![(0, 0); order.len()];
    let mut end = 0;
    for &i in &order {
        let tensor = &archive.tensors[i].1;
        let begin = end;
        end += tensor.shape().iter().product::<usize>() * dtype(tensor).1;
        places[i] = (begin, end);
    }

    let mut fields = Vec::with_capacity(order.len() + 1);
    if !archive.metadata.is_empty() {
        distinct(archive.metadata.iter().map(|(key, _)| key))?;
        let words = archive.metadata.iter().map(|(k, v)| format!("{}:{}", quoted(k), quoted(v)));
        fields.push(format!("\"__metadata__\":{{{}}}", words.collect::<Vec<_>>().join(",")));
    }
    distinct(archive.tensors.iter().map(|(name, _)| name))?;
    for ((name, tensor), (begin, end)) in archive.tensors.iter().zip(&places) {
        let shape = tensor.shape();
        if name == "__metadata__" || shape.len() > MOST_AXES {
            let rule = format!("a tensor `{name}` of {} axes cannot be written", shape.len());
            return Err(fault(rule));
        }
        if matches!(tensor, AnyTensor::Usize(x) if x.iter().any(|x| i64::try_from(x).is_err())) {
            return Err(fault(format!(
                "`{name}` has a whole number beyond 2⁶³, which is not read"
            )));
        }
        let sizes = shape.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        fields.push(format!(
            "{}:{{\"dtype\":\"{}\",\"shape\":[{sizes}],\"data_offsets\":[{begin},{end}]}}",
            quoted(name),
            dtype(tensor).0
        ));
    }
    let mut header = format!("{{{}}}", fields.join(","));
    // The numbers start at a multiple of eight, so that a file in memory can be read in place.
    while header.len() % 8 != 0 {
        header.push(' ');
    }
    if header.len() > LONGEST_HEADER {
        return Err(fault(format!("a header of {} bytes is longer than is read", header.len())));
    }
    let mut bytes = Vec::with_capacity(8 + header.len() + end);
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    for &i in &order {
        encode(&archive.tensors[i].1, &mut bytes);
    }
    Ok(bytes)
}

fn distinct<'a>(names: impl Iterator<Item = &'a String>) -> Result<()> {
    let mut met = HashSet::new();
    for name in names {
        if !met.insert(name) {
            return Err(fault(format!("`{name}` is named twice")));
        }
    }
    Ok(())
}
