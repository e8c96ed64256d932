//! From a media location to 20 ms Opus frames with positions.
