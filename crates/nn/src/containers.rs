//! `Parts` for Rust's own containers: references, boxes, options, vectors, arrays, maps, tuples; and for a single parameter,
//! buffer or counter.

use std::collections::BTreeMap;
use std::sync::Arc;

use wengert_autograd::{Param, Result, Tensors, Var, Who};
use wengert_tensor::Float;

use crate::buffer::{Buffer, Counter};
use crate::{Module, Parts, Visitor};

/// A pointer to a module is that module.
macro_rules! pointers {
    ($($P:ty),*) => {$(
        impl<T: Float, M: Parts<T> + ?Sized> Parts<T> for $P {
            fn visit(&self, v: &mut Visitor<'_, T>) {
                (**self).visit(v);
            }
            fn describe(&self) -> Option<String> {
                (**self).describe()
            }
            fn who(&self) -> Who {
                (**self).who()
            }
        }
        impl<T: Float, In: Tensors, Out: Tensors, M: Module<T, In, Out> + ?Sized>
            Module<T, In, Out> for $P
        {
            fn forward<'t>(&self, x: Var<'t, T, In>) -> Result<Var<'t, T, Out>> {
                (**self).forward(x)
            }
        }
    )*};
}
pointers!(&M, Box<M>, Arc<M>);

/// A single part goes by the name of its field.
macro_rules! single {
    ($($P:ty, $visit:ident;)*) => {$(
        impl<T: Float> Parts<T> for $P {
            fn visit(&self, v: &mut Visitor<'_, T>) {
                v.$visit("", self);
            }
            fn describe(&self) -> Option<String> {
                None
            }
        }
    )*};
}
single! {
    Param<T>, param;
    Buffer<T>, buffer;
    Counter, counter;
}

impl<T: Float, M: Parts<T>> Parts<T> for Option<M> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        if let Some(inner) = self {
            inner.visit(v);
        }
    }
    fn describe(&self) -> Option<String> {
        self.as_ref()?.describe()
    }
    fn who(&self) -> Who {
        self.as_ref().map_or_else(|| Who::of(self), Parts::who)
    }
}

impl<T: Float, M: Parts<T>> Parts<T> for [M] {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        for (i, part) in self.iter().enumerate() {
            v.module(&i.to_string(), part);
        }
    }
    fn describe(&self) -> Option<String> {
        None
    }
}

impl<T: Float, M: Parts<T>> Parts<T> for Vec<M> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        self.as_slice().visit(v);
    }
    fn describe(&self) -> Option<String> {
        None
    }
}

impl<T: Float, M: Parts<T>, const N: usize> Parts<T> for [M; N] {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        self.as_slice().visit(v);
    }
    fn describe(&self) -> Option<String> {
        None
    }
}

impl<T: Float, M: Parts<T>> Parts<T> for BTreeMap<String, M> {
    fn visit(&self, v: &mut Visitor<'_, T>) {
        for (name, part) in self {
            v.module(name, part);
        }
    }
    fn describe(&self) -> Option<String> {
        None
    }
}

macro_rules! tuples {
    ($(($($M:ident $i:tt),+))*) => {$(
        impl<T: Float, $($M: Parts<T>),+> Parts<T> for ($($M,)+) {
            fn visit(&self, v: &mut Visitor<'_, T>) {
                $(v.module(stringify!($i), &self.$i);)+
            }
            fn describe(&self) -> Option<String> {
                None
            }
        }
    )*};
}
tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}
