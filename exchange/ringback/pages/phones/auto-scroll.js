// Keeps a list scrolled to its newest line, unless the reader has scrolled up.

const NEAR_END_PIXELS = 32; // this close to the end counts as the end

/** Returns a function to call whenever the content has changed. */
export function keepScrolledToEnd(scroller, content = scroller) {
  let atEnd = true;
  let lastTop = 0;
  const scrollToEnd = () => { if (atEnd) scroller.scrollTop = scroller.scrollHeight; };
  scroller.addEventListener("scroll", () => {
    const isNearEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END_PIXELS;
    if (isNearEnd || scroller.scrollTop < lastTop) atEnd = isNearEnd; // scrolling down may be the result of scrollToEnd, before newer content arrived
    lastTop = scroller.scrollTop;
  });
  const observer = new ResizeObserver(scrollToEnd);
  for (const each of new Set([scroller, content])) observer.observe(each);
  return scrollToEnd;
}
