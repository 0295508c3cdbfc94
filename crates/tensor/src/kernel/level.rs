//! The instruction set of the kernels, which is detected once, in this file.
//!
//! A kernel is a plain loop in an `#[inline(always)]` body, generic over an [`Arch`]. [`dispatch`] calls one of three
//! copies of it, compiled for AVX-512, for AVX2 with FMA, and for whatever the crate itself is compiled for.
//!
//! Two rules keep it fast. The body must really be inlined (so `#[inline(always)]` on `run` and on what it calls): a
//! function that is not loses the features, and `mul_add` becomes a library call. And nothing may call `f32::mul_add`
//! but through [`Arch::mul_add`], for the same reason.

use std::sync::atomic::{AtomicU8, Ordering};

/// The instruction sets that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// The target of the build: SSE2 on x86-64, NEON on aarch64.
    Portable = 1,
    /// AVX2 and FMA (2013 and later).
    Avx2 = 2,
    /// AVX-512 F, VL, BW, DQ.
    Avx512 = 3,
}

/// 0: not looked yet.
static LEVEL: AtomicU8 = AtomicU8::new(0);

/// The level in force: the best that this machine has, or what [`force`] said.
#[inline]
pub fn level() -> Level {
    match LEVEL.load(Ordering::Relaxed) {
        3 => Level::Avx512,
        2 => Level::Avx2,
        1 => Level::Portable,
        _ => find(),
    }
}

#[cold]
fn find() -> Level {
    let best = best();
    LEVEL.store(best as u8, Ordering::Relaxed);
    best
}

/// The best level that this machine has.
pub fn best() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("fma")
        {
            return Level::Avx512;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Level::Avx2;
        }
    }
    Level::Portable
}

/// Runs all kernels of the process on `wanted`, or on the best the machine has if that is less; returns what it
/// will be. For tests: every level that a machine has must give right answers.
pub fn force(wanted: Level) -> Level {
    let got = wanted.min(best());
    LEVEL.store(got as u8, Ordering::Relaxed);
    got
}

/// Every level that this machine has, lowest first.
pub fn available() -> impl Iterator<Item = Level> {
    [Level::Portable, Level::Avx2, Level::Avx512].into_iter().filter(|&l| l <= best())
}

/// The instruction set for which a kernel body is compiled.
pub trait Arch: Copy + Send + Sync + 'static {
    /// Whether `a * b + c` is one instruction.
    const FMA: bool;
    /// The level whose copy of the body this is.
    const LEVEL: Level;
    /// `a * b + c`: fused where that is one instruction, else in two.
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        if Self::FMA { a.mul_add(b, c) } else { a * b + c }
    }
    /// The same in double precision.
    #[inline(always)]
    fn mul_add64(a: f64, b: f64, c: f64) -> f64 {
        if Self::FMA { a.mul_add(b, c) } else { a * b + c }
    }
}

/// Marks the body compiled for AVX-512.
#[derive(Clone, Copy, Debug)]
pub struct Avx512;
/// Marks the body compiled for AVX2 with FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2;
/// Marks the body compiled for what the crate is compiled for.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Arch for Avx512 {
    const FMA: bool = true;
    const LEVEL: Level = Level::Avx512;
}
impl Arch for Avx2 {
    const FMA: bool = true;
    const LEVEL: Level = Level::Avx2;
}
impl Arch for Portable {
    const FMA: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
    const LEVEL: Level = Level::Portable;
}

/// The lower of two levels.
pub(crate) const fn lower(a: Level, b: Level) -> Level {
    if (a as u8) < b as u8 { a } else { b }
}

/// A kernel with its operands. `run` must be `#[inline(always)]`.
pub trait Kernel {
    /// The result.
    type Output;
    /// The best level that there is a copy of it for. Each copy is built, so a kernel that is seldom run does without some.
    const BEST: Level = Level::Avx512;
    /// The loop.
    fn run<A: Arch>(self) -> Self::Output;
}

/// Runs a kernel on the level in force.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match level() {
        // SAFETY: `level` is Avx512 only where the processor reported every feature named on `run_avx512`.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if const { K::BEST as u8 >= Level::Avx512 as u8 } => unsafe {
            run_avx512(kernel)
        },
        // SAFETY: as above; what has AVX-512 has AVX2.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx2 if const { K::BEST as u8 >= Level::Avx2 as u8 } => unsafe {
            run_avx2(kernel)
        },
        _ => run_portable(kernel),
    }
}

/// Apart from its caller, as the others are, so that what calls the kernel is short.
#[inline(never)]
fn run_portable<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Portable>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx512>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}
