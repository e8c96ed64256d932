//! Who is mentioned in a text, as far as `allowed_mentions` lets it.

use serde_json::{Value, json};

use crate::id::Id;

/// Who is mentioned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mentions {
    pub(super) users: Vec<Id>,
    pub(super) roles: Vec<Id>,
    pub(super) everyone: bool,
}

/// Reads `<@1>`, `<@!1>`, `<@&1>`, `@everyone` and `@here`; `replied` is the author of the message replied to.
pub(super) fn read(text: &str, allowed: &Value, replied: Option<Id>) -> Mentions {
    let mut found = Mentions { everyone: text.contains("@everyone") || text.contains("@here"), ..Mentions::default() };
    for part in text.split("<@").skip(1) {
        let Some((inner, _)) = part.split_once('>') else { continue };
        match inner.strip_prefix('&') {
            Some(role) => note(role, &mut found.roles),
            None => note(inner.trim_start_matches('!'), &mut found.users),
        }
    }
    let kept = |kind: &str, id: &Id| {
        let parsed = allowed["parse"].as_array().is_some_and(|parse| parse.contains(&json!(kind)));
        let named = allowed[kind].as_array().is_some_and(|ids| ids.contains(&json!(id)));
        allowed.is_null() || parsed || named
    };
    found.users.retain(|id| kept("users", id));
    found.roles.retain(|id| kept("roles", id));
    found.everyone &= kept("everyone", &Id::default());
    if let Some(replied) = replied.filter(|_| allowed.is_null() || allowed["replied_user"] == json!(true))
        && !found.users.contains(&replied)
    {
        found.users.push(replied);
    }
    found
}

fn note(text: &str, into: &mut Vec<Id>) {
    if let Ok(id) = text.parse()
        && !into.contains(&id)
        && into.len() < 100
    {
        into.push(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_found_and_kept_as_allowed() {
        let text = "<@1> <@!2> <@&3> <@1> <@x> @everyone <@";
        let all = read(text, &Value::Null, Some(Id(9)));
        assert_eq!((all.users, all.roles, all.everyone), (vec![Id(1), Id(2), Id(9)], vec![Id(3)], true));
        assert_eq!(read(text, &json!({ "parse": [] }), Some(Id(9))), Mentions::default());
        let some = read(text, &json!({ "users": ["2"], "parse": ["roles"], "replied_user": true }), Some(Id(9)));
        assert_eq!((some.users, some.roles, some.everyone), (vec![Id(2), Id(9)], vec![Id(3)], false));
    }
}
