// The faults page: adds and removes faults, and reseeds their random generator.

import { request } from "/pages/phones/api.js";
import { element, setText, setVisible } from "/pages/phones/dom.js";

const REFRESH_MILLISECONDS = 2000; // a fault becomes inactive once it has been triggered `times` times
const find = (id) => document.getElementById(id);
const faultForm = find("fault-form");
const seedForm = find("seed-form");
let kinds = {};
let parametersByKind = {};

function draw({ faults, seed }) {
  find("active").replaceChildren(...faults.map(faultItem));
  setVisible(faults.length === 0, find("none"));
  setVisible(faults.length > 0, find("remove-all"));
  if (document.activeElement !== seedForm.elements.seed) seedForm.elements.seed.value = seed;
}

function faultItem(fault) {
  const item = element("li");
  const button = element("button", "Remove");
  button.type = "button";
  button.dataset.id = fault.id;
  button.setAttribute("aria-label", `Remove ${fault.kind}`);
  button.addEventListener("click", () => remove(fault));
  const words = element("div");
  words.append(element("strong", fault.kind), element("p", summary(fault)), element("p", withoutBackticks(fault.means), "soft"));
  item.append(words, button);
  return item;
}

function summary(fault) {
  const left = fault.times - fault.struck;
  const parameters = (parametersByKind[fault.kind] ?? []).filter((name) => fault[name] !== "").map((name) => `${name} ${fault[name]}`);
  const chance = fault.chance < 1 ? [`probability ${+(fault.chance * 100).toFixed(2)} %`] : [];
  return [...parameters, `${left} ${left === 1 ? "time" : "times"} left`, ...chance].join(" · ");
}

const withoutBackticks = (words) => words.replaceAll("`", "");

/** Shows only the fields for the chosen kind. */
function showFields() {
  const kind = faultForm.elements.kind.value;
  setText(find("effect"), `It will ${withoutBackticks(kinds[kind])}.`);
  for (const label of find("parameters").querySelectorAll("[data-parameter]")) {
    const isUsed = parametersByKind[kind].includes(label.dataset.parameter);
    label.hidden = !isUsed;
    label.querySelector("input, select").disabled = !isUsed;
  }
}

function faultFromForm() {
  const fault = Object.fromEntries([...new FormData(faultForm)].filter(([, value]) => value !== ""));
  for (const name of ["status", "seconds", "copies", "times", "chance"]) if (name in fault) fault[name] = Number(fault[name]);
  if ("chance" in fault) fault.chance /= 100;
  return fault;
}

async function remove(fault) {
  await runAndRefresh(() => request(`/faults/${fault.id}`, undefined, "DELETE").catch(() => {})); // the fault may already be inactive
  setText(find("result"), `${fault.kind} has been removed.`);
  faultForm.elements.kind.focus();
}

/** Runs an action, shows the error if it fails, and refreshes the page. */
async function runAndRefresh(action) {
  try {
    await action();
    showError("");
  } catch (error) {
    showError(error.message);
  }
  await refresh();
}

function showError(sentence) {
  setText(find("error"), sentence);
  setVisible(Boolean(sentence), find("error"));
}

async function refresh() {
  const focusedId = document.activeElement?.dataset?.id;
  const current = await request("/faults");
  if (!Object.keys(kinds).length) fillForm(current);
  draw(current);
  if (focusedId) find("active").querySelector(`[data-id="${focusedId}"]`)?.focus();
}

function fillForm(current) {
  ({ kinds, needs: parametersByKind } = current);
  const option = (value, label = value) => Object.assign(element("option", label), { value });
  faultForm.elements.kind.replaceChildren(...Object.keys(kinds).map((kind) => option(kind)));
  faultForm.elements.channel.replaceChildren(option("", "all"), ...current.channels.map((channel) => option(channel)));
  showFields();
}

faultForm.elements.kind.addEventListener("change", showFields);
faultForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fault = faultFromForm();
  await runAndRefresh(async () => {
    await request("/faults", fault);
    setText(find("result"), `${fault.kind} has been added.`);
  });
});
seedForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  await runAndRefresh(async () => {
    await request("/faults/dice", { seed: Number(seedForm.elements.seed.value) });
    setText(find("result"), "The random generator has been reseeded.");
  });
});
find("remove-all").addEventListener("click", async () => {
  await runAndRefresh(() => request("/faults", undefined, "DELETE"));
  setText(find("result"), "All faults have been removed.");
  faultForm.elements.kind.focus();
});

function refreshRepeatedly() {
  refresh().catch(() => showError("The exchange is not responding.")).finally(() => setTimeout(refreshRepeatedly, REFRESH_MILLISECONDS));
}
refreshRepeatedly();
