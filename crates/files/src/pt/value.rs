//! The values of a pickle, by number.
#![deny(clippy::indexing_slicing)]

use super::known::{Known, View};

/// The number of a value in [`Values`]. Values refer to each other by number, so that no depth of nesting is a depth of calls.
pub(super) type Id = u32;

/// A value of a pickle.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Int(i64),
    Text(&'a str),
    Tuple(Box<[Id]>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A name of the allow-list.
    Known(Known),
    /// The numbers of tensors: their type, the name of the member that holds them, and their count.
    Storage {
        dtype: &'static str,
        key: &'a str,
        count: usize,
    },
    Tensor(Box<View<'a>>),
    /// None, true and false, a float, bytes, and what else no state dict is made of.
    Other,
}

/// All values of a pickle.
#[derive(Debug, Default)]
pub(super) struct Values<'a>(Vec<Value<'a>>);

/// The reason why a pickle is not read.
pub(super) type Refusal = String;

impl<'a> Values<'a> {
    pub(super) fn get(&self, id: Id) -> &Value<'a> {
        self.0.get(id as usize).unwrap_or(&Value::Other)
    }

    pub(super) fn get_mut(&mut self, id: Id) -> Option<&mut Value<'a>> {
        self.0.get_mut(id as usize)
    }

    pub(super) fn add(&mut self, value: Value<'a>) -> Result<Id, Refusal> {
        let id = Id::try_from(self.0.len()).map_err(|_| "has too many values")?;
        self.0.push(value);
        Ok(id)
    }
}
