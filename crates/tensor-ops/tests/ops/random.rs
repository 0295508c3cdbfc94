//! Random numbers: the same ones for ever, of the right distributions, within their bounds.

use rand::{RngExt, SeedableRng, rand_core::Rng as _};
use wengert_tensor::{Error, Rng, Tensor};

/// An update of a crate that moves these is a change for users, and belongs in the changelog.
#[test]
fn golden_values_of_seed_42() {
    let rng = || Rng::new(42);
    let uniform =
        [0.6286102902458197, -0.36235791987667776, 0.9677883363549775, 0.40227119626951113];
    assert_eq!(Tensor::<f64>::uniform([4], -1.0, 1.0, &mut rng()).unwrap().to_vec(), uniform);
    let uniform = [0.62861025, -0.36235797, 0.9677882, 0.40227115];
    assert_eq!(Tensor::<f32>::uniform([4], -1.0, 1.0, &mut rng()).unwrap().to_vec(), uniform);
    let normal = [0.8343975468437959, -0.514962928147295, 1.40772757311975, 0.46445486122523566];
    assert_eq!(Tensor::<f64>::randn([4], &mut rng()).to_vec(), normal);
    let normal = normal.map(|x| x as f32);
    assert_eq!(Tensor::<f32>::randn([4], &mut rng()).to_vec(), normal);
    assert_eq!(Tensor::permutation(8, &mut rng()).to_vec(), [7, 0, 1, 4, 3, 5, 2, 6]);
    let whole = [3, -2, 4, 2, 2, 0];
    assert_eq!(Tensor::<i64>::randint([6], -5, 5, &mut rng()).unwrap().to_vec(), whole);
    let x = Tensor::<f64>::truncated_normal([2], 0.0, 1.0, 3.0, 4.0, &mut rng()).unwrap();
    assert_eq!(x.to_vec(), [3.4953911302262357, 3.4674721791461662]);
    assert_eq!(rng().split().next_u64(), 17360087737599632495);
    assert_eq!(rng().stream(7).to_bytes()[..8], [158, 43, 8, 131, 247, 163, 252, 238]);
}

#[test]
fn the_algorithm_is_xoshiro256_plus_plus() {
    // The reference implementation's values, from state 1, 2, 3, 4.
    let mut state = [0; 32];
    for (i, byte) in [1, 2, 3, 4].into_iter().enumerate() {
        state[8 * i] = byte;
    }
    let mut rng = Rng::from_bytes(state).unwrap();
    for expected in [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205] {
        assert_eq!(rng.next_u64(), expected);
    }
    // A seed means what it means in `rand`.
    for seed in [0, 1, 42, u64::MAX] {
        let mut theirs = rand::rngs::Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut ours = Rng::new(seed);
        for _ in 0..100 {
            assert_eq!(ours.next_u64(), theirs.next_u64());
        }
        assert_eq!(ours.next_u32(), theirs.next_u32());
        let (mut a, mut b) = ([0; 13], [0; 13]);
        ours.fill_bytes(&mut a);
        theirs.fill_bytes(&mut b);
        assert_eq!(a, b);
    }
    assert!((0..10).contains(&rng.random_range(0..10)));
}

#[test]
fn the_state_is_saved_and_restored() {
    let mut rng = Rng::new(7);
    let _ = Tensor::<f32>::randn([100], &mut rng);
    let mut again = Rng::from_bytes(rng.to_bytes()).unwrap();
    assert_eq!(again, rng);
    assert_eq!(Tensor::<f32>::randn([9], &mut rng), Tensor::randn([9], &mut again));
    assert!(matches!(Rng::from_bytes([0; 32]), Err(Error::Value(_))));
}

#[test]
fn streams_are_apart() {
    let mut rng = Rng::new(3);
    let before = rng.clone();
    let mut starts: Vec<u64> = (0..1000).map(|n| rng.stream(n).next_u64()).collect();
    assert_eq!(rng, before, "asking for a stream does not move the generator");
    starts.extend((0..1000).map(|_| rng.split().next_u64()));
    starts.extend((0..1000).map(|_| rng.next_u64()));
    let count = starts.len();
    starts.sort_unstable();
    starts.dedup();
    assert_eq!(starts.len(), count);
    assert_eq!(before.stream(5), before.stream(5));
    // Bits of neighbouring streams agree as often as not.
    let agree: u32 = (0..1000u64)
        .map(|n| (!(before.stream(n).next_u64() ^ before.stream(n + 1).next_u64())).count_ones())
        .sum();
    assert!((31_000..33_000).contains(&agree), "{agree}");
}

