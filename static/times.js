// Shows times in the zone of this computer, in the same form everywhere: 14:05:09, and the day if it is not today.
export function formatTimes(part) {
  for (const element of part.querySelectorAll("time[data-time]")) {
    const time = new Date(Number(element.dataset.time) * 1000);
    const isToday = time.toDateString() === new Date().toDateString();
    const day = isToday ? "" : `${time.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} `;
    element.textContent = day + time.toLocaleTimeString("en-GB");
  }
}

formatTimes(document);
