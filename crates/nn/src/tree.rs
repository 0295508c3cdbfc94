//! A model in print: its layers as a tree.

use std::collections::HashMap;

use wengert_tensor::{Float, compiled};

use crate::Parts;
use crate::parts::{AnyParts, Part};

/// The modules of a model that have a name for themselves, nested as their paths are.
#[inline(never)]
pub(crate) fn tree<T: Float>(model: &dyn AnyParts<T>) -> String {
    let mut text = model.describe().unwrap_or_else(|| "Parts".into());
    // The paths of the modules that are open, outermost first.
    let mut open: Vec<String> = Vec::new();
    let mut last = String::new();
    let mut begun = false;
    // The first path of each parameter, and the path of the last module that has no other parameters.
    let mut met: HashMap<u64, String> = HashMap::new();
    let mut shared: Option<String> = None;
    model.walk(&mut |path, part| {
        let module = match part {
            Part::Module(module) => module,
            Part::Param(param) => {
                met.entry(param.id()).or_insert_with(|| path.to_string());
                return;
            }
            _ => return,
        };
        if shared.as_deref().is_some_and(|outer| within(outer, path).is_some()) {
            return;
        }
        let Some(mut kind) = module.describe().filter(|_| !path.is_empty()) else { return };
        if let Some(owner) = owner(module, &met) {
            kind += &format!(", shared with {owner}");
            shared = Some(path.to_string());
        }
        if !begun || within(&last, path).is_some() {
            text.push('(');
            open.push(if begun { last.clone() } else { String::new() });
        } else {
            while open.len() > 1 && open.last().is_some_and(|p| within(p, path).is_none()) {
                open.pop();
                text.push_str(&format!("\n{})", "  ".repeat(open.len())));
            }
        }
        begun = true;
        let name = open.last().and_then(|p| within(p, path)).unwrap_or(path);
        text.push_str(&format!("\n{}({name}): {kind}", "  ".repeat(open.len())));
        last = path.to_string();
    });
    while open.pop().is_some() {
        text.push_str(&format!("\n{})", "  ".repeat(open.len())));
    }
    text
}

/// The path of the module, or else of the parameter, whose parameters are all that this module has.
fn owner<T: Float>(module: &dyn Parts<T>, met: &HashMap<u64, String>) -> Option<String> {
    let (mut owner, mut all) = (None, true);
    module.walk(&mut |path, part| {
        let Part::Param(param) = part else { return };
        let Some(first) = met.get(&param.id()) else { return all = false };
        let outer = first.strip_suffix(path).and_then(|outer| outer.strip_suffix('.'));
        owner.get_or_insert_with(|| outer.unwrap_or(first).to_string());
    });
    owner.filter(|_| all)
}

/// The rest of the path of what lies within a module.
fn within<'a>(outer: &str, path: &'a str) -> Option<&'a str> {
    if outer.is_empty() { Some(path) } else { path.strip_prefix(outer)?.strip_prefix('.') }
}

compiled!(f32 f64: { tree::<T> });
