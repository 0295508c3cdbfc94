//! PyTorch's normalisations and embedding as functions, and what each is here.

use crate::table;

table! {
    embedding(idx: Index, weight: Var) => weight.index_select(0, &idx);
}
