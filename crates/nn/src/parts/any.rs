//! The parts of a model of any type, so that what is done with them is compiled once.

use std::panic::Location;

use wengert_autograd::{Param, Who, matches};
use wengert_tensor::{Float, compiled};

use super::{Part, Parts};
use crate::Result;
use crate::error::Error;

/// A model of any type. What reads a whole model takes it so, and is compiled once, not once for each type of layer.
pub(crate) trait AnyParts<T: Float> {
    fn walk(&self, see: &mut dyn FnMut(&str, Part<'_, T>));
    fn describe(&self) -> Option<String>;
    fn who(&self) -> Who;
}

/// A model to be taken as [`AnyParts`].
pub(crate) struct Any<'a, P: ?Sized>(pub(crate) &'a P);

impl<T: Float, P: Parts<T> + ?Sized> AnyParts<T> for Any<'_, P> {
    fn walk(&self, see: &mut dyn FnMut(&str, Part<'_, T>)) {
        self.0.walk(see);
    }
    fn describe(&self) -> Option<String> {
        self.0.describe()
    }
    fn who(&self) -> Who {
        self.0.who()
    }
}

#[inline(never)]
pub(crate) fn named_parameters<T: Float>(model: &dyn AnyParts<T>) -> Vec<(String, Param<T>)> {
    let mut found: Vec<(String, Param<T>)> = Vec::new();
    let mut met = std::collections::HashSet::new();
    model.walk(&mut |path, part| {
        if let Part::Param(param) = part
            && met.insert(param.id())
        {
            found.push((path.to_string(), param.clone()));
        }
    });
    found
}

#[inline(never)]
pub(super) fn parameters<T: Float>(model: &dyn AnyParts<T>) -> Vec<Param<T>> {
    let named = named_parameters(model).into_iter();
    let told = named.map(|(path, param)| {
        if !path.is_empty() {
            param.set_path(&path);
        }
        param
    });
    told.collect()
}

#[track_caller]
#[inline(never)]
pub(super) fn set_frozen<T: Float>(
    verb: &'static str,
    parameters: Vec<(String, Param<T>)>,
    pattern: &str,
    frozen: bool,
) -> Result<usize> {
    let mut count = 0;
    for (_, param) in parameters.iter().filter(|(path, _)| matches(pattern, path)) {
        param.set_frozen(frozen);
        count += 1;
    }
    if count > 0 {
        return Ok(count);
    }
    let known = parameters.into_iter().map(|(path, _)| path).collect();
    Err(Error::NoSuchPath { verb, pattern: pattern.to_string(), known, at: Location::caller() })
}

compiled!(f32 f64: { named_parameters::<T>, parameters::<T>, set_frozen::<T> });
