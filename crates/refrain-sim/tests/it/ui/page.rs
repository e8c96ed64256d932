//! What a person at the page sees and does.

use super::{ADA, BOT, GUILD, MUSIC, Scene, Value, json, singer};

fn buttons() -> Value {
    json!([
        { "type": 1, "components": [
            { "type": 2, "style": 1, "label": "Pause", "custom_id": "pause" },
            { "type": 2, "style": 4, "label": "Stop", "custom_id": "stop", "disabled": true }] },
        { "type": 1, "components": [{ "type": 3, "custom_id": "filter", "placeholder": "Choose a filter", "options": [
            { "label": "Bass", "value": "bass" }, { "label": "Vapour", "value": "vapour" }] }] }])
}

fn play() -> Value {
    json!([{ "name": "play", "description": "Play something", "options": [
        { "type": 3, "name": "query", "description": "What", "required": true, "autocomplete": true }] }])
}

#[tokio::test]
async fn a_button_on_the_page_reaches_the_bot_and_its_answer_is_shown() {
    let mut scene = Scene::open(json!([])).await;
    let embed = json!({ "title": "Lighthouse at Noon", "url": "https://example.org/", "color": 0x5151cc,
        "author": { "name": "Now playing" }, "description": "by **The Tidewater Four**", "footer": { "text": "3:20" },
        "fields": [{ "name": "Asked for by", "value": "<@1>", "inline": true }],
        "thumbnail": { "url": "https://example.org/cover.png" } });
    scene.writes(json!({ "content": "Here it comes", "embeds": [embed], "components": buttons() })).await;
    for text in ["Here it comes", "Lighthouse at Noon", "Now playing", "The Tidewater Four", "@ada", "3:20"] {
        scene.page.shows("#messages", text).await;
    }
    assert_eq!(scene.page.eval("document.querySelector('.embed strong').textContent").await, "The Tidewater Four");
    assert_eq!(scene.page.eval("document.querySelector('[data-custom-id=stop]').disabled").await, true);

    scene.page.click("[data-custom-id=pause]").await;
    let event = scene.bot.event("INTERACTION_CREATE").await;
    assert_eq!((&event["type"], &event["data"]["custom_id"]), (&json!(3), &json!("pause")));
    assert_eq!(event["member"]["user"]["id"], ADA);
    scene.answers(&event, json!({ "type": 7, "data": { "content": "It rests" } })).await;
    scene.page.shows("#messages", "It rests").await;
    scene.page.shows("#asked", "answered").await;

    scene.page.click("summary[data-custom-id=filter]").await;
    scene.page.click("[data-value=vapour]").await;
    let event = scene.bot.event("INTERACTION_CREATE").await;
    assert_eq!(event["data"]["values"], json!(["vapour"]));
    scene.page.is_sound().await;
}

#[tokio::test]
async fn a_slash_command_is_typed_with_suggestions_and_a_form_is_filled_in() {
    let mut scene = Scene::open(play()).await;
    scene.page.click("#command").await;
    scene.page.type_text("/pl").await;
    scene.page.shows("#offers", "Play something").await;
    scene.page.press("Enter").await;
    scene.page.until("document.activeElement.dataset.option === 'query'").await;
    scene.page.type_text("light").await;
    let event = scene.bot.event("INTERACTION_CREATE").await;
    assert_eq!((&event["type"], &event["data"]["options"][0]["value"]), (&json!(4), &json!("light")));
    let choices = json!([{ "name": "Lighthouse at Noon", "value": "track-7" }]);
    scene.answers(&event, json!({ "type": 8, "data": { "choices": choices } })).await;
    scene.page.shows("#options .offers", "Lighthouse at Noon").await;
    scene.page.press("ArrowDown").await;
    scene.page.press("Enter").await;
    scene.page.press("Enter").await;
    let event = scene.bot.event("INTERACTION_CREATE").await;
    assert_eq!((&event["type"], &event["data"]["options"][0]["value"]), (&json!(2), &json!("track-7")));

    let field = json!({ "type": 4, "custom_id": "why", "label": "Why this one?", "style": 1 });
    let form =
        json!({ "custom_id": "form", "title": "A question", "components": [{ "type": 1, "components": [field] }] });
    scene.answers(&event, json!({ "type": 9, "data": form })).await;
    scene.page.shows("dialog", "Why this one?").await;
    scene.page.click("dialog input[name=why]").await;
    scene.page.type_text("because").await;
    scene.page.press("Enter").await;
    let event = scene.bot.event("INTERACTION_CREATE").await;
    assert_eq!(event["type"], 5);
    assert_eq!(event["data"]["components"][0]["components"][0]["value"], "because");
    scene.page.is_sound().await;
}

#[tokio::test]
async fn a_person_is_put_into_voice_and_taken_out_again() {
    let scene = Scene::open(json!([])).await;
    let there = format!("[data-user=\"{ADA}\"]");
    scene.page.click(&format!("[data-join=\"{MUSIC}\"]")).await;
    scene.page.until(&format!("document.querySelector('{there}')")).await;
    let voice = scene.stage.see(&format!("/voice?guild={GUILD}")).await;
    assert_eq!(voice["voice_states"][0]["channel"], MUSIC);
    scene.page.click(&format!("{there} .out")).await;
    scene.page.until(&format!("!document.querySelector('{there}')")).await;
    scene.page.is_sound().await;
}

