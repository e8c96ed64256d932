//! Makes the file of schema 1 that the tests open: `cargo run -p refrain-store --example old_file FILE`. It was run once;
//! its result is committed, and must be opened for ever.

use redb::{Database, TableDefinition};

const META: TableDefinition<&str, &str> = TableDefinition::new("meta/1");
const GUILD: TableDefinition<u64, &[u8]> = TableDefinition::new("guild/0");

const RECORD: &str = r#"{
  "voice_channel": 3, "text_channel": 5, "paused": true, "volume": 70, "looping": "queue", "next_id": 5,
  "settings": {"auto_rejoin": "also-after-kick", "playlist_limit": 9},
  "voice": {"last_close_code": 4006, "attempts": 2},
  "current": {"id": 1, "requested_by": 7, "requested_in": 8, "info": {"title": "One", "page_url": "https://example.org/1",
    "uploader": null, "thumbnail": null, "duration": {"secs": 200, "nanos": 5}, "live": false}},
  "upcoming": [
    {"id": 4, "requested_by": 7, "requested_in": 8, "info": {"title": "Four", "page_url": "https://example.org/4",
      "uploader": "Somebody", "thumbnail": null, "duration": null, "live": true}},
    {"id": 2, "requested_by": 7, "requested_in": 8, "info": {"title": "Two", "page_url": "https://example.org/2",
      "uploader": null, "thumbnail": null, "duration": null, "live": false}}],
  "history": [], "true_order": [2, 4],
  "playhead": {"track": 1, "position": {"secs": 61, "nanos": 7}, "at_unix_ms": 1795867200000},
  "timeline": [{"unix_ms": 1, "state": "RETRYING", "attempt": 1, "code": 4006, "verdict": "rejoin", "reason": "why",
    "times": 1}]
}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("name the file to make")?;
    let db = Database::create(path)?;
    let transaction = db.begin_write()?;
    {
        let mut meta = transaction.open_table(META)?;
        meta.insert("schema", "1")?;
        meta.insert("created_by", "0.1.0-preview")?;
        let mut guilds = transaction.open_table(GUILD)?;
        guilds.insert(1_216_000_000_000_000_001, RECORD.as_bytes())?;
        guilds.insert(1_216_000_000_000_000_002, b"{}".as_slice())?;
        // One that was spoiled.
        guilds.insert(1_216_000_000_000_000_003, b"{\"volume\": 7".as_slice())?;
    }
    transaction.commit()?;
    Ok(())
}
