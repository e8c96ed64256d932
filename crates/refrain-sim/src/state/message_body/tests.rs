use super::*;

fn refusal(body: &Value) -> String {
    check(body).err().and_then(|error| error.errors).map(|errors| errors.to_string()).unwrap_or_default()
}

fn button(id: &str) -> Value {
    json!({ "type": 2, "style": 1, "label": "x", "custom_id": id })
}

fn row(inner: Value) -> Value {
    json!({ "components": [{ "type": 1, "components": inner }] })
}

fn menu(options: Value) -> Value {
    json!({ "type": 3, "custom_id": "m", "options": options })
}

fn v2(inner: Value) -> Value {
    json!({ "flags": COMPONENTS_V2, "components": inner })
}

fn buttons(count: usize) -> Value {
    (0..count).map(|index| button(&index.to_string())).collect()
}

#[test]
fn content_and_embeds_have_their_documented_limits() {
    let embed = |fields: Value| json!({ "embeds": [fields] });
    let text = |count: usize| "x".repeat(count);
    let cases = [
        (json!({ "content": text(2001) }), "content"),
        (json!({ "content": 5 }), "STRING_TYPE_CONVERT"),
        (json!({ "embeds": 5 }), "LIST_TYPE_CONVERT"),
        (json!({ "embeds": ["x"] }), "DICT_TYPE_CONVERT"),
        (json!({ "embeds": vec![json!({ "title": "x" }); 11] }), "10 or fewer"),
        (embed(json!({ "title": text(257) })), "title"),
        (embed(json!({ "description": text(4097) })), "description"),
        (embed(json!({ "footer": { "text": text(2049) } })), "footer"),
        (embed(json!({ "author": { "name": text(257) } })), "author"),
        (embed(json!({ "url": "javascript:0" })), "URL_TYPE_INVALID_URL"),
        (embed(json!({ "url": "ftp://example.org" })), "URL_TYPE_INVALID_SCHEME"),
        (embed(json!({ "image": { "url": "x" } })), "image"),
        (embed(json!({ "color": 0x0100_0000 })), "NUMBER_TYPE_MAX"),
        (embed(json!({ "timestamp": "yesterday" })), "ISO8601"),
        (embed(json!({ "fields": [{ "name": "", "value": "x" }] })), "name"),
        (embed(json!({ "fields": [{ "name": "x" }] })), "value"),
        (embed(json!({ "fields": [{ "name": "x", "value": text(1025) }] })), "value"),
        (embed(json!({ "fields": vec![json!({ "name": "x", "value": "x" }); 26] })), "25 or fewer"),
        (json!({ "embeds": [{ "description": text(4000) }, { "description": text(2001) }] }), "6000"),
    ];
    for (body, word) in cases {
        let refusal = refusal(&body);
        assert!(refusal.contains(word), "{body}: {refusal}");
    }
    let good = json!({ "content": text(2000), "embeds": [{ "title": text(256), "url": "https://example.org",
        "color": 0, "timestamp": "2026-11-21T00:00:00.000Z", "description": text(4096), "footer": { "text": text(1000) },
        "thumbnail": { "url": "attachment://cover.png" }, "fields": [{ "name": "a", "value": "b", "inline": true }] }] });
    assert_eq!(refusal(&good), "");
}

#[test]
fn components_have_their_documented_limits() {
    let option = |value: &str| json!({ "label": "x", "value": value });
    let many: Value = (0..26).map(|index| option(&index.to_string())).collect();
    let cases = [
        (json!({ "components": [button("a")] }), "one of (1)"),
        (json!({ "components": vec![row(buttons(1))["components"][0].clone(); 6] }), "5 or fewer"),
        (row(json!([])), "between 1 and 5"),
        (row(buttons(6)), "between 1 and 5"),
        (row(json!([button("a"), button("a")])), "DUPLICATED"),
        (row(json!([button("a"), menu(json!([option("a")]))])), "WIDTH_EXCEEDED"),
        (row(json!([{ "type": 9 }])), "BASE_TYPE_CHOICES"),
        (row(json!([button(&"x".repeat(101))])), "custom_id"),
        (row(json!([{ "type": 2, "style": 1, "label": "x" }])), "custom_id"),
        (row(json!([{ "type": 2, "style": 1, "custom_id": "a" }])), "label"),
        (row(json!([{ "type": 2, "style": 1, "custom_id": "a", "label": "x".repeat(81) }])), "80 or fewer"),
        (row(json!([{ "type": 2, "style": 5, "label": "x" }])), "url"),
        (
            row(json!([{ "type": 2, "style": 5, "label": "x", "url": "https://a.b", "custom_id": "c" }])),
            "INVALID_FIELD",
        ),
        (row(json!([{ "type": 2, "style": 7, "label": "x", "custom_id": "c" }])), "style"),
        (row(json!([menu(json!([]))])), "between 1 and 25"),
        (row(json!([menu(many)])), "between 1 and 25"),
        (row(json!([menu(json!([option("a"), option("a")]))])), "VALUE_DUPLICATED"),
        (row(json!([{ "type": 5, "custom_id": "u", "min_values": 3, "max_values": 2 }])), "min_values"),
        (row(json!([{ "type": 5, "custom_id": "u", "max_values": 26 }])), "NUMBER_TYPE_MAX"),
    ];
    for (body, word) in cases {
        let refusal = refusal(&body);
        assert!(refusal.contains(word), "{body}: {refusal}");
    }
    assert_eq!(refusal(&row(buttons(5))), "");
    assert_eq!(refusal(&row(json!([menu(json!([option("a"), option("b")]))]))), "");
}

