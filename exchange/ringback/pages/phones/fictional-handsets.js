// The names and fictional numbers of new handsets.

const NUMBERS_PER_RANGE = 12; // how many unused numbers are offered from each range

export const NAMES = [
  "Front row", "Balcony", "Back row", "Aisle", "Gallery", "Stalls", "Side box", "Wings", "Foyer",
  "Box office", "Cloakroom", "Stage door", "Orchestra pit", "Standing room", "Green room", "Upper circle",
];

// Ranges reserved for use in fiction: Ofcom's mobile numbers, and 555-01xx in North America.
export const RANGES = [
  ["United Kingdom", (n) => `+447700900${String(n).padStart(3, "0")}`, 1, 999],
  ["United States", (n) => `+12025550${n}`, 100, 199],
  ["WhatsApp", (n) => `whatsapp:+447700900${String(n).padStart(3, "0")}`, 1, 999],
];

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
