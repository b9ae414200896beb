// The book: names, numbers kept free for stories, and which handsets this browser has out.

const STORAGE_KEY = "handsets";
const NUMBERS_PER_RANGE = 12; // free numbers offered of each range

const NAMES = [
  "Front row", "Balcony", "Back row", "Aisle", "Gallery", "Stalls", "Side box", "Wings", "Foyer",
  "Box office", "Cloakroom", "Stage door", "Orchestra pit", "Standing room", "Green room", "Upper circle",
];

// Ofcom's mobile numbers for drama, and the North American ones for fiction.
const RANGES = [
  ["United Kingdom", (n) => `+447700900${String(n).padStart(3, "0")}`, 1, 999],
  ["United States", (n) => `+12025550${n}`, 100, 199],
];

const FIRST = NAMES.slice(0, 3).map((name, place) => ({ number: RANGES[0][1](place + 1), name, when_called: "rings" }));

export function remembered() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORAGE_KEY));
    if (Array.isArray(kept) && kept.every((entry) => typeof entry?.number === "string")) return kept;
  } catch { /* unreadable or not allowed: begin afresh */ }
  return FIRST;
}

export function remember(handsets) {
  const entries = [...handsets].map(({ number, name, when_called }) => ({ number, name, when_called }));
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(entries));
  } catch { /* private browsing: the page works, it only forgets */ }
}

export function freeName(taken) {
  return NAMES.find((name) => !taken.includes(name)) ?? `Handset ${taken.length + 1}`;
}

/** `[[range, [number…]]…]`, without those taken. */
export function freeNumbers(taken) {
  return RANGES.map(([name, number, from, to]) => {
    const free = [];
    for (let n = from; n <= to && free.length < NUMBERS_PER_RANGE; n++) if (!taken.has(number(n))) free.push(number(n));
    return [name, free];
  });
}