#[test]
fn version_two_components_need_their_flag_and_forbid_content() {
    let text = json!({ "type": 10, "content": "hello" });
    let section = json!({ "type": 9, "components": [text], "accessory": button("a") });
    let cases = [
        (json!({ "components": [text] }), "BASE_TYPE_CHOICES"),
        (json!({ "flags": COMPONENTS_V2, "content": "x" }), "COMPONENTS_V2"),
        (json!({ "flags": COMPONENTS_V2, "embeds": [{ "title": "x" }] }), "COMPONENTS_V2"),
        (v2(json!([{ "type": 10 }])), "content"),
        (v2(json!([{ "type": 9, "components": [text] }])), "accessory"),
        (
            v2(json!([{ "type": 9, "components": [text, text, text, text], "accessory": button("a") }])),
            "between 1 and 3",
        ),
        (v2(json!([{ "type": 17, "components": [] }])), "components"),
        (v2(json!([{ "type": 17, "components": [{ "type": 17, "components": [text] }] }])), "BASE_TYPE_CHOICES"),
        (v2(json!([{ "type": 12, "items": [] }])), "between 1 and 10"),
        (v2(json!([{ "type": 13, "file": { "url": "https://example.org/a" } }])), "SCHEME"),
        (v2(json!([{ "type": 14, "spacing": 3 }])), "spacing"),
        (v2(json!([{ "type": 17, "components": vec![text.clone(); 40] }])), "40"),
    ];
    for (body, word) in cases {
        let refusal = refusal(&body);
        assert!(refusal.contains(word), "{body}: {refusal}");
    }
    let good = v2(json!([section, { "type": 17, "accent_color": 255, "components": [text, { "type": 14 },
        { "type": 1, "components": [button("b")] }] }, { "type": 12, "items": [{ "media": { "url": "https://a.b/c.png" } }] }]));
    assert_eq!(refusal(&good), "");
    assert_eq!(custom_ids(&good["components"]), ["a", "b"]);
}

#[test]
fn forms_and_choices_have_their_documented_limits() {
    let input = json!({ "type": 4, "custom_id": "i", "style": 1, "label": "x" });
    let bare = json!({ "type": 4, "custom_id": "i", "style": 1 });
    let form = |components: Value| json!({ "custom_id": "f", "title": "t", "components": components });
    let in_row = |inner: &Value| form(json!([{ "type": 1, "components": [inner] }]));
    let in_label = |inner: &Value| form(json!([{ "type": 18, "label": "l", "component": inner }]));
    for good in [in_row(&input), in_label(&bare)] {
        assert!(check_modal(&good).is_ok(), "{good}");
    }
    let mut long = in_row(&input);
    long["title"] = json!("x".repeat(46));
    let six: Value = (0..6).map(|index| json!({ "type": 1, "components": [{ "type": 4, "custom_id": format!("{index}"), "style": 1, "label": "x" }] })).collect();
    for bad in
        [Value::Null, long, in_row(&bare), in_row(&button("b")), in_label(&button("b")), form(json!([])), form(six)]
    {
        assert!(check_modal(&bad).is_err(), "{bad}");
    }
    let choices = |count: usize| json!({ "choices": vec![json!({ "name": "x", "value": "x" }); count] });
    assert!(check_choices(&choices(25)).is_ok());
    assert!(check_choices(&choices(26)).is_err());
    assert!(check_choices(&json!({ "choices": [{ "name": "", "value": "x" }] })).is_err());
    assert!(check_choices(&json!({ "choices": [{ "name": "x", "value": 5 }] })).is_ok());
}

#[test]
fn mentions_replies_and_attachments_are_checked() {
    let cases = [
        (json!({ "allowed_mentions": { "parse": ["anybody"] } }), "BASE_TYPE_CHOICES"),
        (json!({ "allowed_mentions": { "parse": ["users"], "users": ["1"] } }), "mutually exclusive"),
        (json!({ "allowed_mentions": { "users": vec!["1"; 101] } }), "100 or fewer"),
        (json!({ "message_reference": {} }), "message_id"),
        (json!({ "attachments": [{ "id": "x" }] }), "snowflake"),
        (json!({ "attachments": vec![json!({ "id": 0 }); 11] }), "10 or fewer"),
        (json!({ "nonce": "x".repeat(26) }), "nonce"),
        (json!({ "tts": "yes" }), "BOOLEAN"),
        (json!({ "flags": "many" }), "NUMBER_TYPE_COERCE"),
    ];
    for (body, word) in cases {
        let refusal = refusal(&body);
        assert!(refusal.contains(word), "{body}: {refusal}");
    }
}
