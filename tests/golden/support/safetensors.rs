//! A small reader of safetensors files: a JSON header with each tensor's type, shape and place, then the numbers.

use std::collections::HashMap;

use wengert::tensor::{Element, Float, Tensor};

use super::json::Json;

/// A tensor of a file, its numbers widened: all floats to doubles (exactly), the rest to `i64`.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    Float(Tensor<f64>),
    Int(Tensor<i64>),
    Bool(Tensor<bool>),
}

/// The tensors of a file, by name.
#[derive(Debug, Default)]
pub struct Archive(pub HashMap<String, Stored>);

impl Archive {
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let len = u64::from_le_bytes(
            bytes.get(..8).and_then(|b| b.try_into().ok()).ok_or("safetensors: no header")?,
        ) as usize;
        let (header, body) = bytes[8..].split_at_checked(len).ok_or("safetensors: cut off")?;
        let header = Json::read(std::str::from_utf8(header).map_err(|e| e.to_string())?)?;
        let mut tensors = HashMap::new();
        for (name, entry) in header.fields().iter().filter(|(name, _)| name != "__metadata__") {
            let places = entry.get("data_offsets").list();
            let place = |i: usize| places.get(i).and_then(Json::integer).map(|x| x as usize);
            let data = place(0)
                .zip(place(1))
                .and_then(|(from, to)| body.get(from..to))
                .ok_or_else(|| format!("safetensors: `{name}` lies outside the file"))?;
            let shape: Vec<usize> = entry
                .get("shape")
                .list()
                .iter()
                .filter_map(|x| Some(x.integer()? as usize))
                .collect();
            let stored = match entry.get("dtype").text() {
                Some("F64") => Stored::Float(shaped(data, f64::from_le_bytes, &shape)?),
                Some("F32") => {
                    Stored::Float(shaped(data, |b| f64::from(f32::from_le_bytes(b)), &shape)?)
                }
                Some("I64") => Stored::Int(shaped(data, i64::from_le_bytes, &shape)?),
                Some("U8") => Stored::Int(shaped(data, |[b]| i64::from(b), &shape)?),
                Some("BOOL") => Stored::Bool(shaped(data, |[b]| b != 0, &shape)?),
                other => return Err(format!("safetensors: `{name}` has type {other:?}")),
            };
            tensors.insert(name.clone(), stored);
        }
        Ok(Self(tensors))
    }

    pub fn get(&self, name: &str) -> Option<&Stored> {
        self.0.get(name)
    }
}

fn shaped<T: Element, const N: usize>(
    data: &[u8],
    read: impl Fn([u8; N]) -> T,
    shape: &[usize],
) -> Result<Tensor<T>, String> {
    let elements = data
        .chunks_exact(N)
        .map(|b| {
            let mut bytes = [0; N];
            bytes.copy_from_slice(b);
            read(bytes)
        })
        .collect();
    Tensor::from_vec(elements, shape).map_err(|e| e.to_string())
}

impl Stored {
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Float(x) => x.shape(),
            Self::Int(x) => x.shape(),
            Self::Bool(x) => x.shape(),
        }
    }

    /// As floats of the case's type.
    pub fn float<T: Float>(&self) -> Option<Tensor<T>> {
        if let Self::Float(x) = self { Some(x.cast()) } else { None }
    }

    /// The elements as doubles.
    pub fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Float(x) => x.to_vec(),
            Self::Int(x) => x.iter().map(|x| x as f64).collect(),
            Self::Bool(x) => x.iter().map(|x| f64::from(u8::from(x))).collect(),
        }
    }
}
