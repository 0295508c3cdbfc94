//! The loops that do the work, and where all of this crate's `unsafe` but the buffers' lives.

pub(crate) mod attention;
pub(crate) mod bags;
pub(crate) mod channels;
pub(crate) mod columns;
pub(crate) mod conv;
pub(crate) mod copy;
pub(crate) mod folding;
pub mod folds;
pub mod gemm;
pub(crate) mod join;
pub mod level;
pub(crate) mod map;
pub mod math;
pub(crate) mod normalize;
pub(crate) mod pick;
pub(crate) mod pieces;
pub mod pool;
pub(crate) mod reduce;
pub(crate) mod rows;
pub mod scan;
pub(crate) mod softmax;
pub(crate) mod squares;
pub(crate) mod transpose;
pub(crate) mod tree;
pub(crate) mod update;
pub(crate) mod write;