#[tokio::test]
async fn faults_are_ordered_listed_and_ended_and_the_wire_shows_what_follows() {
    let mut scene = Scene::open(json!([])).await;
    scene.page.choose("#fault-kind", "op4_unanswered").await;
    scene.page.click("#fault-form button[type=submit]").await;
    scene.page.shows("#lasting", "op4 unanswered").await;
    scene.page.click("#lasting button").await;
    scene.page.until("document.querySelectorAll('#lasting .lasts').length === 0").await;
    scene.page.click("#tab-wire").await;
    scene.bot.join(Some(MUSIC)).await;
    scene.page.until("document.querySelector('#frames [data-name=VOICE_SERVER_UPDATE]')").await;
    // New frames push the others down, so a person stops them to read one.
    scene.page.click("#wire-pause").await;
    scene.page.click("#frames [data-name=VOICE_SERVER_UPDATE] summary").await;
    scene.page.shows("#frames [data-name=VOICE_SERVER_UPDATE] pre", "\"endpoint\"").await;
    scene.page.type_into("#wire-filter", "server_update").await;
    scene
        .page
        .until("[...document.querySelectorAll('#frames li')].every((one) => /server_update/i.test(one.textContent))")
        .await;
    scene.page.click("#tab-faults").await;
    scene.page.choose("#fault-kind", "gateway_close").await;
    scene.page.click("#fault-form button[type=submit]").await;
    assert_eq!(scene.bot.closed().await, Some(4000));
    scene.page.shows("#past", "gateway close · 4000").await;
    scene.page.is_sound().await;
}

#[tokio::test]
async fn what_a_bot_writes_stays_text() {
    let scene = Scene::open(json!([])).await;
    let evil = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";
    let link = "[click](javascript:document.title='taken')";
    scene
        .writes(json!({ "content": format!("{evil} {link}"),
            "embeds": [{ "title": evil, "description": format!("`{evil}` {link} **{evil}**"), "author": { "name": evil },
                "footer": { "text": evil }, "fields": [{ "name": evil, "value": evil }] }],
            "components": [{ "type": 1, "components": [{ "type": 2, "style": 1, "label": "<b>x</b>", "custom_id": "\"]<b>" }] }] }))
        .await;
    scene.page.shows("#messages", "<script>").await;
    let inside =
        "document.querySelectorAll('#messages script, #messages img, #messages b, #messages a[href^=javascript]')";
    assert_eq!(scene.page.eval(&format!("{inside}.length")).await, 0);
    assert_eq!(scene.page.eval("document.title").await, "refrain-sim");
    // Nor would a script run that found its way in.
    let smuggled = "const one = document.createElement('script'); one.textContent = \"document.title = 'taken'\"; \
        document.body.append(one); document.title";
    assert_eq!(scene.page.eval(smuggled).await, "refrain-sim");
}

#[tokio::test]
async fn the_level_moves_with_what_the_bot_plays() {
    let mut scene = Scene::open(json!([])).await;
    scene.page.shows("#sound-words", "no bot is in voice").await;
    let singer = singer::sing(&scene.stage, &mut scene.bot).await;
    scene
        .page
        .until(&format!("Number(document.querySelector('.meter[data-bot=\"{BOT}\"]')?.ariaValueNow) > -30"))
        .await;
    // The strip is green where it was loud.
    let painted = "(() => { const strip = document.querySelector('.strip'); const [w, h] = [strip.width, strip.height]; \
        const seen = strip.getContext('2d').getImageData(w - 40, 0, 40, h).data; \
        for (let at = 0; at < seen.length; at += 4) if (seen[at + 1] > seen[at] + 40 && seen[at + 3] > 200) return true; \
        return false; })()";
    scene.page.until(painted).await;
    singer.stop().await;
    scene.page.shows(".dbfs", "silent").await;
    scene.page.shows("#silences", "longest silence").await;
    scene.page.is_sound().await;
}

#[tokio::test]
async fn the_page_can_be_used_at_the_width_of_a_phone() {
    let scene = Scene::open(json!([])).await;
    scene.writes(json!({ "content": "x".repeat(500), "components": buttons() })).await;
    scene.page.resize(360, 740).await;
    scene.page.shows("#messages", "xxx").await;
    for view in ["places", "chat", "side"] {
        scene.page.click(&format!("[data-goto={view}]")).await;
        assert_eq!(scene.page.eval("document.documentElement.scrollWidth <= 360").await, true, "{view} is too wide");
    }
    scene.page.click("[data-goto=places]").await;
    scene.page.click(&format!("[data-join=\"{MUSIC}\"]")).await;
    scene.page.until(&format!("document.querySelector('[data-user=\"{ADA}\"]')")).await;
}

#[tokio::test]
async fn foreign_pages_may_not_call_the_control_api() {
    let stage = crate::support::Stage::start().await;
    let url = format!("{}/sim/faults", stage.sim.addresses().control);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (header, value) in [("origin", "https://example.org"), ("origin", "null"), ("host", "rebound.example.org")] {
        let answer = http.post(&url).header(header, value).body("{}").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 403, "{header}: {value}");
    }
    // Without the page there is no page.
    let page = format!("{}/ui/", stage.sim.addresses().control);
    assert_eq!(http.get(page).send().await.unwrap().status().as_u16(), 404);
    assert_eq!(stage.sim.addresses().ui, None);
}
