//! stub
#![allow(missing_docs)]
use crate::Element;
#[derive(Clone, Copy, Debug)]
pub struct Mat<T> {
    pub ptr: *const T,
    pub rs: isize,
    pub cs: isize,
}
#[derive(Clone, Copy, Debug)]
pub enum Init<T> {
    Zero,
    Accumulate,
    Row(*const T),
}
pub trait GemmElem: Element {
    fn fma(a: Self, b: Self, c: Self) -> Self;
}
impl GemmElem for f32 {
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}
impl GemmElem for f64 {
    fn fma(a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }
}
/// # Safety
/// stub
pub unsafe fn gemm<T: GemmElem>(
    m: usize,
    n: usize,
    k: usize,
    a: Mat<T>,
    b: Mat<T>,
    init: Init<T>,
    c: *mut T,
    ldc: usize,
) {
    for i in 0..m {
        for j in 0..n {
            // SAFETY: stub
            unsafe {
                let p = c.add(i * ldc + j);
                let mut s = match init {
                    Init::Zero => T::default(),
                    Init::Accumulate => *p,
                    Init::Row(r) => *r.add(j),
                };
                for q in 0..k {
                    s = T::fma(
                        *a.ptr.offset(i as isize * a.rs + q as isize * a.cs),
                        *b.ptr.offset(q as isize * b.rs + j as isize * b.cs),
                        s,
                    );
                }
                *p = s;
            }
        }
    }
}
