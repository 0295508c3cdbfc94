//! A model in print: its layers as a tree.

use wengert_tensor::Float;

use crate::parts::{AnyParts, Part};

/// The modules of a model that have a name for themselves, nested as their paths are.
pub(crate) fn tree<T: Float>(model: &dyn AnyParts<T>) -> String {
    let mut text = model.describe().unwrap_or_else(|| "Parts".into());
    // The paths of the modules that are open, outermost first.
    let mut open: Vec<String> = Vec::new();
    let mut last = String::new();
    let mut begun = false;
    model.walk(&mut |path, part| {
        let Part::Module(module) = part else { return };
        let Some(kind) = module.describe().filter(|_| !path.is_empty()) else { return };
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

/// The rest of the path of what lies within a module.
fn within<'a>(outer: &str, path: &'a str) -> Option<&'a str> {
    if outer.is_empty() { Some(path) } else { path.strip_prefix(outer)?.strip_prefix('.') }
}
