// Remembers which handsets are shown in this browser.

import { NAMES, RANGES } from "./fictional-handsets.js";
import { settingsOf } from "./state.js";

const STORAGE_KEY = "handsets";

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
