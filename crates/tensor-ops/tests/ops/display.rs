//! Printing, to the letter.

use wengert_tensor::{Tensor, tensor};

#[track_caller]
fn prints<T: wengert_tensor::Element>(x: &Tensor<T>, expected: &str) {
    let got = x.to_string();
    assert!(got == expected, "printed\n{got}\nand not\n{expected}");
}

#[test]
fn scalars_and_nothing() {
    prints(&Tensor::scalar(2.0_f32), "2.0");
    prints(&Tensor::scalar(0.123456_f32), "0.1235");
    prints(&Tensor::scalar(-7_i64), "-7");
    prints(&Tensor::scalar(true), "true");
    prints(&Tensor::scalar(f64::NAN), "NaN");
    prints(&Tensor::<f32>::zeros([0]), "[]");
    prints(&Tensor::<f32>::zeros([0, 3]), "[] of shape [0, 3]");
    prints(&Tensor::<f32>::zeros([3, 0]), "[] of shape [3, 0]");
    prints(&Tensor::<f32>::zeros([2, 0, 3]), "[] of shape [2, 0, 3]");
    assert_eq!(format!("{:?}", Tensor::<f32>::zeros([2, 0])), "Tensor<f32> [2, 0]\n[]");
    assert_eq!(format!("{:?}", Tensor::scalar(1.5_f64)), "Tensor<f64> []\n1.5");
}

#[test]
fn one_precision_for_all() {
    prints(&tensor![1.0_f32, 2.0, 30.0], "[ 1.0,  2.0, 30.0]");
    prints(&tensor![1.0_f32, 2.5, 3.25], "[1.00, 2.50, 3.25]");
    prints(&tensor![1.0_f32, 2.0 / 3.0], "[1.0000, 0.6667]");
    prints(&tensor![0.1_f32, -0.2], "[ 0.1, -0.2]");
    prints(&tensor![0.0_f32, -0.0], "[ 0.0, -0.0]");
    prints(&tensor![f32::NAN, f32::INFINITY, -1.0], "[ NaN,  inf, -1.0]");
    prints(&tensor![f32::NAN, f32::NEG_INFINITY], "[ NaN, -inf]");
}

/// A number that is rounded shows four decimals, so that it does not look like another.
#[test]
fn rounded_numbers_do_not_look_exact() {
    prints(&tensor![0.99999_f32, 0.5], "[1.0000, 0.5000]");
    prints(&Tensor::scalar(0.99999_f64), "1.0000");
    prints(&Tensor::scalar(1.0_f64), "1.0");
    prints(&tensor![0.1_f64 + 0.2, 1.0], "[0.3000, 1.0000]");
    prints(&tensor![0.3_f64, 1.0], "[0.3, 1.0]");
    prints(&tensor![1.499999e-7_f64, 1.0], "[1.5000e-7,  1.0000e0]");
    prints(&tensor![1e-7_f32, 1e-9], "[1.0e-7, 1.0e-9]");
    prints(&tensor![f32::NAN, 0.25], "[ NaN, 0.25]");
}

#[test]
fn powers_of_ten_where_the_range_asks_for_them() {
    prints(&tensor![1.0_f64, 0.00002], "[ 1.0e0, 2.0e-5]");
    prints(&tensor![1e-10_f64, 1.5e-8, 0.0], "[1.0e-10,  1.5e-8,   0.0e0]");
    prints(&tensor![1.25e12_f64, -1.0], "[1.25e12, -1.00e0]");
    prints(&tensor![16_777_216.0_f32], "[16777216.0]");
    prints(&tensor![1e8_f32, 1.0], "[1.0e8, 1.0e0]");
    prints(&tensor![1234567.5_f64], "[1.2346e6]");
    prints(&tensor![f64::INFINITY, 1e300], "[    inf, 1.0e300]");
}

#[test]
fn a_precision_that_is_asked_for_is_kept() {
    let x = tensor![1.0_f32, 2.0 / 3.0, 1e-9, f32::NAN];
    assert_eq!(format!("{x:.3}"), "[1.000, 0.667, 0.000,   NaN]");
    assert_eq!(format!("{x:.0}"), "[  1,   1,   0, NaN]");
    assert_eq!(format!("{:.2}", Tensor::scalar(0.5_f64)), "0.50");
    assert_eq!(format!("{:.3}", tensor![1_i64, 22]), "[ 1, 22]");
    assert_eq!(format!("{:.1?}", tensor![0.25_f64]), "Tensor<f64> [1]\n[0.2]");
}

