// What the opcodes are called, by the kind of connection.

const GATEWAY = {
  0: "Dispatch", 1: "Heartbeat", 2: "Identify", 3: "Presence Update", 4: "Voice State Update", 6: "Resume", 7: "Reconnect",
  8: "Request Guild Members", 9: "Invalid Session", 10: "Hello", 11: "Heartbeat ACK", 31: "Request Soundboard Sounds",
};

const VOICE = {
  0: "Identify", 1: "Select Protocol", 2: "Ready", 3: "Heartbeat", 4: "Session Description", 5: "Speaking",
  6: "Heartbeat ACK", 7: "Resume", 8: "Hello", 9: "Resumed", 11: "Clients Connect", 13: "Client Disconnect",
  21: "DAVE Prepare Transition", 22: "DAVE Execute Transition", 23: "DAVE Transition Ready", 24: "DAVE Prepare Epoch",
  25: "DAVE MLS External Sender", 26: "DAVE MLS Key Package", 27: "DAVE MLS Proposals", 28: "DAVE MLS Commit Welcome",
  29: "DAVE MLS Announce Commit", 30: "DAVE MLS Welcome", 31: "DAVE MLS Invalid Commit Welcome",
};

/** `gateway`, `voice` or `rest`. */
export const kindOf = (frame) => frame.connection.split("-")[0];

export function frameName(frame) {
  const kind = kindOf(frame);
  const body = frame.payload ?? {};
  if (kind === "rest") return `${body.method ?? body.status} ${String(body.path ?? "").replace(/^\/api(\/v\d+)?/, "")}`;
  if (frame.op === null) return Object.keys(body)[0]?.replaceAll("_", " ") ?? "frame";
  if (kind === "gateway" && frame.op === 0 && body.t) return body.t;
  return (kind === "voice" ? VOICE : GATEWAY)[frame.op] ?? `op ${frame.op}`;
}

/** Heartbeats and their answers, which one seldom wants to see. */
export function isHeartbeat(frame) {
  const kind = kindOf(frame);
  return (kind === "gateway" && (frame.op === 1 || frame.op === 11)) || (kind === "voice" && (frame.op === 3 || frame.op === 6));
}
