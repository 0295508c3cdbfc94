//! The generator of random numbers: one fixed algorithm, so that a seed gives the same numbers on every machine and in every
//! version.

use std::convert::Infallible;

use rand::rand_core::{TryRng, utils::fill_bytes_via_next_word};

use crate::error::Fault;
use crate::{Error, Result};

/// A seeded generator (xoshiro256++). It is passed to each function that draws; there is no global generator.
///
/// It implements `rand::Rng`, so that `rand`'s own methods and distributions take it too.
///
/// ```
/// use wengert_tensor::{Rng, Tensor};
///
/// let mut rng = Rng::new(42);
/// let x = Tensor::<f32>::randn([2, 3], &mut rng);
/// assert_eq!(x, Tensor::randn([2, 3], &mut Rng::new(42)));   // the same seed, the same numbers
///
/// let mut worker = rng.split();                              // independent of what `rng` gives next
/// assert_ne!(Tensor::<f32>::rand([3], &mut worker), Tensor::rand([3], &mut rng));
///
/// let saved = rng.to_bytes();                                // for a checkpoint
/// assert_eq!(Rng::from_bytes(saved)?, rng);
/// # Ok::<(), wengert_tensor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng {
    // `rand` has this algorithm too, but its state can neither be saved nor restored.
    state: [u64; 4],
}

/// The step of SplitMix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The mixing function of SplitMix64: one to one, and each bit of the result depends on all bits.
fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// The generator that starts from this seed. Neighbouring seeds are as good as any others.
    pub fn new(seed: u64) -> Self {
        let mut at = seed;
        Self {
            state: std::array::from_fn(|_| {
                at = at.wrapping_add(GOLDEN);
                mix(at)
            }),
        }
    }

    /// The generator in this state. All zeros, a state that the algorithm would never leave, stand for seed 0.
    fn with_state(state: [u64; 4]) -> Self {
        if state == [0; 4] { Self::new(0) } else { Self { state } }
    }

    /// A new generator, independent of this one, which advances: for a worker, a layer, or a part of the program that must not
    /// change the draws of others.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self::with_state(std::array::from_fn(|_| mix(self.next())))
    }

    /// The `n`th of 2⁶⁴ independent generators that belong to this one's state. This one does not advance: the same `n`
    /// gives the same stream, in any order of calls. Good for epochs and for items of a data set.
    #[must_use]
    pub fn stream(&self, n: u64) -> Self {
        let key = mix(n.wrapping_add(GOLDEN));
        let mut word = 0u64;
        Self::with_state(self.state.map(|s| {
            word = word.wrapping_add(GOLDEN);
            mix(s ^ key.wrapping_add(word))
        }))
    }

    /// The state, for a checkpoint; [`from_bytes`](Self::from_bytes) continues from it.
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.chunks_exact_mut(8).zip(self.state) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// The generator in a state from [`to_bytes`](Self::to_bytes).
    ///
    /// # Errors
    /// [`Error::Value`] if all bytes are 0: no generator is ever in that state.
    #[track_caller]
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self> {
        let mut state = [0; 4];
        for (word, bytes) in state.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        if state == [0; 4] {
            let rule = "no generator is ever in a state of zeros alone";
            return Err(Error::Value(Fault::new("Rng::from_bytes", &[], rule)));
        }
        Ok(Self { state })
    }

    /// Shuffles these; every order is equally likely.
    ///
    /// ```
    /// # use wengert_tensor::Rng;
    /// let mut cards = [1, 2, 3, 4];
    /// Rng::new(1).shuffle(&mut cards);
    /// cards.sort();
    /// assert_eq!(cards, [1, 2, 3, 4]);
    /// ```
    pub fn shuffle<E>(&mut self, elements: &mut [E]) {
        for i in (1..elements.len()).rev() {
            let j = self.below(i as u64 + 1) as usize;
            elements.swap(i, j);
        }
    }

    /// The next 64 bits.
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number from 0 up to but excluding 1: a multiple of 2^-BITS.
    #[inline]
    pub(crate) fn unit<const BITS: u32>(&mut self) -> f64 {
        const { assert!(BITS <= 53) };
        (self.next() >> (64 - BITS)) as f64 / (1u64 << BITS) as f64
    }

    /// A number below `n`, uniformly distributed (Lemire 2019). `n` is not 0.
    #[inline]
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        loop {
            let product = u128::from(self.next()) * u128::from(n);
            let low = product as u64;
            // 2⁶⁴ is no multiple of most n: of the products that would be drawn once too often, reject those.
            if low >= n || low >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }
}

impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        // The lower bits are the weaker ones.
        Ok((self.next() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(bytes, || Ok(self.next()))
    }
}
