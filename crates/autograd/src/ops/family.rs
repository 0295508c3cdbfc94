//! The enums of ops: each dispatches to the members that it lists.

/// Declares an enum with a variant for each of some ops or families, which does what they do. `[inline]` puts the
/// values and rules of a family where ops are recorded and swept, as small nets want it of the commonest;
/// `[inline(never)]` calls those of the others, which would push them out.
macro_rules! dispatch {
    (
        [$inline:meta]
        $(#[$doc:meta])*
        $Enum:ident $(<$T:ident>)? { $($Member:ident $(<$U:ident>)?),* $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Clone)]
        #[non_exhaustive]
        pub enum $Enum $(<$T>)? {
            $(#[doc = concat!("See [`", stringify!($Member), "`].")] $Member($Member $(<$U>)?),)*
        }

        impl<T: wengert_tensor::Float> $crate::ops::Operation<T> for $Enum $(<$T>)? {
            #[inline]
            fn name(&self) -> &'static str {
                match self { $(Self::$Member(op) => $crate::ops::Operation::<T>::name(op),)* }
            }
            fn attributes(&self) -> Vec<(&'static str, String)> {
                match self { $(Self::$Member(op) => $crate::ops::Operation::<T>::attributes(op),)* }
            }
            #[$inline]
            #[track_caller]
            fn forward(
                &self,
                x: &[&wengert_tensor::Tensor<T>],
            ) -> $crate::Result<wengert_tensor::Tensor<T>> {
                match self { $(Self::$Member(op) => op.forward(x),)* }
            }
            #[$inline]
            #[track_caller]
            fn pull<A: $crate::algebra::Algebra<T>>(
                &self,
                k: usize,
                g: $crate::algebra::Incoming<'_, A>,
                at: &impl $crate::algebra::At<A>,
            ) -> $crate::Result<A> {
                match self { $(Self::$Member(op) => op.pull(k, g, at),)* }
            }
            #[track_caller]
            fn push<A: $crate::algebra::Algebra<T>>(
                &self,
                k: usize,
                t: &A,
                x: &[A],
                y: &A,
            ) -> $crate::Result<A> {
                match self { $(Self::$Member(op) => op.push(k, t, x, y),)* }
            }
            fn data(&self) -> smallvec::SmallVec<[u32; 2]> {
                match self { $(Self::$Member(op) => $crate::ops::Operation::<T>::data(op),)* }
            }
            fn formula(&self, k: usize) -> std::borrow::Cow<'static, str> {
                match self { $(Self::$Member(op) => $crate::ops::Operation::<T>::formula(op, k),)* }
            }
            fn reads(&self, k: usize) -> $crate::ops::Reads {
                match self { $(Self::$Member(op) => $crate::ops::Operation::<T>::reads(op, k),)* }
            }
            #[cfg(test)]
            fn rows() -> Vec<$crate::check::row::Row> {
                let mut rows = Vec::new();
                $({
                    let of_member = <$Member $(<$U>)? as $crate::ops::Operation<T>>::rows();
                    assert!(!of_member.is_empty(), "{} has no row", stringify!($Member));
                    rows.extend(of_member);
                })*
                rows
            }
            fn as_any(&self) -> &dyn std::any::Any {
                match self { $(Self::$Member(op) => $crate::ops::Operation::<T>::as_any(op),)* }
            }
        }

        $(
            impl<$T: wengert_tensor::Float> std::fmt::Debug for $Enum<$T> {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str($crate::ops::Operation::<$T>::name(self))
                }
            }
        )?
    };
}
pub(crate) use dispatch;

/// Declares a family of ops.
macro_rules! family {
    (
        [$inline:meta]
        $(#[$doc:meta])*
        $Family:ident $(<$T:ident>)? { $($Member:ident $(<$U:ident>)?),* $(,)? }
    ) => {
        $crate::ops::dispatch! {
            [$inline]
            $(#[$doc])*
            $Family $(<$T>)? { $($Member $(<$U>)?),* }
        }
        $(
            impl<T> From<$Member $(<$U>)?> for $crate::ops::Op<T> {
                #[inline]
                fn from(op: $Member $(<$U>)?) -> Self {
                    Self::$Family($Family::$Member(op))
                }
            }
        )*
    };
}
pub(crate) use family;
