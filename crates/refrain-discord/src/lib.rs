//! Discord through twilight: gateway, slash commands, embeds; speaks to refrain only.
