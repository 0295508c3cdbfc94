//! Long functions that are generic over the elements, compiled in the crate that has them, once for each kind: a program that calls one
//! has no copy of its own.
//!
//! The compiler lets other crates call such a copy if the function is marked `#[inline(never)]`; otherwise each crate that calls it makes its own.
//! `compiled!` names functions for some kinds of element `T`, and so has the copies made.

/// Has functions compiled for each of these kinds of element, `T`.
#[doc(hidden)]
#[macro_export]
macro_rules! compiled {
    ($($t:ty)*: $functions:tt) => {
        $($crate::compiled!(@ $t $functions);)*
    };
    (@ $t:ty { $($f:expr),* $(,)? }) => {$(
        const _: () = {
            type T = $t;
            #[expect(dead_code, reason = "it is named, and not read")]
            static F: ::std::sync::atomic::AtomicPtr<()> = ::std::sync::atomic::AtomicPtr::new($f as *mut ());
        };
    )*};
}
