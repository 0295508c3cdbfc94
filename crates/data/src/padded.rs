//! `padded`: sequences of different lengths as rows of one tensor.

use wengert_tensor::{Element, Tensor};

use crate::{Error, Result};

/// Sequences as the rows of a tensor `[n, width]`, each filled up with `pad` behind its end.
///
/// ```
/// use wengert_data::padded;
/// use wengert_tensor::tensor;
///
/// let rows = padded(&[vec![3_usize, 1], vec![2]], 3, 0)?;
/// assert_eq!(rows, tensor![[3_usize, 1, 0], [2, 0, 0]]);
/// let error = padded(&[vec![3_usize, 1]], 1, 0).unwrap_err();
/// assert!(error.to_string().contains("sequence 0 has 2 elements, and a row takes 1"));
/// # Ok::<(), wengert_data::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if a sequence is longer than a row.
#[track_caller]
pub fn padded<T: Element>(sequences: &[Vec<T>], width: usize, pad: T) -> Result<Tensor<T>> {
    let longer = |sequence: &Vec<T>| sequence.len() > width;
    if let Some(row) = sequences.iter().position(longer) {
        let length = sequences[row].len();
        let rule = format!("sequence {row} has {length} elements, and a row takes {width}");
        return Err(Error::shape("padded", rule));
    }
    let mut rows = Tensor::full([sequences.len(), width], pad);
    for (row, sequence) in rows.as_mut_slice().chunks_exact_mut(width.max(1)).zip(sequences) {
        row[..sequence.len()].copy_from_slice(sequence);
    }
    Ok(rows)
}
