// Shows the number of active faults in the link to the Faults page.

import { request } from "./api.js";
import { setText } from "./dom.js";

/** Refreshes the link whenever the window gets the focus. Returns a function that refreshes it immediately. */
export function showActiveFaults(link) {
  const label = link.textContent;
  const refresh = async () => {
    const { faults } = await request("/faults").catch(() => ({ faults: [] })); // the page itself shows that the connection is lost
    setText(link, faults.length ? `${label}: ${faults.length} active` : label);
    link.classList.toggle("on", faults.length > 0);
  };
  addEventListener("focus", refresh);
  return refresh;
}
