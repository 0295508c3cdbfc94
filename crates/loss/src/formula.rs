//! A loss as one line of the tape: its formula, at each place of its operands.

/// The numbers at each place of some vars, put into a formula over any `Real`, as one op of this name. Options, in braces, are
/// constants in the formula.
macro_rules! formula {
    ($name:expr, $({ $($option:ident),* },)? |$first:ident $(, $x:ident)*| $value:expr) => {{
        use wengert_tensor::pointwise::{Pointwise, Real};
        #[derive(Clone, Copy)]
        struct Formula { $($($option: wengert_tensor::pointwise::C),*)? }
        impl Pointwise<{ [stringify!($first) $(, stringify!($x))*].len() }> for Formula {
            const NAME: &'static str = $name;
            fn options(self) -> Vec<(&'static str, f64)> {
                vec![$($((stringify!($option), self.$option.0)),*)?]
            }
            #[inline(always)]
            fn value<R: Real>(self, [$first $(, $x)*]: [R; { [stringify!($first) $(, stringify!($x))*].len() }]) -> R {
                $(let Self { $($option),* } = self;)?
                $value
            }
        }
        $first.tape().pointwise(Formula { $($($option: wengert_tensor::pointwise::C($option)),*)? }, [$first $(, $x)*])
    }};
}
pub(crate) use formula;
