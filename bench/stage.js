// Observes the stage: layout shift, frame times, redraws and the lifetime of lanes. Injected before the page loads.
window.seen = { shift: 0, frames: [], redraws: [], lanes: {}, more: 0 };

new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });

let last = performance.now();
function frame(now) {
  seen.frames.push(now - last);
  last = now;
  requestAnimationFrame(frame);
}
requestAnimationFrame(frame);

function look() {
  const now = performance.now();
  const shown = new Set();
  for (const lane of document.querySelectorAll("[id^='lane-']")) {
    shown.add(lane.id);
    seen.lanes[lane.id] ??= { from: now, until: null };
  }
  seen.more = Math.max(seen.more, parseInt(document.getElementById("more")?.textContent.replace(/\D/g, "")) || 0);
  for (const [id, lane] of Object.entries(seen.lanes)) if (!shown.has(id)) lane.until ??= now;
}

addEventListener("DOMContentLoaded", () => {
  look();
  new MutationObserver(() => {
    seen.redraws.push(performance.now());
    look();
  }).observe(document.getElementById("stage"), { subtree: true, childList: true, attributes: true, characterData: true });
});

// The size of the smallest text in CSS pixels; for text in an SVG, the size at which it is drawn.
window.smallestText = () => {
  const sizes = [...document.querySelectorAll("body *")]
    .filter((part) => part.checkVisibility() && !part.closest(".hidden-text") && part.tagName !== "title")
    .filter((part) => [...part.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
    .map((part) => parseFloat(getComputedStyle(part).fontSize) * (part.getScreenCTM?.().a ?? 1));
  return Math.min(...sizes);
};
