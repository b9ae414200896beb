// The phones page: follows the live feed, updates the phones, and remembers which handsets are shown.

import { setUpAddDialog } from "./add-handset.js";
import { Alerts } from "./debugger-alerts.js";
import { loadHandsets, saveHandsets } from "./saved-handsets.js";
import { applyFeedItem } from "./feed-changes.js";
import { handsetPath, request } from "./api.js";
import { HandsetAudio } from "./handset-audio.js";
import { setText, setVisible } from "./dom.js";
import { showActiveFaults } from "./active-faults.js";
import { follow } from "./feed.js";
import { readable } from "./phone-numbers.js";
import { Phone } from "./phone.js";
import { announceChange } from "./screen-reader-announcements.js";
import { Ringer } from "./ringer.js";
import { Sound } from "./sound-switch.js";
import { isOver, liveCall, settingsOf, State } from "./state.js";
import { Tabs } from "./tabs.js";

const find = (id) => document.getElementById(id);
const state = new State();
const phones = new Map();
const tabs = new Tabs(find("tabs"));
const alerts = new Alerts(find("alert"));
const sound = new Sound(find("sound"));
const refreshFaults = showActiveFaults(find("faults"));
const ringer = new Ringer(sound);
const handsetAudio = new HandsetAudio(sound, (call, id, speaking) =>
  request(handsetPath(call.handset, "calls", call.sid, "spoken"), speaking ? { id, speaking } : { id }).catch(() => {})); // the call may be over

sound.onChange = () => {
  if (!sound.on) handsetAudio.activate(null);
  ringer.update(state.handsets.values());
};

const page = {
  state, handsetAudio, sound,
  displayName: (number) => state.nameOf(number) ?? readable(number),
  partners: (number) => {
    const others = [...state.handsets.keys()].filter((other) => other !== number);
    return [...state.numbers, ...others].map((each) => [each, label(each)]);
  },
  onCreated: (kind, resource) => apply({ kind, handset: resource.handset, payload: resource }),
  removePhone,
};

const label = (number) => [state.nameOf(number), readable(number)].filter(Boolean).join(", ");

function addPhone(entry) {
  const handset = state.add(entry);
  if (phones.has(handset.number)) return;
  const phone = new Phone(handset, page);
  phones.set(handset.number, phone);
  find("phones").append(phone.element);
  phone.draw();
  tabs.draw([...phones.values()]);
  saveHandsets(state.handsets.values());
}

function removePhone(phone) {
  phone.element.remove();
  phones.delete(phone.handset.number);
  state.handsets.delete(phone.handset.number);
  tabs.draw([...phones.values()]);
  saveHandsets(state.handsets.values());
  find("add").focus();
}

/** Whether this is one of the app's numbers. A handset that was saved with another app may have the same number. */
const isOwn = (number) => state.numbers.includes(number.replace(/^whatsapp:/, ""));

/** Loads everything, when the page is opened and when feed items have been missed. */
async function refresh() {
  const { number, numbers, handsets } = await request("/handsets");
  Object.assign(state, { number, numbers });
  state.known = new Map(handsets.map((handset) => [handset.number, handset.name]));
  for (const phone of [...phones.values()]) if (isOwn(phone.handset.number)) removePhone(phone);
  setText(find("number"), readable(number));
  document.title = `Phones · ${readable(number)}`;
  for (const handset of state.handsets.values()) await loadHandset(handset);
  ringer.update(state.handsets.values());
  await refreshFaults();
}

/** Loads one handset. If the exchange does not know the handset's name, first sends its name and settings. */
async function loadHandset(handset) {
  const { number, name } = handset;
  if (!state.known.get(number)) await request(handsetPath(number), { name, ...settingsOf(handset) });
  state.update(await request(handsetPath(number)));
  state.known.set(number, state.handsets.get(number).name);
  if (handsetAudio.activeNumber === number && !liveCall(state.handsets.get(number))) handsetAudio.activate(null);
  phones.get(number).draw();
  tabs.draw([...phones.values()]);
}

async function apply(item) {
  if (item.kind === "reset") return refresh();
  if (item.kind === "alert") return alerts.add(item.id, item.payload, item.handset && page.displayName(item.handset));
  const change = applyFeedItem(state, item);
  if (!change?.handset) return;
  phones.get(change.handset.number).draw(true);
  playOrAnnounce(change);
  if (change.what === "text" && change.text.status === "delivered") tabs.addUnread(change.handset.number);
  tabs.draw([...phones.values()]);
}

function playOrAnnounce(change) {
  const { what, call, item } = change;
  const isAudible = what === "heard" && handsetAudio.add(call, item);
  if (what === "ended" && item.interrupted) handsetAudio.stop(call, item.id);
  if (what === "call" && isOver(call)) handsetAudio.stop(call);
  if (what === "handset") saveHandsets(state.handsets.values());
  ringer.update(state.handsets.values());
  announceChange(change, page.displayName, isAudible);
}

function showConnection(isUp) {
  document.body.dataset.connection = isUp ? "up" : "down";
  setText(find("connection"), isUp ? "" : "The exchange is not responding. Trying again…");
  setVisible(!isUp, find("connection"));
}

for (const entry of loadHandsets()) addPhone(entry);
setUpAddDialog(find("add"), find("add-dialog"), state, async (entry) => {
  addPhone(entry);
  tabs.choose(entry.number);
  await loadHandset(entry).catch((error) => phones.get(entry.number).compose.showError(error.message));
});

follow("/feed", {
  onConnect: async (isFirst) => {
    if (isFirst) await refresh();
    showConnection(true);
  },
  onItem: apply,
  onDisconnect: () => showConnection(false),
});
