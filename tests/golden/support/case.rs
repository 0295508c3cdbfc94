//! A family's cases, and what a case says: its op, its attributes, its tensors, its tolerances.

use std::path::Path;

use wengert::tensor::{Float, Tensor};

use super::json::Json;
use super::safetensors::{Archive, Stored};

/// One file of cases, and the file of its tensors.
#[derive(Debug)]
pub struct Family {
    pub name: String,
    pub kind: String,
    pub cases: Vec<Json>,
    tensors: Archive,
}

impl Family {
    /// A family of one case, its name that of its kind, for the tests of the runner itself.
    #[cfg(test)]
    pub fn of(kind: &str, case: Json, tensors: Vec<(String, Stored)>) -> Self {
        let tensors = Archive(tensors.into_iter().collect());
        Self { name: kind.into(), kind: kind.into(), cases: vec![case], tensors }
    }

    /// Reads `FAMILY.json`, and `FAMILY.safetensors` if there is one.
    pub fn load(path: &Path) -> Result<Self, String> {
        let at = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| at(&e))?;
        let mut json = Json::read(&text).map_err(|e| at(&e))?;
        if json.get("format").integer() != Some(1) {
            return Err(at(&"not of format 1"));
        }
        let cases = match &mut json {
            Json::Object(fields) => fields.iter_mut().find(|(key, _)| key == "cases"),
            _ => None,
        };
        let cases = match cases {
            Some((_, Json::List(list))) => std::mem::take(list),
            _ => return Err(at(&"it has no cases")),
        };
        if json.get("count").integer() != Some(cases.len() as i64) {
            return Err(at(&format!("it holds {} cases, and its count differs", cases.len())));
        }
        let beside = path.with_extension("safetensors");
        let tensors = if beside.exists() {
            Archive::read(&std::fs::read(&beside).map_err(|e| at(&e))?).map_err(|e| at(&e))?
        } else {
            Archive::default()
        };
        let text = |key| json.get(key).text().unwrap_or_default().to_string();
        Ok(Self { name: text("family"), kind: text("kind"), cases, tensors })
    }
}

/// A case of a family.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub family: &'a Family,
    pub json: &'a Json,
}

impl<'a> Case<'a> {
    pub fn text(&self, key: &str) -> &'a str {
        self.json.get(key).text().unwrap_or_default()
    }

    pub fn id(&self) -> &'a str {
        self.text("id")
    }

    pub fn op(&self) -> &'a str {
        self.text("op")
    }

    pub fn tier(&self) -> &'a str {
        self.text("tier")
    }

    pub fn attrs(&self) -> &'a Json {
        self.json.get("attrs")
    }

    pub fn names(&self, key: &str) -> Vec<&'a str> {
        self.json.get(key).texts()
    }

    /// The case's tensor of this name, or the family's.
    pub fn find(&self, name: &str) -> Option<&'a Stored> {
        let own = format!("{}.{name}", self.json.get("n").integer().unwrap_or(-1));
        let shared = format!("shared.{}.{name}", self.text("dtype"));
        self.family.tensors.get(&own).or_else(|| self.family.tensors.get(&shared))
    }

    pub fn stored(&self, name: &str) -> Result<&'a Stored, String> {
        self.find(name).ok_or_else(|| format!("the case has no tensor `{name}`"))
    }

    /// A tensor of floats, in the case's type.
    pub fn floats<T: Float>(&self, name: &str) -> Result<Tensor<T>, String> {
        self.stored(name)?.float().ok_or_else(|| format!("`{name}` is not of floats"))
    }

    /// `[rtol, atol]` of outputs (`y`), gradients (`g`) or second order (`h`).
    pub fn tolerance(&self, of: &str) -> Result<[f64; 2], String> {
        match self.json.get("tol").get(of).list() {
            [rtol, atol] => {
                let number = |x: &Json| {
                    let number = x.number().filter(|x| x.is_finite() && *x >= 0.0);
                    number.ok_or_else(|| format!("the tolerance {x} is no finite size"))
                };
                Ok([number(rtol)?, number(atol)?])
            }
            _ => Err(format!("the case has no tolerance for `{of}`")),
        }
    }
}
