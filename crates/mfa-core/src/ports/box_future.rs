//! Return type of the ports' asynchronous methods.

use std::future::Future;
use std::pin::Pin;

/// Boxed future that a port's asynchronous method returns. It depends on no runtime.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
