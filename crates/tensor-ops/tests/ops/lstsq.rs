//! Least squares: planted solutions, the normal equations, ranks, the shortest solution, hard scales; ridge against its slope.

use wengert_tensor::{Error, Float, Rng, Tensor, tensor};

fn close<T: Float>(got: &Tensor<T>, expected: &Tensor<T>, tolerance: f64) {
    assert_eq!(got.shape(), expected.shape());
    for (got, expected) in got.iter().zip(expected.iter()) {
        let off = (got.to_f64() - expected.to_f64()).abs();
        assert!(off <= tolerance * expected.to_f64().abs().max(1.0), "{got} {expected}");
    }
}

/// Aᵀ(A x - b), which is 0 at the minimum.
fn slope(a: &Tensor<f64>, x: &Tensor<f64>, b: &Tensor<f64>) -> Tensor<f64> {
    a.t().matmul(&a.matmul(x).unwrap().try_sub(b).unwrap()).unwrap()
}

fn squares(x: &Tensor<f64>) -> f64 {
    x.iter().map(|x| x * x).sum()
}

#[test]
fn planted_solutions_are_found() {
    let rng = &mut Rng::new(0);
    for (rows, columns) in [(1, 1), (3, 1), (4, 4), (9, 4), (60, 20)] {
        let a = Tensor::<f64>::randn([rows, columns], rng);
        let x = Tensor::randn([columns], rng);
        let found = a.lstsq(&a.matmul(&x).unwrap()).unwrap();
        close(&found.solution, &x, 1e-10);
        assert!(found.is_unique() && found.rank == columns);
        assert!(found.residual.item().unwrap() < 1e-20);
        // Several right sides at once, and views.
        let many = Tensor::randn([3, columns], rng).t();
        let found = a.t().contiguous().t().lstsq(&a.matmul(&many).unwrap()).unwrap();
        close(&found.solution, &many.contiguous(), 1e-10);
        assert_eq!(found.residual.shape(), [3]);
        // In single precision, computed in double.
        let single = a.cast::<f32>().lstsq(&a.matmul(&x).unwrap().cast()).unwrap();
        close(&single.solution.cast::<f64>(), &x, 2e-3);
    }
}

#[test]
fn the_slope_of_the_squares_is_0_and_the_residual_is_theirs() {
    let rng = &mut Rng::new(1);
    let (a, b) = (Tensor::<f64>::randn([30, 5], rng), Tensor::randn([30, 2], rng));
    let found = a.lstsq(&b).unwrap();
    close(&slope(&a, &found.solution, &b), &Tensor::zeros([5, 2]), 1e-12);
    let apart = a.matmul(&found.solution).unwrap().try_sub(&b).unwrap();
    close(&found.residual, &apart.square().sum_over(0).unwrap(), 1e-12);
}

/// Of dependent columns, and of fewer rows than columns, the solution is the shortest of many: it lies in the span of the rows.
#[test]
fn dependent_columns_are_counted_and_the_shortest_solution_is_given() {
    let rng = &mut Rng::new(2);
    for (rows, columns, rank) in [(6, 4, 2), (6, 4, 1), (3, 5, 3), (3, 5, 2), (1, 4, 1), (8, 8, 7)]
    {
        let a =
            Tensor::<f64>::randn([rows, rank], rng).matmul(&Tensor::randn([rank, columns], rng));
        let a = a.unwrap();
        let b = Tensor::randn([rows], rng);
        let found = a.lstsq(&b).unwrap();
        assert_eq!((found.rank, found.is_unique()), (rank, false));
        close(&slope(&a, &found.solution, &b), &Tensor::zeros([columns]), 1e-11);
        // x = Aᵀy for some y: least squares of Aᵀ leave nothing of it.
        let rest = a.t().lstsq(&found.solution).unwrap().residual.item().unwrap();
        assert!(rest < 1e-20, "{rest}");
        assert!(found.to_string().contains(&format!("rank {rank} of {columns}: ")), "{found}");
        // Ridge with a small strength leads to it.
        let near = a.ridge(&b, 1e-9).unwrap();
        close(&near, &found.solution, 1e-5);
    }
    // What the type's precision cannot tell from a dependent column counts as one.
    let column = tensor![1.0_f32, 2.0, 3.0, 4.0];
    let other = &column * (1.0 / 3.0) + tensor![0.0, 0.0, 0.0, 1e-8];
    let a = Tensor::stack(&[column, other], 1).unwrap();
    assert_eq!(a.lstsq(&tensor![1.0, 1.0, 1.0, 1.0]).unwrap().rank, 1);
}

