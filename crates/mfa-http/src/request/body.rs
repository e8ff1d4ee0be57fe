//! Body reader with a size limit and a timeout.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut};
use futures::Stream;

use crate::problem::ApiError;

/// Maximum size of a body in bytes.
pub(super) const MAX_BODY_BYTES: usize = 16 * 1024;
/// Maximum size of the body of a bulk change in bytes: thousands of user ids.
pub(super) const MAX_LARGE_BODY_BYTES: usize = 128 * 1024;
/// Timeout for a whole body.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads a body to its end.
///
/// # Errors
///
/// [`ApiError::TooLarge`] as soon as the limit is exceeded, chunked or not; [`ApiError::BodyTooSlow`] at the timeout;
/// [`ApiError::Malformed`] if the client disconnects or sends invalid chunks.
pub(super) async fn read(payload: Payload, most: usize) -> Result<Bytes, ApiError> {
    read_within(BODY_TIMEOUT, payload, most).await
}

async fn read_within(timeout: Duration, payload: impl Chunks, most: usize) -> Result<Bytes, ApiError> {
    tokio::time::timeout(timeout, collect(payload, most)).await.unwrap_or(Err(ApiError::BodyTooSlow))
}

async fn collect(mut payload: impl Chunks, most: usize) -> Result<Bytes, ApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = poll_fn(|cx| Pin::new(&mut payload).poll_next(cx)).await {
        let chunk = chunk.map_err(|_| ApiError::Malformed)?;
        if chunk.len() > most.saturating_sub(body.len()) {
            return Err(ApiError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

trait Chunks: Stream<Item = Result<Bytes, PayloadError>> + Unpin {}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Chunks for S {}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::stream;

    use super::*;

    fn read_chunks(chunks: Vec<Result<Bytes, PayloadError>>) -> Result<Bytes, ApiError> {
        block_on(collect(stream::iter(chunks), MAX_BODY_BYTES))
    }

    #[test]
    fn a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not() {
        let chunk = |size| Ok(Bytes::from(vec![b' '; size]));
        assert_eq!(read_chunks(vec![chunk(16_000), chunk(384)]).unwrap().len(), MAX_BODY_BYTES);
        assert!(matches!(read_chunks(vec![chunk(16_000), chunk(385)]), Err(ApiError::TooLarge)));
        assert_eq!(read_chunks(vec![]).unwrap().len(), 0);
    }

    #[test]
    fn an_incomplete_body_is_malformed() {
        let broken = vec![Ok(Bytes::from_static(b"{")), Err(PayloadError::Incomplete(None))];
        assert!(matches!(read_chunks(broken), Err(ApiError::Malformed)));
    }

    #[actix_web::test]
    async fn a_body_that_does_not_arrive_times_out() {
        let body = read_within(Duration::from_millis(1), stream::pending(), MAX_BODY_BYTES).await;
        assert!(matches!(body, Err(ApiError::BodyTooSlow)));
    }
}
