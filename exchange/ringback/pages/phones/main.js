// The phones page: follows the feed, keeps the phones up to date, and remembers which are out.

import { offerHandsets } from "./add-handset.js";
import { Alerts } from "./debugger-alerts.js";
import { remember, remembered } from "./saved-handsets.js";
import { feedChange } from "./feed-changes.js";
import { handsetPath, request } from "./api.js";
import { HandsetAudio } from "./handset-audio.js";
import { say, show } from "./dom.js";
import { showActiveFaults } from "./active-faults.js";
import { follow } from "./feed.js";
import { readable } from "./phone-numbers.js";
import { Phone } from "./phone.js";
import { report } from "./screen-reader-reports.js";
import { Ringer } from "./ringer.js";
import { Sound } from "./sound-switch.js";
import { isOver, liveCall, State } from "./state.js";
import { Tabs } from "./tabs.js";

const find = (id) => document.getElementById(id);
const state = new State();
const phones = new Map();
const tabs = new Tabs(find("tabs"));
const alerts = new Alerts(find("alert"));
const sound = new Sound(find("sound"));
const lookForFaults = showActiveFaults(find("faults"));
const ringer = new Ringer(sound);
const handsetAudio = new HandsetAudio(sound, (call, id, speaking) =>
  request(handsetPath(call.handset, "calls", call.sid, "spoken"), speaking ? { id, speaking } : { id }).catch(() => {})); // over by then

sound.changed = () => {
  if (!sound.on) handsetAudio.hold(null);
  ringer.follow(state.handsets.values());
};

const page = {
  state, handsetAudio, sound,
  called: (number) => state.nameOf(number) ?? readable(number),
  partners: (own) => {
    const others = [...state.handsets.keys()].filter((number) => number !== own);
    return [...state.numbers, ...others].map((number) => [number, label(number)]);
  },
  took: (kind, thing) => apply({ kind, handset: thing.handset, payload: thing }),
  away,
};

const label = (number) => [state.nameOf(number), readable(number)].filter(Boolean).join(", ");

function putOut(entry) {
  const handset = state.show(entry);
  if (phones.has(handset.number)) return;
  const phone = new Phone(handset, page);
  phones.set(handset.number, phone);
  find("phones").append(phone.element);
  phone.draw();
  tabs.draw([...phones.values()]);
  remember(state.handsets.values());
}

function away(phone) {
  phone.element.remove();
  phones.delete(phone.handset.number);
  state.handsets.delete(phone.handset.number);
  tabs.draw([...phones.values()]);
  remember(state.handsets.values());
  find("add").focus();
}

/** Everything anew: after opening, and after the feed has lost its place. */
async function refresh() {
  const { number, numbers, handsets } = await request("/handsets");
  Object.assign(state, { number, numbers });
  state.known = new Map(handsets.map((handset) => [handset.number, handset.name]));
  say(find("number"), readable(number));
  document.title = `Phones · ${readable(number)}`;
  for (const handset of state.handsets.values()) await bring(handset);
  ringer.follow(state.handsets.values());
  await lookForFaults();
}

/** Fetch one handset; the exchange is told the name of one it has not heard of. */
async function bring({ number, name, when_called }) {
  if (!state.known.get(number)) await request(handsetPath(number), { name, when_called });
  state.take(await request(handsetPath(number)));
  state.known.set(number, state.handsets.get(number).name);
  if (handsetAudio.held === number && !liveCall(state.handsets.get(number))) handsetAudio.hold(null);
  phones.get(number).draw();
  tabs.draw([...phones.values()]);
}

async function apply(item) {
  if (item.kind === "reset") return refresh();
  if (item.kind === "alert") return alerts.add(item.id, item.payload, item.handset && page.called(item.handset));
  const changed = feedChange(state, item);
  if (!changed?.handset) return;
  phones.get(changed.handset.number).draw(true);
  listen(changed);
  if (changed.what === "text" && changed.text.status === "delivered") tabs.arrived(changed.handset.number);
  tabs.draw([...phones.values()]);
}

/** What reaches an ear: aloud, or for a screen reader. */
function listen(changed) {
  const { what, call, item } = changed;
  const aloud = what === "heard" && handsetAudio.hear(call, item);
  if (what === "ended" && item.interrupted) handsetAudio.stop(call, item.id);
  if (what === "call" && isOver(call)) handsetAudio.stop(call);
  if (what === "handset") remember(state.handsets.values());
  ringer.follow(state.handsets.values());
  report(changed, page.called, aloud);
}

function lineIs(state) {
  document.body.dataset.line = state;
  say(find("line"), state === "down" ? "The exchange does not answer. Trying again…" : "");
  show(state === "down", find("line"));
}

for (const entry of remembered()) putOut(entry);
offerHandsets(find("add"), find("book"), state, async (entry) => {
  putOut(entry);
  tabs.choose(entry.number);
  await bring(entry).catch((error) => phones.get(entry.number).compose.complain(error.message));
});

follow("/feed", {
  opened: async (fresh) => {
    if (fresh) await refresh();
    lineIs("up");
  },
  item: apply,
  lost: () => lineIs("down"),
});
