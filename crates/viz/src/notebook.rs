//! `Notebook`: values that show themselves in a Rust notebook.

use std::fmt;

use wengert_autograd::{Tape, check};
use wengert_tensor::{Float, Tensor};

use crate::svg::escape;
use crate::{Chart, Field, Histogram, Matrix, Page, tape_svg};

/// A value with a picture or a table. In a notebook of evcxr, a cell that ends in such a value shows it, if this trait is in scope.
/// A tape is made and shown in one cell, since no cell borrows from an earlier one, and the result of an expression with `?` gets a name
/// before it is shown.
///
/// ```
/// use wengert_viz::{Chart, Notebook};
///
/// let loss = Chart::new("loss").line("train", [1.0, 0.5]);
/// assert!(loss.notebook_html().starts_with("<svg"));
/// loss.evcxr_display(); // what the notebook calls
/// ```
pub trait Notebook {
    /// The picture or table as HTML.
    fn notebook_html(&self) -> String;

    /// Prints the HTML between the lines by which a notebook knows it.
    #[allow(clippy::print_stdout)]
    fn evcxr_display(&self) {
        println!("EVCXR_BEGIN_CONTENT text/html\n{}\nEVCXR_END_CONTENT", self.notebook_html());
    }
}

/// A value's text as the HTML of a notebook, for values that have no picture.
///
/// ```
/// assert_eq!(wengert_viz::notebook_text("1 < 2"), "<pre>1 &lt; 2</pre>");
/// ```
pub fn notebook_text(text: impl fmt::Display) -> String {
    format!("<pre>{}</pre>", escape(&text.to_string()))
}

macro_rules! pictures {
    ($($Picture:ident)*) => {$(
        impl Notebook for $Picture {
            fn notebook_html(&self) -> String {
                self.to_svg()
            }
        }
    )*};
}
pictures! { Chart Field Histogram Matrix }

impl Notebook for Page {
    fn notebook_html(&self) -> String {
        self.to_html()
    }
}

impl<T: Float> Notebook for Tape<T> {
    /// The picture of the tape, and its lines.
    fn notebook_html(&self) -> String {
        tape_svg(self) + &notebook_text(self)
    }
}

impl<T: Float> Notebook for Tensor<T> {
    /// The numbers of a small matrix as colours, and of any tensor as text.
    fn notebook_html(&self) -> String {
        let text = notebook_text(self);
        match Matrix::new(format!("{:?}", self.shape()), self) {
            Ok(matrix) if self.len() <= 4096 && !self.is_empty() => matrix.to_svg() + &text,
            _ => text,
        }
    }
}

impl Notebook for check::Report {
    fn notebook_html(&self) -> String {
        notebook_text(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wengert_tensor::tensor;

    #[test]
    fn each_value_is_markup_and_text_of_it_is_none() {
        let tape = Tape::<f32>::new();
        {
            let _scope = tape.scope("<b>");
            tape.scalar(1.0).exp();
        }
        assert!(tape.notebook_html().starts_with("<svg") && !tape.notebook_html().contains("<b>"));
        assert!(tensor![[1.0_f32, 2.0]].notebook_html().starts_with("<svg"));
        assert!(tensor![1.0_f32].notebook_html().starts_with("<pre>"));
        assert!(Page::new("p").notebook_html().contains("<h1>p</h1>"));
    }
}
