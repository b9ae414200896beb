// Plays a recorded message when its button is pressed, and stops it when the button is pressed again.
let playing = null;

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-play]");
  if (!button) return;
  const wasPlaying = playing?.dataset.url === button.dataset.play && !playing.paused;
  playing?.pause();
  if (wasPlaying) return;
  playing = new Audio(button.dataset.play);
  playing.dataset.url = button.dataset.play;
  playing.addEventListener("error", () => showFailure(button));
  playing.play().catch(() => {}); // paused again, or reported by the event above
});

function showFailure(button) {
  button.setAttribute("aria-label", "This message cannot be played");
  button.querySelector("use")?.setAttribute("href", "#glyph-failed");
}
