// Whether something goes wrong on purpose: said beside the way to the dial, so that nobody is misled by it.

import { request } from "./api.js";
import { say } from "./dom.js";

/** Look now, and whenever somebody comes back to the page; answers how to look again. */
export function showActiveFaults(link) {
  const plain = link.textContent;
  const look = async () => {
    const { faults } = await request("/faults").catch(() => ({ faults: [] })); // the line says when it is down
    say(link, faults.length ? `${plain}: ${faults.length} on` : plain);
    link.classList.toggle("on", faults.length > 0);
  };
  addEventListener("focus", look);
  return look;
}
