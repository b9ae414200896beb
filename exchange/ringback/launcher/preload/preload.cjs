// Read by every Node program that `exchange run` starts: a connection to Twilio is one to the exchange, for
// clients that know no proxy. Node's own fetch is one. The name that TLS asks for stays Twilio's.

"use strict";

const net = require("node:net");

const connect = net.Socket.prototype.connect;

function led(options) {
  const host = String((options && options.host) || "").toLowerCase().replace(/\.$/, "");
  if (!`.${host}`.endsWith(".twilio.com")) return options;
  if (Number(options.port) !== 443) throw new Error(`The local exchange lets nothing through to ${host}, except https`);
  return { ...options, host: "127.0.0.1", port: Number(process.env.EXCHANGE_TLS_PORT) };
}

net.Socket.prototype.connect = function (...given) {
  const [first] = given;
  if (Array.isArray(first)) first[0] = led(first[0]); // as node's own modules call it; the array bears a mark
  else if (first && typeof first === "object") given[0] = led(first);
  else if (typeof given[1] === "string") given = [led({ port: first, host: given[1] }), ...given.slice(2)];
  return connect.apply(this, given);
};
