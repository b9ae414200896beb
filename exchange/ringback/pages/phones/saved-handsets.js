// The handsets shown in this browser, and names and fictional numbers for new ones.

import { settingsOf } from "./state.js";

const STORAGE_KEY = "handsets";
const NUMBERS_PER_RANGE = 12; // how many unused numbers are offered from each range

const NAMES = [
  "Front row", "Balcony", "Back row", "Aisle", "Gallery", "Stalls", "Side box", "Wings", "Foyer",
  "Box office", "Cloakroom", "Stage door", "Orchestra pit", "Standing room", "Green room", "Upper circle",
];

// Reserved for use in fiction: mobile numbers by Ofcom, and 555-01xx in North America.
const RANGES = [
  ["United Kingdom", (n) => `+447700900${String(n).padStart(3, "0")}`, 1, 999],
  ["United States", (n) => `+12025550${n}`, 100, 199],
  ["WhatsApp", (n) => `whatsapp:+447700900${String(n).padStart(3, "0")}`, 1, 999],
];

const DEFAULT_HANDSETS = NAMES.slice(0, 3).map((name, index) => ({ number: RANGES[0][1](index + 1), name, when_called: "rings" }));

export function loadHandsets() {
  try {
    const saved = JSON.parse(localStorage.getItem(STORAGE_KEY));
    if (Array.isArray(saved) && saved.every((entry) => typeof entry?.number === "string")) return saved;
  } catch { /* the data is invalid or storage is not allowed: use the defaults */ }
  return DEFAULT_HANDSETS;
}

export function saveHandsets(handsets) {
  const entries = [...handsets].map((handset) => ({ number: handset.number, name: handset.name, ...settingsOf(handset) }));
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(entries));
  } catch { /* in private browsing, the page works without storage */ }
}

export function unusedName(used) {
  return NAMES.find((name) => !used.includes(name)) ?? `Handset ${used.length + 1}`;
}

/** Returns `[[range, [number…]]…]`, without the numbers in the set `used`. */
export function unusedNumbers(used) {
  return RANGES.map(([name, number, first, last]) => {
    const numbers = [];
    for (let n = first; n <= last && numbers.length < NUMBERS_PER_RANGE; n++) if (!used.has(number(n))) numbers.push(number(n));
    return [name, numbers];
  });
}
