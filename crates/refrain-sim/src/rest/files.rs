//! The files of messages, where Discord has a server of its own.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
};
use bytes::Bytes;

use super::{error::ApiError, extract::Params};
use crate::{id::Id, state::Hub};

pub(super) async fn file(
    State(hub): State<Arc<Hub>>,
    Params((_, id, name)): Params<(Id, Id, String)>,
) -> Result<(HeaderMap, Bytes), ApiError> {
    let (kind, bytes) = hub.state().files.get(id, &name).ok_or(ApiError::NO_ROUTE)?;
    let kind = HeaderValue::from_str(&kind).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    Ok((HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]), bytes))
}
