// The words on the page whose contrast with what is behind them is below 7:1 (WCAG 2.2, 1.4.6), each with its ratio.
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const ground = (element) => {
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 255 || !element.parentElement ? own : ground(element.parentElement);
  };
  const ratio = (element) => {
    const [dark, bright] = [rgba(getComputedStyle(element).color), ground(element)].map(light).sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const words = (element) => [...element.childNodes].map((node) => (node.nodeType === 3 ? node.data.trim() : "")).join("");
  return [...document.querySelectorAll("body *")]
    .filter((element) => words(element) && element.checkVisibility() && !element.closest(".unseen, option, template"))
    .filter((element) => ratio(element) < 7)
    .map((element) => `${ratio(element).toFixed(1)} ${words(element)}`);
}
