// Formats phone numbers in a human-readable way.

const FORMATS = [
  [/^\+44(7\d{3})(\d{6})$/, "+44 $1 $2"],
  [/^\+44(\d{4})(\d{6})$/, "+44 $1 $2"],
  [/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3"],
  [/^\+(\d{2})(\d{3})(\d{3})(\d+)$/, "+$1 $2 $3 $4"],
  [/^client:(.+)$/, "$1"],
];

const WHATSAPP = "whatsapp:";

export const isWhatsApp = (number) => number.startsWith(WHATSAPP);

export function readable(number) {
  if (isWhatsApp(number)) return `${readable(number.slice(WHATSAPP.length))} (WhatsApp)`;
  const format = FORMATS.find(([pattern]) => pattern.test(number));
  return format ? number.replace(...format) : number;
}
