//! `Layer`: a layer of any type, as a container stores it.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use wengert_autograd::Tensors;
use wengert_tensor::{Float, Tensor};

use crate::Module;

/// A module that is stored: it is cloned, and asked for by its type.
trait Stored<T: Float, In: Tensors>: Module<T, In> + Any {
    fn cloned(&self) -> Layer<T, In>;
}

impl<T: Float, In: Tensors, M: Module<T, In> + Clone + 'static> Stored<T, In> for M {
    fn cloned(&self) -> Layer<T, In> {
        Layer::new(self.clone())
    }
}

/// A layer of any type, whose clone is the clone of the layer. It is in an `Arc`, not in a `Box`, so that a type without size has an
/// address of its own.
pub(crate) struct Layer<T: Float, In: Tensors = Tensor<T>>(Arc<dyn Stored<T, In>>);

impl<T: Float, In: Tensors> Layer<T, In> {
    pub(crate) fn new(layer: impl Module<T, In> + Clone + 'static) -> Self {
        Self(Arc::new(layer))
    }

    /// The layer, if it is of this type.
    pub(crate) fn downcast<M: Any>(&self) -> Option<&M> {
        (&*self.0 as &dyn Any).downcast_ref()
    }
}

impl<T: Float, In: Tensors> Clone for Layer<T, In> {
    fn clone(&self) -> Self {
        // Not the clone of the `Arc`, which is a module too.
        (*self.0).cloned()
    }
}

impl<T: Float, In: Tensors> Deref for Layer<T, In> {
    type Target = dyn Module<T, In>;
    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}
