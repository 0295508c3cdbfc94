//! The generator of every random choice here: a counter through splitmix64's mixer, the same on every machine for ever.
//!
//! A stream is named by three numbers: what it is for, the user's seed, and an index (such as the epoch). Nothing is
//! shared between streams, so shuffling once more moves no other draw. The algorithm is part of this crate's promise: a
//! seed that orders samples one way today orders them so in every release, and golden values in the tests hold it down.

/// The purpose of a stream. A number is never reused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum For {
    Shuffle = 1,
    Split = 2,
    Weighted = 3,
    Balanced = 4,
    Synthetic = 5,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rng {
    state: u64,
    /// The second of a pair of normals.
    spare: Option<f64>,
}

/// 2⁶⁴ over the golden ratio, made odd.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Splitmix64's mixer (Steele, Lea and Flood 2014): one-to-one on 64 bits, and every bit of the input moves half of the output's.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream for `purpose` with this seed and index.
    pub(crate) fn new(purpose: For, seed: u64, index: u64) -> Self {
        // Each mix is one-to-one, so two streams start at one place only if all three numbers collide.
        let state = mix(mix(mix(purpose as u64 ^ STEP) ^ seed).wrapping_add(STEP) ^ index);
        Self { state, spare: None }
    }

    /// 64 random bits: the mixer at the next multiple of the step.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number of [0, 1), a multiple of 2⁻⁵³.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number of [from, to).
    pub(crate) fn uniform(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    /// A whole number below `n`, each equally likely (Lemire 2019). Of none: 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        let mut wide = u128::from(self.bits()) * u128::from(n);
        if (wide as u64) < n {
            // The low part of `wide` decides whether this draw is one of the few too many.
            let too_many = n.wrapping_neg() % n.max(1);
            while (wide as u64) < too_many {
                wide = u128::from(self.bits()) * u128::from(n);
            }
        }
        (wide >> 64) as usize
    }

    /// A draw of the normal distribution with mean 0 and deviation 1: Marsaglia's polar method, which needs only operations that
    /// IEEE 754 fixes to the last bit, given the logarithm below.
    pub(crate) fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (u, v) = (self.uniform(-1.0, 1.0), self.uniform(-1.0, 1.0));
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                let scale = (-2.0 * ln(s) / s).sqrt();
                self.spare = Some(v * scale);
                return u * scale;
            }
        }
    }

    /// Puts `items` in a random order, each equally likely (Fisher and Yates, from the end).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// The numbers below `n` in a random order.
    pub(crate) fn order(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }
}

/// The natural logarithm of a positive normal number to about 1e-15, by operations that every machine rounds alike; the
/// standard library's may differ in the last bit between platforms.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i64 - 1023;
    let mut fraction = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    if fraction > std::f64::consts::SQRT_2 {
        fraction *= 0.5;
        exponent += 1;
    }
    // ln f = 2 artanh t with |t| < 0.172; the series ends below 1e-17.
    let t = (fraction - 1.0) / (fraction + 1.0);
    let t2 = t * t;
    let mut sum = 0.0;
    for k in (0..11).rev() {
        sum = sum * t2 + 1.0 / (2 * k + 1) as f64;
    }
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * t * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixer_is_splitmix64() {
        // The published sequence for state 1234567.
        let mut rng = Rng { state: 1_234_567, spare: None };
        let drawn: Vec<u64> = (0..5).map(|_| rng.bits()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
    }

    #[test]
    fn golden_values() {
        // From a second implementation, in Python. Never to change: a user's order of samples hangs on them.
        let rng = || Rng::new(For::Shuffle, 42, 0);
        assert_eq!(rng().order(10), GOLDEN_ORDER);
        let mut r = Rng::new(For::Synthetic, 42, 0);
        assert_eq!([r.normal(), r.normal(), r.normal()].map(f64::to_bits), GOLDEN_NORMALS);
        assert_ne!(Rng::new(For::Shuffle, 42, 1).order(10), GOLDEN_ORDER);
        assert_ne!(Rng::new(For::Shuffle, 43, 0).order(10), GOLDEN_ORDER);
        assert_ne!(Rng::new(For::Split, 42, 0).order(10), GOLDEN_ORDER);
    }

    #[test]
    fn logarithms() {
        let mut rng = Rng::new(For::Synthetic, 1, 0);
        for _ in 0..10_000 {
            let x = rng.unit() + f64::MIN_POSITIVE;
            assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1.0), "{x}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    #[test]
    fn moments_and_fairness() {
        let mut rng = Rng::new(For::Synthetic, 3, 0);
        let n = 200_000;
        let (mut sum, mut square, mut fourth) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            let z = rng.normal();
            (sum, square, fourth) = (sum + z, square + z * z, fourth + z.powi(4));
        }
        let n = f64::from(n);
        assert!((sum / n).abs() < 0.01, "{}", sum / n);
        assert!((square / n - 1.0).abs() < 0.02, "{}", square / n);
        assert!((fourth / n - 3.0).abs() < 0.1, "{}", fourth / n);
        // Each of the 24 orders of four things.
        let mut seen = std::collections::BTreeMap::new();
        for i in 0..24_000 {
            *seen.entry(Rng::new(For::Shuffle, 9, i).order(4)).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 24);
        let chi2: f64 = seen.values().map(|&c| f64::from(c - 1000).powi(2) / 1000.0).sum();
        assert!(chi2 < 50.0, "{chi2}"); // 23 degrees of freedom: one in a thousand lies above 49.7
        assert_eq!(rng.below(1), 0);
        assert_eq!(rng.below(0), 0);
    }

    const GOLDEN_ORDER: [usize; 10] = [3, 1, 0, 7, 8, 6, 9, 2, 4, 5];
    const GOLDEN_NORMALS: [u64; 3] =
        [0x3fd1_b564_e845_187d, 0x3fe1_10b5_99c8_7c41, 0x3fbc_1c99_1620_0841];
}