/// The Hilbert matrix: the normal equations lose all digits where QR keeps some.
#[test]
fn ill_conditioned_systems_keep_the_digits_that_there_are() {
    let hilbert = Tensor::<f64>::from_fn([8, 8], |at| 1.0 / (at[0] + at[1] + 1) as f64);
    let x = Tensor::ones([8]);
    let found = hilbert.lstsq(&hilbert.matmul(&x).unwrap()).unwrap();
    assert_eq!(found.rank, 8);
    close(&found.solution, &x, 1e-5);
}

#[test]
fn scales_do_not_overflow_or_vanish() {
    for (of_a, of_b) in [(1e200, 1e-200), (1e-200, 1e100), (1e-300, 1.0), (1e300, 1e300)] {
        let plain = tensor![[1.0_f64, 2.0], [3.0, 4.0], [5.0, 7.0]];
        let a = plain.mul_scalar(of_a);
        let x = tensor![2.0, -3.0].mul_scalar(of_b / of_a);
        let b = plain.matmul(&tensor![2.0, -3.0]).unwrap();
        let found = a.lstsq(&b.mul_scalar(of_b)).unwrap();
        for (got, expected) in found.solution.iter().zip(x.iter()) {
            let both_infinite = got == expected;
            assert!(both_infinite || (got / expected - 1.0).abs() < 1e-12, "{got} {expected}");
        }
    }
}

#[test]
fn nothing_and_zeros_have_a_solution() {
    let none = Tensor::<f64>::zeros([0, 3]).lstsq(&Tensor::zeros([0])).unwrap();
    assert_eq!((none.solution.to_vec(), none.rank), (vec![0.0; 3], 0));
    let no_columns = Tensor::<f64>::zeros([2, 0]).lstsq(&tensor![3.0, 4.0]).unwrap();
    assert_eq!((no_columns.solution.shape(), no_columns.rank), (&[0][..], 0));
    assert!((no_columns.residual.item().unwrap() - 25.0).abs() < 1e-12 && no_columns.is_unique());
    let zeros = Tensor::<f64>::zeros([3, 2]).lstsq(&tensor![1.0, 2.0, 2.0]).unwrap();
    assert_eq!((zeros.solution.to_vec(), zeros.rank), (vec![0.0; 2], 0));
    assert!((zeros.residual.item().unwrap() - 9.0).abs() < 1e-12);
    assert_eq!(
        Tensor::<f64>::zeros([3, 2]).ridge(&Tensor::zeros([3, 0]), 1.0).unwrap().shape(),
        [2, 0]
    );
}

/// Aᵀ(A x - b) + λx = 0.
#[test]
fn ridge_is_where_its_slope_is_0() {
    let rng = &mut Rng::new(4);
    for (rows, columns) in [(10, 3), (3, 10), (4, 4), (1, 1)] {
        for strength in [1e-3, 1.0, 100.0] {
            let (a, b) =
                (Tensor::<f64>::randn([rows, columns], rng), Tensor::randn([rows, 2], rng));
            let x = a.ridge(&b, strength).unwrap();
            let slope = slope(&a, &x, &b).try_add(&x.mul_scalar(strength)).unwrap();
            close(&slope, &Tensor::zeros([columns, 2]), 1e-11);
            // A stronger penalty gives a shorter solution.
            assert!(squares(&a.ridge(&b, strength * 2.0).unwrap()) < squares(&x));
        }
    }
}

#[test]
fn faults_are_named() {
    let a = Tensor::<f64>::zeros([3, 2]);
    let shape = "must be a matrix, and the second a vector or a matrix with as many rows";
    for b in [Tensor::zeros([2]), Tensor::scalar(1.0), Tensor::zeros([3, 1, 1])] {
        let error = a.lstsq(&b).unwrap_err();
        assert!(matches!(error, Error::Shape(_)) && error.to_string().contains(shape), "{error}");
        assert!(error.to_string().contains("tests/ops/lstsq.rs"), "{error}");
    }
    assert!(Tensor::<f64>::zeros([3]).lstsq(&Tensor::zeros([3])).is_err());
    let error = a.lstsq(&tensor![1.0, f64::NAN, 0.0]).unwrap_err().to_string();
    assert!(error.contains("lstsq: [3, 2] and [3]: an element is not finite"), "{error}");
    for strength in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = a.ridge(&Tensor::zeros([3]), strength).unwrap_err().to_string();
        assert!(
            error.contains("must be finite, and above 0") && error.contains("`lstsq`"),
            "{error}"
        );
    }
}
