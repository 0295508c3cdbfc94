//! The chapters of the book, each a doc test: `cargo test -p wengert-book --doc`. The text is in `book/en/src`, and in Chinese in
//! `book/zh/src`, with the same code (`tests/house/book.rs`). The pictures are made by [`pictures`].

pub mod pictures;
pub mod repository;
mod words;

/// The doc tests of each chapter.
macro_rules! chapters {
    ($($name:ident $file:literal)*) => {$(
        #[cfg(doctest)]
        #[doc = include_str!(concat!("../en/src/", $file))]
        pub mod $name {}
    )*};
}

chapters! {
    order "01-order.md"
    tape "02-tape.md"
    broadcasting "03-broadcasting.md"
    table "04-table.md"
    loops "05-loop.md"
    losses "06-losses.md"
    likelihood "07-likelihood.md"
    softmax "08-softmax.md"
    adam "09-adam.md"
    checking "10-checking.md"
    doctor "11-doctor.md"
    curvature "12-curvature.md"
    structure "13-structure.md"
    microgpt "14-microgpt.md"
}
