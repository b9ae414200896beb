// Runs first in every Node program that `run` starts, for clients that use no proxy, such as Node's own fetch.
// Redirects connections to Twilio to the exchange instead. TLS still uses the original host name.

"use strict";

const net = require("node:net");

const connect = net.Socket.prototype.connect;

function redirect(options) {
  const host = String((options && options.host) || "").toLowerCase().replace(/\.$/, "");
  if (!`.${host}`.endsWith(".twilio.com")) return options;
  if (Number(options.port) !== 443) throw new Error(`The local exchange blocks requests to ${host}, except https`);
  return { ...options, host: "127.0.0.1", port: Number(process.env.EXCHANGE_TLS_PORT) };
}

net.Socket.prototype.connect = function (...args) {
  const [first] = args;
  if (Array.isArray(first)) first[0] = redirect(first[0]); // Node's modules pass an array with a symbol property
  else if (first && typeof first === "object") args[0] = redirect(first);
  else if (typeof args[1] === "string") args = [redirect({ port: first, host: args[1] }), ...args.slice(2)];
  return connect.apply(this, args);
};
