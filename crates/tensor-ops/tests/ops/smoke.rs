//! A first look at the whole crate, as a newcomer would take it.

use wengert_tensor::{Tensor, keep, s, tensor};

#[test]
fn a_first_look() {
    let x: Tensor<f32> = tensor![[1., 2., 3.], [4., 5., 6.]];
    assert_eq!((&x + 1.0).to_vec(), [2., 3., 4., 5., 6., 7.]);
    assert_eq!(x.t().sum_over(0).unwrap().to_vec(), [6.0, 15.0]);
    assert_eq!(x.sum_over(keep(0)).unwrap().to_vec(), [5.0, 7.0, 9.0]);
    assert_eq!(x.slice(s![.., ..;-1]).unwrap().to_vec(), [3., 2., 1., 6., 5., 4.]);
    assert_eq!((&x * &tensor![1.0, 10.0, 100.0]).to_vec(), [1., 20., 300., 4., 50., 600.]);
    assert_eq!(x.matmul(&x.t()).unwrap().to_vec(), [14.0, 32.0, 32.0, 77.0]);
    assert_eq!(x.t().relu().t(), x);
    assert_eq!(x.mean().item().unwrap(), 3.5);
    let big = Tensor::<f32>::full([1000, 77], 0.1);
    assert!((big.sum().item().unwrap() - 7700.0).abs() < 1e-2);
    assert!((big.sum_over(0).unwrap().sum().item().unwrap() - 7700.0).abs() < 1e-2);
    assert_eq!(Tensor::<f32>::zeros([0, 3]).sum_over(0).unwrap().to_vec(), [0.0; 3]);
}
