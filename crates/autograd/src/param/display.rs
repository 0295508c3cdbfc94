//! A parameter as text.

use std::fmt;

use wengert_tensor::Element;

use super::Param;

impl<T: Element> fmt::Debug for Param<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frozen = if self.is_frozen() { " (frozen)" } else { "" };
        match self.0.path.get() {
            Some(path) => write!(f, "Param `{path}`{frozen}: {:?}", self.value()),
            None => write!(f, "Param {} (no name){frozen}: {:?}", self.0.id, self.value()),
        }
    }
}

/// Its value, as a tensor prints.
impl<T: Element> fmt::Display for Param<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value(), f)
    }
}
