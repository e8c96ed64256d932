//! From what an older version wrote to what this one writes: numbered steps, each in one transaction.
//!
//! A step and the number that it leads to are committed together, so one that is interrupted has not happened and is done
//! again at the next start.

use crate::{
    rows::{tolerantly, write},
    tables::{self, GUILD_0, META, SCHEMA, Writing},
    whole::Whole,
};
use redb::{Database, ReadableTable as _, WriteTransaction};
use refrain_model::GuildId;

/// Brings a database from `from` (0: an empty one) to [`SCHEMA`].
pub(super) fn migrate(db: &Database, from: u32) -> Result<(), redb::Error> {
    for step in from..SCHEMA {
        // An empty one begins with the tables of today.
        if from == 0 && step + 1 < SCHEMA {
            continue;
        }
        let transaction = db.begin_write()?;
        match step {
            1 if from != 0 => one_to_two(&transaction)?,
            _ => tables::create_all(&transaction)?,
        }
        stamp(&transaction, step + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Writes which version was here. It is also what shows that the disk takes something.
pub(super) fn sign(db: &Database) -> Result<(), redb::Error> {
    let transaction = db.begin_write()?;
    stamp(&transaction, SCHEMA)?;
    transaction.commit()?;
    Ok(())
}

fn stamp(transaction: &WriteTransaction, schema: u32) -> Result<(), redb::Error> {
    let version = env!("CARGO_PKG_VERSION");
    let mut meta = transaction.open_table(META)?;
    meta.insert("schema", schema.to_string().as_str())?;
    meta.insert("written_by", version)?;
    if meta.get("created_by")?.is_none() {
        meta.insert("created_by", version)?;
    }
    Ok(())
}

/// Schema 1 kept a guild's whole record as JSON in one row; 2 keeps a row a track.
fn one_to_two(transaction: &WriteTransaction) -> Result<(), redb::Error> {
    tables::create_all(transaction)?;
    {
        let old = transaction.open_table(GUILD_0)?;
        let mut new = Writing::of(transaction)?;
        for row in old.iter()? {
            let (guild, json) = row?;
            let guild = GuildId::new(guild.value());
            match serde_json::from_slice(json.value()).and_then(tolerantly::<Whole>) {
                Ok(whole) => write(&mut new, guild, None, &whole.into_record())?,
                // The copy that was kept still has it.
                Err(error) => {
                    tracing::error!(guild_id = guild.get(), %error, "a guild's record could not be brought over");
                }
            }
        }
    }
    transaction.delete_table(GUILD_0)?;
    Ok(())
}
