//! The numbers of a tensor for the page: all of them if it is small; if it is large, a heat map, a histogram and their range.

use wengert_tensor::{AnyTensor, Float, Tensor, any_tensor};

use super::text::{list, object, quoted};
use crate::chart::fraction;

/// The most numbers that are written out.
const WRITTEN: usize = 32;
/// The most rows and columns of a heat map.
const CELLS: usize = 24;
/// The bars of a histogram.
const BARS: usize = 24;
/// The shades of a heat map, a letter each, from the least to the most, with zero in the middle; `?` stands for a cell with a NaN or an infinity.
const SHADES: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A number in the fewest digits that name it; what JSON cannot write is a string.
fn number<T: Float>(x: T) -> String {
    if x.to_f64().is_finite() { x.to_string() } else { quoted(&x.to_string()) }
}

/// The numbers of a tensor.
pub(super) fn numbers<T: Float>(x: &Tensor<T>) -> String {
    if x.len() <= WRITTEN {
        return list(x.iter().map(number));
    }
    let all: Vec<f64> = x.iter().map(|x| x.to_f64()).collect();
    let (mut least, mut most, mut sum, mut finite) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0);
    let mut range = (f64::INFINITY, f64::NEG_INFINITY);
    for &x in &all {
        (least, most, sum) = (least.min(x), most.max(x), sum + x);
        if x.is_finite() {
            range = (range.0.min(x), range.1.max(x));
            finite += 1;
        }
    }
    let columns = x.shape().last().copied().unwrap_or(1).max(1);
    // Zero is in the middle of the shades, so that a shade says the sign.
    let bound = range.0.abs().max(range.1.abs());
    let (map, width) = heat_map(&all, columns, (-bound, bound));
    object(&[
        ("lo", number(least)),
        ("hi", number(most)),
        ("mean", number(sum / all.len() as f64)),
        ("bad", (all.len() - finite).to_string()),
        ("from", number(range.0)),
        ("to", number(range.1)),
        ("map", quoted(&map)),
        ("w", width.to_string()),
        ("bars", list(histogram(&all, range).iter().map(usize::to_string))),
    ])
}

/// Indices, a mask or labels.
pub(super) fn any_numbers(data: &AnyTensor) -> String {
    any_tensor!(data, x => {
        let more = if x.len() > WRITTEN { format!(" … ({} in all)", x.len()) } else { String::new() };
        let shown: Vec<String> = x.iter().take(WRITTEN).map(|x| x.to_string()).collect();
        quoted(&(shown.join(" ") + &more))
    })
}

/// The place of a number in its range, in so many equal parts.
fn part(x: f64, range: (f64, f64), parts: usize) -> usize {
    let fraction = fraction(x, range);
    if fraction.is_finite() { ((fraction * parts as f64) as usize).min(parts - 1) } else { 0 }
}

/// The letters of the cells, row by row, and the number of columns. The last axis runs to the right, all others down; a cell is
/// the mean of the numbers that it covers.
fn heat_map(all: &[f64], columns: usize, range: (f64, f64)) -> (String, usize) {
    let rows = all.len() / columns;
    let (high, wide) = (rows.min(CELLS), columns.min(CELLS));
    let mut cells = vec![(0.0, 0usize); high * wide];
    for (i, &x) in all.iter().enumerate() {
        let (row, column) = (i / columns * high / rows, i % columns * wide / columns);
        let cell = &mut cells[row * wide + column];
        *cell = (cell.0 + x, cell.1 + 1);
    }
    let letter = |&(sum, count): &(f64, usize)| match sum / count as f64 {
        mean if mean.is_finite() => SHADES[part(mean, range, SHADES.len())] as char,
        _ => '?',
    };
    (cells.iter().map(letter).collect(), wide)
}

/// The numbers of each part of the range.
fn histogram(all: &[f64], range: (f64, f64)) -> [usize; BARS] {
    let mut bars = [0; BARS];
    for &x in all.iter().filter(|x| x.is_finite()) {
        bars[part(x, range, BARS)] += 1;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use wengert_tensor::tensor;

    #[test]
    fn small_tensors_are_written_out_in_full() {
        assert_eq!(numbers(&tensor![0.1_f32, -2.0, f32::NAN]), "[0.1,-2,\"NaN\"]");
    }

    #[test]
    fn large_ones_are_a_map_and_bars_that_count_each_number() {
        let x = Tensor::from_vec((0..100).map(f64::from).collect(), [10, 10]).unwrap();
        let text = numbers(&x);
        assert!(text.contains("\"lo\":0") || !text.contains("\"lo\""), "{text}");
        assert!(text.contains("\"hi\":99,\"mean\":49.5") && text.contains("\"w\":10"), "{text}");
        // Zero is the shade in the middle.
        assert!(text.contains("\"map\":\"gg") && text.contains("//\""), "{text}");
        let all: Vec<f64> = x.iter().collect();
        assert_eq!(histogram(&all, (0.0, 99.0)).iter().sum::<usize>(), 100);
        let (map, wide) = heat_map(&all, 10, (0.0, 99.0));
        assert_eq!((map.len(), wide, &map[..1], &map[99..]), (100, 10, "A", "/"));
    }

    #[test]
    fn numbers_that_are_not_finite_are_counted_and_marked() {
        let mut all = vec![1.0; 40];
        all[7] = f64::NAN;
        assert!(numbers(&Tensor::from_vec(all.clone(), [40]).unwrap()).contains("\"bad\":1"));
        assert!(heat_map(&all, 20, (1.0, 1.0)).0.starts_with("AAAAAAA?A"));
    }
}
