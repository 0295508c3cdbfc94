//! Integers are exact to their last bit, and floats at the ends of their range.

use wengert_tensor::{Error, Tensor, tensor};

#[test]
fn ranges_of_large_integers() {
    let from = (1_i64 << 53) + 1;
    let x = Tensor::arange(from, from + 3, 1).unwrap();
    assert_eq!(x.to_vec(), [from, from + 1, from + 2]);
    let most = i64::MAX;
    assert_eq!(Tensor::arange(most - 3, most, 1).unwrap().to_vec(), [most - 3, most - 2, most - 1]);
    assert_eq!(Tensor::arange(i64::MIN, most, most).unwrap().to_vec(), [i64::MIN, -1, most - 1]);
    assert_eq!(Tensor::arange(most, i64::MIN, i64::MIN).unwrap().to_vec(), [most, -1]);
    assert_eq!(
        Tensor::arange(usize::MAX - 2, usize::MAX, 1).unwrap().to_vec(),
        [usize::MAX - 2, usize::MAX - 1]
    );
    assert_eq!(Tensor::arange(0_u8, 255, 100).unwrap().to_vec(), [0, 100, 200]);
    assert_eq!(Tensor::arange(10_i64, 0, -3).unwrap().to_vec(), [10, 7, 4, 1]);
    assert_eq!(Tensor::arange(10_i64, 1, -3).unwrap().to_vec(), [10, 7, 4]);
    assert_eq!(Tensor::arange(0_i64, 10, -1).unwrap().len(), 0);
    assert_eq!(Tensor::arange(5_usize, 0, 1).unwrap().len(), 0);
    assert!(matches!(Tensor::arange(0_i64, 1, 0), Err(Error::Value(_))));
    assert!(matches!(Tensor::arange(0_usize, usize::MAX, 1), Err(Error::Size(_))));
    assert!(matches!(Tensor::arange(i64::MIN, i64::MAX, 1), Err(Error::Size(_))));
}

#[test]
fn ranges_of_large_floats() {
    let x = Tensor::linspace(-f64::MAX, f64::MAX, 5).to_vec();
    assert_eq!(x, [-f64::MAX, -f64::MAX / 2.0, 0.0, f64::MAX / 2.0, f64::MAX]);
    let x = Tensor::linspace(f32::MAX, -f32::MAX, 3).to_vec();
    assert_eq!(x, [f32::MAX, 0.0, -f32::MAX]);
    assert_eq!(Tensor::arange(-f64::MAX, f64::MAX, f64::MAX).unwrap().to_vec(), [-f64::MAX, 0.0]);
    assert!(Tensor::arange(0.0, f64::INFINITY, 1.0).is_err());
}

/// Every pair of types, against Rust's `as`.
#[test]
fn casts_do_what_as_does() {
    macro_rules! pairs {
        ($($from:ident $values:expr;)*) => {$(
            let values: Vec<$from> = $values.to_vec();
            let x = Tensor::from(values.clone());
            pairs!(@ $from values x f32 f64 i64 usize u8);
            assert_eq!(x.cast::<bool>().to_vec(), values.iter().map(|&v| v != (0 as $from)).collect::<Vec<_>>());
        )*};
        (@ $from:ident $values:ident $x:ident $($to:ident)*) => {$(
            let wanted: Vec<$to> = $values.iter().map(|&v| v as $to).collect();
            let given = $x.cast::<$to>().to_vec();
            let text = |v: &[$to]| format!("{v:?}");
            assert_eq!(text(&given), text(&wanted), "{} to {}", stringify!($from), stringify!($to));
        )*};
    }
    let two = 1_i64 << 53;
    pairs! {
        i64 [0, 1, -1, 44, 255, 256, 300, -300, two, two + 1, -two - 1, i64::MAX, i64::MIN, (1 << 60) + 1];
        usize [0, 1, 255, 256, 300, two as usize + 1, usize::MAX, 2 * crate::QUARTER, 2 * crate::QUARTER + 1];
        u8 [0_u8, 1, 127, 128, 255];
        f32 [0.0_f32, -0.0, 0.5, -1.9, 255.9, 300.0, -1e30, 1e30, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        f64 [0.0_f64, -0.0, 1e-320, -1.9, 300.0, 9007199254740993.0, 1e300, f64::NAN, f64::NEG_INFINITY];
    }
    // Rounded once: by way of a double this would be one unit lower.
    let twice = (1_i64 << 60) + (1 << 36) + 1;
    assert_eq!(tensor![twice].cast::<f32>().item().unwrap(), twice as f32);
    assert_eq!(tensor![true, false].cast::<usize>().to_vec(), [1, 0]);
    assert_eq!(tensor![true, false].cast::<f32>().to_vec(), [1.0, 0.0]);
}

#[test]
fn bounds_that_are_tensors() {
    let x = tensor![[-1.0_f32, 0.5, 9.0], [0.0, f32::NAN, -9.0]];
    let y = x.clamp_between(&tensor![0.0], &tensor![[1.0], [2.0]]).unwrap();
    assert_eq!(y.to_vec()[..4], [0.0, 0.5, 1.0, 0.0]);
    assert!(y.to_vec()[4].is_nan() && y.to_vec()[5] == 0.0);
    // The wrong way round: the upper one, as `clamp` has it.
    assert_eq!(tensor![5.0_f32].clamp_between(&tensor![3.0], &tensor![1.0]).unwrap(), tensor![1.0]);
    assert!(x.clamp_between(&tensor![0.0, 1.0], &tensor![1.0]).is_err());
}

#[test]
fn scatter_add_takes_what_the_index_covers_of_a_longer_source() {
    let source = tensor![[1.0_f32, 2.0, 3.0], [10.0, 20.0, 30.0], [100.0, 200.0, 300.0]];
    let index = tensor![[0_usize, 1], [1, 1]];
    let y = Tensor::zeros([2, 2]).scatter_add(0, &index, &source).unwrap();
    assert_eq!(y, tensor![[1.0, 0.0], [10.0, 22.0]]);
    let x = Tensor::<f32>::zeros([3])
        .scatter_add(0, &tensor![2_usize, 2], &tensor![1.0, 2.0, 4.0, 8.0])
        .unwrap();
    assert_eq!(x, tensor![0.0, 0.0, 3.0]);
}
