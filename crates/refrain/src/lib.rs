//! The embedding API: one actor a guild composes recovery, queue, extraction, audio and voice.
