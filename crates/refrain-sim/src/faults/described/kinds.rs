//! What each kind does and takes, in words.

use super::{Described, Field, Takes, field, flag, lasting, number, once, required, total, wide};

const STAGE: Field = field(
    "stage",
    Takes::Choice {
        choices: &[
            "steady",
            "before_hello",
            "after_hello",
            "after_identify",
            "before_session_description",
            "after_session_description",
            "on_resume",
            "after_resumed",
        ],
    },
    "when: now (steady), or when a connection gets that far",
);
const COUNT: Field = number("count", 1.0, "how many connections it hits");
const ENDS: &[Field] = &[STAGE, COUNT];

const LATE: &[Field] = &[required(number("ms", 1000.0, "by how much"))];
const ROUTE: Field = field("route", Takes::Text, "a pattern such as /channels/*/messages; empty: all");
const METHOD: Field = field("method", Takes::Text, "GET, POST and so on; empty: all");
const REQUESTS: Field = field("count", Takes::Number { default: None }, "how many requests it hits; empty: all");
const RATE: Field = field("rate", Takes::Number { default: None }, "the share of them it hits, 0 to 1; empty: all");
const WHEN: Field = field(
    "when",
    Takes::Choice { choices: &["before_effect", "after_effect"] },
    "whether the request still does what it asks for",
);

