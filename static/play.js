// Plays a recorded message when its button is pressed, and stops it when the button is pressed again.
let playing = null;

document.addEventListener("click", (event) => {
  const url = event.target.closest?.("[data-play]")?.dataset.play;
  if (!url) return;
  const wasPlaying = playing?.dataset.url === url && !playing.paused;
  playing?.pause();
  if (wasPlaying) return;
  playing = new Audio(url);
  playing.dataset.url = url;
  playing.play().catch(() => {});
});
