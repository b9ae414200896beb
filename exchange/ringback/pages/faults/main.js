// The dial of faults: what can go wrong, what is switched on, and the dice that decide.

import { request } from "/pages/phones/api.js";
import { element, say, show } from "/pages/phones/dom.js";

const REFRESH_MILLISECONDS = 2000; // faults are used up by what happens
const find = (id) => document.getElementById(id);
const make = find("make");
const dice = find("dice");
let kinds = {};
let needs = {};

function draw({ faults, seed }) {
  find("on").replaceChildren(...faults.map(shown));
  show(faults.length === 0, find("none"));
  show(faults.length > 0, find("all-off"));
  if (document.activeElement !== dice.elements.seed) dice.elements.seed.value = seed;
}

function shown(fault) {
  const row = element("li");
  const off = element("button", "Switch off");
  off.type = "button";
  off.dataset.id = fault.id;
  off.setAttribute("aria-label", `Switch ${fault.kind} off`);
  off.addEventListener("click", () => remove(fault));
  const words = element("div");
  words.append(element("strong", fault.kind), element("p", about(fault)), element("p", plain(fault.means), "soft"));
  row.append(words, off);
  return row;
}

function about(fault) {
  const left = fault.times - fault.struck;
  const own = (needs[fault.kind] ?? []).filter((name) => fault[name] !== "").map((name) => `${name} ${fault[name]}`);
  const chance = fault.chance < 1 ? [`with ${+(fault.chance * 100).toFixed(2)} % chance`] : [];
  return [...own, `${left} ${left === 1 ? "time" : "times"} still`, ...chance].join(" · ");
}

const plain = (words) => words.replaceAll("`", "");

/** Only what the chosen kind heeds is asked for. */
function choose() {
  const kind = make.elements.kind.value;
  say(find("means"), `It will ${plain(kinds[kind])}.`);
  for (const label of find("needs").querySelectorAll("[data-need]")) {
    const wanted = needs[kind].includes(label.dataset.need);
    label.hidden = !wanted;
    label.querySelector("input, select").disabled = !wanted;
  }
}

function given() {
  const fault = Object.fromEntries([...new FormData(make)].filter(([, value]) => value !== ""));
  for (const name of ["status", "seconds", "copies", "times", "chance"]) if (name in fault) fault[name] = Number(fault[name]);
  if ("chance" in fault) fault.chance /= 100;
  return fault;
}

async function remove(fault) {
  await attempt(() => request(`/faults/${fault.id}`, undefined, "DELETE").catch(() => {})); // it may have been used up
  say(find("told"), `${fault.kind} is switched off.`);
  make.elements.kind.focus();
}

/** Do something, say what failed, and show how things are now. */
async function attempt(what) {
  try {
    await what();
    complain("");
  } catch (error) {
    complain(error.message);
  }
  await read();
}

function complain(sentence) {
  say(find("trouble"), sentence);
  show(Boolean(sentence), find("trouble"));
}

async function read() {
  const focused = document.activeElement?.dataset?.id;
  const found = await request("/faults");
  if (!Object.keys(kinds).length) begin(found);
  draw(found);
  if (focused) find("on").querySelector(`[data-id="${focused}"]`)?.focus();
}

function begin(found) {
  ({ kinds, needs } = found);
  const option = (value, words = value) => Object.assign(element("option", words), { value });
  make.elements.kind.replaceChildren(...Object.keys(kinds).map((kind) => option(kind)));
  make.elements.channel.replaceChildren(option("", "every"), ...found.channels.map((channel) => option(channel)));
  choose();
}

make.elements.kind.addEventListener("change", choose);
make.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fault = given();
  await attempt(async () => {
    await request("/faults", fault);
    say(find("told"), `${fault.kind} is switched on.`);
  });
});
dice.addEventListener("submit", async (event) => {
  event.preventDefault();
  await attempt(async () => {
    await request("/faults/dice", { seed: Number(dice.elements.seed.value) });
    say(find("told"), "The dice are thrown anew.");
  });
});
find("all-off").addEventListener("click", async () => {
  await attempt(() => request("/faults", undefined, "DELETE"));
  say(find("told"), "All faults are switched off.");
  make.elements.kind.focus();
});

function again() {
  read().catch(() => complain("The exchange does not answer.")).finally(() => setTimeout(again, REFRESH_MILLISECONDS));
}
again();