/// Mean and standard deviation.
fn moments(x: &Tensor<f64>) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (mean, (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
}

#[test]
fn distributions_have_their_moments() {
    const N: usize = 200_000;
    // Six standard errors of a mean, for a deviation of 1.
    let near = |got: f64, expected: f64, scale: f64| {
        let error = 6.0 * scale / (N as f64).sqrt();
        assert!((got - expected).abs() < error, "{got} is not {expected} within {error}");
    };
    let mut rng = Rng::new(1);
    let (mean, std) = moments(&Tensor::rand([N], &mut rng));
    near(mean, 0.5, 0.3);
    near(std, (1.0 / 12.0_f64).sqrt(), 0.3);
    let (mean, std) = moments(&Tensor::uniform([N], -3.0, 1.0, &mut rng).unwrap());
    near(mean, -1.0, 1.2);
    near(std, (16.0 / 12.0_f64).sqrt(), 1.2);
    let (mean, std) = moments(&Tensor::normal([N], 2.0, 3.0, &mut rng).unwrap());
    near(mean, 2.0, 3.0);
    near(std, 3.0, 3.0);
    let (mean, _) = moments(&Tensor::bernoulli([N], 0.3, &mut rng).unwrap());
    near(mean, 0.3, 0.5);
    let (mean, std) = moments(&Tensor::<i64>::randint([N], -2, 4, &mut rng).unwrap().cast());
    near(mean, 0.5, 2.0);
    near(std, (35.0 / 12.0_f64).sqrt(), 2.0);
    // Mean and deviation by numerical integration, where the methods differ: the middle, a narrow part of it, tails.
    for (low, high) in [
        (-2.0, 2.0),
        (-0.3, 0.6),
        (0.5, 3.0),
        (-4.0, -0.5),
        (0.6, f64::INFINITY),
        (3.0, 3.5),
        (-20.0, -8.0),
        (f64::NEG_INFINITY, f64::INFINITY),
        (f64::NEG_INFINITY, 1.0),
    ] {
        let x = Tensor::<f64>::truncated_normal([N], 0.0, 1.0, low, high, &mut rng).unwrap();
        assert!(x.iter().all(|x| low <= x && x <= high));
        let (a, b) = (low.max(-40.0), high.min(40.0));
        let peak = a.max(0.0_f64.min(b));
        let mut sums = [0.0; 3];
        let steps = 2_000_000;
        for i in 0..steps {
            let x = a + (b - a) * (i as f64 + 0.5) / steps as f64;
            let weight = ((peak * peak - x * x) / 2.0).exp();
            for (power, sum) in sums.iter_mut().enumerate() {
                *sum += weight * x.powi(power as i32);
            }
        }
        let mean = sums[1] / sums[0];
        let std = (sums[2] / sums[0] - mean * mean).sqrt();
        let (got_mean, got_std) = moments(&x);
        near(got_mean, mean, std);
        near(got_std, std, 1.5 * std);
    }
}

#[test]
fn uniform_stays_below_its_end() {
    let mut rng = Rng::new(5);
    let x = Tensor::<f32>::rand([1 << 16], &mut rng);
    assert!(x.iter().all(|x| (0.0..1.0).contains(&x)));
    // Few numbers lie between these two: rounding would reach the end.
    let x = Tensor::<f32>::uniform([1000], 1.0, 1.000_000_3, &mut rng).unwrap();
    assert!(x.iter().all(|x| (1.0..1.000_000_3).contains(&x)));
    let next = f64::from(1.0_f32.next_up());
    let x = Tensor::<f32>::uniform([100], 1.0, next, &mut rng).unwrap();
    assert!(x.iter().all(|x| x == 1.0));
    let x = Tensor::<f32>::uniform([100], 1.0, 1.0 + 1e-12, &mut rng).unwrap();
    assert!(x.iter().all(|x| x == 1.0));
    assert_eq!(Tensor::<f64>::uniform([2], 3.0, 3.0, &mut rng).unwrap().to_vec(), [3.0, 3.0]);
}

#[test]
fn truncation_however_far_out() {
    let mut rng = Rng::new(6);
    let (max, tiny) = (f64::MAX, f64::MIN_POSITIVE);
    for (mean, std, low, high) in [
        (0.0, 1.0, 1e10, 1e10 + 1.0),
        (0.0, 1.0, 1e300, f64::INFINITY),
        (0.0, tiny, 1.0, 2.0),
        (0.0, tiny, f64::NEG_INFINITY, -1.0),
        (-max, max, max / 2.0, max),
        (0.0, max, 1.0, 1.0 + 1e-12),
        (max, 1.0, -1.0, 1.0),
    ] {
        let x = Tensor::<f64>::truncated_normal([50], mean, std, low, high, &mut rng).unwrap();
        assert!(x.iter().all(|x| low <= x && x <= high), "{mean} {std} {low} {high}: {x}");
    }
    let x = Tensor::<f32>::truncated_normal([1000], 0.0, 0.02, -0.04, 0.04, &mut rng).unwrap();
    assert!(x.iter().all(|x| x.abs() <= 0.04));
}

#[test]
fn permutations_are_even_and_whole() {
    let mut rng = Rng::new(8);
    for n in [0, 1, 2, 7, 100] {
        let mut order = Tensor::permutation(n, &mut rng).to_vec();
        order.sort_unstable();
        assert!(order.into_iter().eq(0..n));
    }
    // Each of 24 orders comes about as often.
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..24_000 {
        *counts.entry(Tensor::permutation(4, &mut rng).to_vec()).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 24);
    assert!(counts.values().all(|count| (800..1200).contains(count)), "{counts:?}");
}

#[test]
fn whole_numbers_reach_their_bounds() {
    let mut rng = Rng::new(9);
    let x = Tensor::<u8>::randint([5000], 0, 255, &mut rng).unwrap();
    assert_eq!((x.min().unwrap().item().unwrap(), x.max().unwrap().item().unwrap()), (0, 254));
    let x = Tensor::<i64>::randint([1000], i64::MIN, i64::MAX, &mut rng).unwrap();
    assert!(x.min().unwrap().item().unwrap() < i64::MIN / 2);
    assert!(x.max().unwrap().item().unwrap() > i64::MAX / 2);
    let x = Tensor::<usize>::randint([3], 7, 8, &mut rng).unwrap();
    assert_eq!(x.to_vec(), [7; 3]);
}

#[test]
fn what_is_no_distribution_is_refused() {
    let rng = &mut Rng::new(0);
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for (low, high) in
        [(1.0, 0.0), (nan, 1.0), (0.0, nan), (0.0, inf), (-inf, 0.0), (-1e308, 1e308)]
    {
        assert!(matches!(Tensor::<f64>::uniform([1], low, high, rng), Err(Error::Value(_))));
    }
    assert!(matches!(Tensor::<f32>::uniform([1], 0.0, 1e300, rng), Err(Error::Value(_))));
    for (mean, std) in [(0.0, -1.0), (nan, 1.0), (0.0, nan), (inf, 1.0), (0.0, inf)] {
        assert!(matches!(Tensor::<f64>::normal([1], mean, std, rng), Err(Error::Value(_))));
    }
    for (std, low, high) in
        [(0.0, 0.0, 1.0), (1.0, 1.0, 1.0), (1.0, nan, 1.0), (1.0, 0.0, nan), (1.0, inf, inf)]
    {
        let x = Tensor::<f64>::truncated_normal([1], 0.0, std, low, high, rng);
        assert!(matches!(x, Err(Error::Value(_))));
    }
    for p in [-0.1, 1.1, nan] {
        assert!(matches!(Tensor::<f32>::bernoulli([1], p, rng), Err(Error::Value(_))));
    }
    assert!(matches!(Tensor::<i64>::randint([1], 3, 3, rng), Err(Error::Value(_))));
    let huge = [crate::WIDE, crate::WIDE];
    assert!(matches!(Tensor::<f32>::normal(huge, 0.0, 1.0, rng), Err(Error::Size(_))));
    assert_eq!(Tensor::<f64>::normal([3], 1.5, 0.0, rng).unwrap().to_vec(), [1.5; 3]);
    assert_eq!(Tensor::<f32>::rand([2, 0, 3], rng).shape(), [2, 0, 3]);
    assert_eq!(Tensor::<f32>::randn([0; 0], rng).shape(), [0; 0]);
    assert_eq!(Tensor::<f32>::zeros([2, 3]).rand_like(rng).shape(), [2, 3]);
    assert_eq!(Tensor::<f32>::bernoulli([4], 1.0, rng).unwrap().to_vec(), [1.0; 4]);
    assert_eq!(Tensor::<bool>::bernoulli([4], 0.0, rng).unwrap().count(), 0);
}