pub(super) const KINDS: &[Described] = &[
    once(
        "close",
        "The voice socket is closed with a code.",
        &[
            required(number("code", 4006.0, "the close code; empty closes without one")),
            field("reason", Takes::Text, "the close frame's text"),
            STAGE,
            COUNT,
        ],
    ),
    once("reset", "The voice socket ends with a TCP reset.", ENDS),
    once("tls_close", "The voice socket's TLS ends without a websocket close.", ENDS),
    once("half_open", "The voice socket's other half is gone, and nobody says so.", ENDS),
    lasting(
        "blackhole",
        "What the bot sends to voice disappears, and nothing comes back.",
        &[
            field(
                "parts",
                Takes::Choices { choices: &["voice_socket", "udp"] },
                "what is swallowed; all where none is",
            ),
            flag("new_connections", true, "new connections get no answer either"),
            STAGE,
        ],
    ),
    lasting(
        "heartbeat_ack",
        "The voice gateway's heartbeat answers come late, or not at all.",
        &[required(field("delay_ms", Takes::Number { default: None }, "by how much; empty withholds them"))],
    ),
    lasting(
        "udp",
        "The media path loses, doubles, reorders and delays packets.",
        &[
            number("loss", 0.05, "chance, 0 to 1"),
            number("duplicate", 0.0, "chance, 0 to 1"),
            number("reorder", 0.0, "chance, 0 to 1"),
            number("delay_ms", 0.0, "each packet's delay"),
            number("jitter_ms", 0.0, "how much the delay varies"),
            number("seed", 0.0, "of the chances"),
        ],
    ),
    lasting("refuse_resume", "Voice resumes are refused.", &[number("code", 4006.0, "the close code")]),
    once(
        "voice_crash",
        "A voice server crashes with all its sockets.",
        &[
            field("server", Takes::Text, "its region; the guild's server where empty"),
            field("how", Takes::Choice { choices: &["close", "reset", "tls_close"] }, "how the sockets end"),
            number("code", 4015.0, "the close code"),
            field("sessions", Takes::Choice { choices: &["kept", "lost"] }, "whether they can be resumed"),
            flag("refuse", false, "connections are refused until the fault is ended"),
        ],
    ),
    once(
        "region",
        "The guild's voice moves to another region.",
        &[
            field("to", Takes::Text, "the region; the next one where empty"),
            number("code", 4022.0, "what the old sockets are closed with"),
        ],
    ),
    once(
        "kick",
        "A moderator disconnects the bot from voice.",
        &[field(
            "alone",
            Takes::Choice { choices: &["", "true", "false"] },
            "closed as for one who was alone; empty: as it is",
        )],
    ),
    once(
        "move",
        "A moderator moves the bot to another channel.",
        &[
            required(field("channel", Takes::Channel, "where to")),
            flag("server_first", false, "the server update comes before the state update"),
            number("delay_ms", 0.0, "how much later the server update comes"),
            flag("doubled", false, "the server update comes twice"),
            flag("stale", false, "with credentials that are spent"),
            flag("available", true, "off: the endpoint is null"),
        ],
    ),
    once(
        "server_update",
        "The voice server changes: a new token.",
        &[
            flag("available", true, "off: the endpoint is null, the server is gone"),
            number("delay_ms", 0.0, "how much later it comes"),
            flag("doubled", false, "twice the same"),
            flag("stale", false, "with credentials that are spent"),
            field(
                "state",
                Takes::Choice { choices: &["none", "before", "after"] },
                "the voice state is sent again as well",
            ),
        ],
    ),
    wide(lasting("op4_unanswered", "Joining, moving and leaving are answered with nothing.", &[])),
    wide(lasting("op4_late", "Joining, moving and leaving are answered late.", LATE)),
    wide(lasting(
        "same_channel_op4",
        "What an op 4 for the channel one is in already brings.",
        &[required(field("answer", Takes::Choice { choices: &["answered", "unanswered"] }, "what it brings"))],
    )),
    wide(lasting("server_update_first", "Joins: the server update comes before the state update.", &[])),
    wide(lasting("server_update_late", "Joins: the server update comes late.", LATE)),
    wide(lasting("server_update_doubled", "Joins: the server update comes twice.", &[])),
    wide(lasting("server_update_missing", "Joins: the server update does not come.", &[])),
    once(
        "gateway_close",
        "The main gateway's socket is closed.",
        &[number("code", 4000.0, "the close code; empty closes without one")],
    ),
    once("gateway_drop", "The main gateway's socket ends without a close frame.", &[]),
    once("gateway_reset", "The main gateway's socket ends with a TCP reset.", &[]),
    lasting("gateway_half_open", "The main gateway's other half is gone, and nobody says so.", &[]),
    once("gateway_reconnect", "The main gateway asks the bot to reconnect (op 7).", &[]),
    once("gateway_heartbeat_request", "The main gateway asks for a heartbeat (op 1).", &[]),
    once(
        "gateway_invalid_session",
        "The main gateway calls the session invalid (op 9).",
        &[flag("resumable", false, "it can be resumed all the same")],
    ),
    lasting(
        "gateway_refuse",
        "The main gateway refuses connections that get as far as this.",
        &[
            required(field("on", Takes::Choice { choices: &["connect", "identify", "resume"] }, "how far they get")),
            field("how", Takes::Choice { choices: &["close", "reset", "invalid_session"] }, "how they are refused"),
            number("code", 4000.0, "the close code; empty closes without one"),
        ],
    ),
    lasting("gateway_zombie", "The main gateway's present socket is open, but dead.", &[]),
    lasting("gateway_blackhole", "The main gateway, also over new sockets, is open, but dead.", &[]),
    lasting("gateway_slow", "What the main gateway sends comes late.", LATE),
    lasting("gateway_ack_withheld", "The main gateway's heartbeats are not answered.", &[]),
    lasting("gateway_ack_late", "The main gateway's heartbeats are answered late.", LATE),
    once(
        "channel_delete",
        "A voice channel is deleted.",
        &[field("channel", Takes::Channel, "which; empty: the one the bot is in")],
    ),
    lasting(
        "channel_full",
        "A voice channel is full.",
        &[
            field("channel", Takes::Channel, "which; empty: the one the bot is in"),
            field(
                "user_limit",
                Takes::Number { default: None },
                "the limit that is shown; empty: as many as are in it",
            ),
        ],
    ),
    lasting(
        "permission_lost",
        "The bot loses a right in a voice channel.",
        &[
            field("channel", Takes::Channel, "which; empty: the one the bot is in"),
            flag("disconnects", false, "it is thrown out of voice as well"),
        ],
    ),
    lasting("guild_unavailable", "The guild has an outage.", &[]),
    once("guild_delete", "The bot is removed from the guild.", &[]),
    total(lasting("freeze", "All of Discord stands still, and goes on with what it missed.", &[])),
    wide(lasting("blackhole_all", "Gateway, voice and media disappear; REST goes on.", &[])),
    wide(lasting(
        "rest_slow",
        "REST answers late.",
        &[required(number("delay_ms", 1000.0, "by how much")), ROUTE, METHOD, REQUESTS, RATE],
    )),
    wide(lasting(
        "rest_fail",
        "REST answers with an error.",
        &[number("status", 502.0, "500 to 599"), WHEN, ROUTE, METHOD, REQUESTS, RATE],
    )),
    wide(lasting("rest_reset", "REST connections are cut.", &[WHEN, ROUTE, METHOD, REQUESTS, RATE])),
    wide(lasting(
        "rest_rate_limit",
        "REST answers with 429.",
        &[
            field("scope", Takes::Choice { choices: &["user", "global", "shared", "cloudflare"] }, "whose limit it is"),
            number("retry_after_ms", 1000.0, "how long to wait"),
            ROUTE,
            METHOD,
            REQUESTS,
            RATE,
        ],
    )),
];
