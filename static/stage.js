// Shows the current scene. The server sends a whole scene whenever it changes; only what differs is replaced.
import { morph } from "./morph.js";
import { follow } from "./event_stream.js";
import { reportHeartbeat } from "./screen_report.js";
import { showStaleNotice } from "./stale_notice.js";

const stage = document.getElementById("stage");
const markAlive = showStaleNotice(document.getElementById("stale-notice"), () => stream.reconnect());

const stream = follow(document.body.dataset.events, (type, data) => {
  markAlive();
  if (type === "scene") morph(stage, data.html);
  else reportHeartbeat(data.time);
});
