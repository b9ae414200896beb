// Keeps a list at its newest line, unless the reader has scrolled up.

const NEAR_END_PIXELS = 32; // pixels from the end that still count as the end

/** Returns a function to call after the content changed. */
export function keepScrolledToEnd(scroller, content = scroller) {
  let atEnd = true;
  let last = 0;
  const toEnd = () => { if (atEnd) scroller.scrollTop = scroller.scrollHeight; };
  scroller.addEventListener("scroll", () => {
    const near = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PIXELS;
    if (near || scroller.scrollTop < last) atEnd = near; // going down may only mean that the content has grown since
    last = scroller.scrollTop;
  });
  const sizes = new ResizeObserver(toEnd);
  for (const each of new Set([scroller, content])) sizes.observe(each);
  return toEnd;
}