#[test]
fn integers_and_bools() {
    prints(&tensor![[1_i64, -20], [300, 4]], "[[  1, -20],\n [300,   4]]");
    prints(&tensor![1_u8, 255], "[  1, 255]");
    prints(&tensor![[true, false], [false, true]], "[[ true, false],\n [false,  true]]");
}

#[test]
fn brackets_nest() {
    let x = Tensor::arange(0_i64, 8, 1).unwrap();
    prints(
        &x.reshape([2, 2, 2]).unwrap(),
        "\
[[[0, 1],
  [2, 3]],

 [[4, 5],
  [6, 7]]]",
    );
    prints(
        &x.reshape([2, 2, 1, 2]).unwrap(),
        "\
[[[[0, 1]],

  [[2, 3]]],


 [[[4, 5]],

  [[6, 7]]]]",
    );
    prints(&Tensor::<u8>::ones([1; 8]), "[[[[[[[[1]]]]]]]]");
    prints(&x.reshape([2, 4]).unwrap().t(), "[[0, 4],\n [1, 5],\n [2, 6],\n [3, 7]]");
}

#[test]
fn long_lines_are_wrapped() {
    let x = Tensor::arange(0_i64, 60, 1).unwrap();
    prints(
        &x,
        "\
[ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37,
 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56,
 57, 58, 59]",
    );
    prints(
        &x.narrow(0, 0, 40).unwrap().reshape([2, 20]).unwrap(),
        "\
[[ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
  19],
 [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,
  39]]",
    );
    for line in Tensor::<f64>::linspace(-1.0, 1.0, 700).to_string().lines() {
        assert!(line.len() <= 80, "{line}");
    }
}

#[test]
fn long_axes_are_elided() {
    prints(&Tensor::arange(0_i64, 1001, 1).unwrap(), "[   0,    1,    2, ...,  998,  999, 1000]");
    let x = Tensor::from_fn([40, 50], |i| (100 * i[0] + i[1]) as i64);
    prints(
        &x,
        "\
[[   0,    1,    2, ...,   47,   48,   49],
 [ 100,  101,  102, ...,  147,  148,  149],
 [ 200,  201,  202, ...,  247,  248,  249],
 ...,
 [3700, 3701, 3702, ..., 3747, 3748, 3749],
 [3800, 3801, 3802, ..., 3847, 3848, 3849],
 [3900, 3901, 3902, ..., 3947, 3948, 3949]]",
    );
    // Of a view as well, and only the axes that are long.
    prints(
        &x.flip(0)
            .unwrap()
            .narrow(1, 0, 2)
            .unwrap()
            .expand([20, 40, 2])
            .unwrap()
            .narrow(0, 0, 14)
            .unwrap(),
        "\
[[[3900, 3901],
  [3800, 3801],
  [3700, 3701],
  ...,
  [ 200,  201],
  [ 100,  101],
  [   0,    1]],

 [[3900, 3901],
  [3800, 3801],
  [3700, 3701],
  ...,
  [ 200,  201],
  [ 100,  101],
  [   0,    1]],

 [[3900, 3901],
  [3800, 3801],
  [3700, 3701],
  ...,
  [ 200,  201],
  [ 100,  101],
  [   0,    1]],

 ...,

 [[3900, 3901],
  [3800, 3801],
  [3700, 3701],
  ...,
  [ 200,  201],
  [ 100,  101],
  [   0,    1]],

 [[3900, 3901],
  [3800, 3801],
  [3700, 3701],
  ...,
  [ 200,  201],
  [ 100,  101],
  [   0,    1]],

 [[3900, 3901],
  [3800, 3801],
  [3700, 3701],
  ...,
  [ 200,  201],
  [ 100,  101],
  [   0,    1]]]",
    );
    // However many axes there are, a page is a page; and an enormous view costs nothing.
    assert!(Tensor::<u8>::ones([6; 8]).to_string().len() < 5000);
    let enormous = Tensor::scalar(1.0_f32).expand([1 << 20, 1 << 20]).unwrap();
    assert!(enormous.to_string().starts_with("[[1.0, 1.0, 1.0, ..., 1.0, 1.0, 1.0],"));
}
