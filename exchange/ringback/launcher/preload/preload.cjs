// Runs first in every Node program that `run` starts, for clients that use no proxy, such as Node's own fetch, and for
// apps that replace process.env. Redirects connections to Twilio to the exchange instead; TLS still uses the original
// host name. Gives child processes and workers the variables that do so, even if the app chooses their environment.

"use strict";

const childProcess = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const path = require("node:path");
const workers = require("node:worker_threads");

const variables = fs
  .readFileSync(path.join(__dirname, "environment"), "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
const tlsPort = Number(new Map(variables).get("EXCHANGE_TLS_PORT"));

const joins = {
  NODE_OPTIONS: (value, own) => `${value} ${own}`.trim(),
  RUBYOPT: (value, own) => `${value} ${own}`.trim(),
  JAVA_TOOL_OPTIONS: (value, own) => `${value} ${own}`.trim(),
  PHP_INI_SCAN_DIR: (value, own) => `${value}:${own}`,
  PYTHONPATH: (value, own) => (value ? `${own}:${value}` : own),
  RUBYLIB: (value, own) => (value ? `${own}:${value}` : own),
};

function completed(environment) {
  const result = {};
  for (const name in environment) result[name] = environment[name];
  for (const [name, own] of variables) {
    const value = String(result[name] ?? "");
    if (!joins[name]) result[name] = own;
    else if (!value.includes(own)) result[name] = joins[name](value, own);
  }
  return result;
}

function redirect(options) {
  const host = String((options && options.host) || "").toLowerCase().replace(/\.$/, "");
  if (!`.${host}`.endsWith(".twilio.com")) return options;
  if (Number(options.port) !== 443) throw new Error(`The local exchange blocks requests to ${host}, except https`);
  return { ...options, host: "127.0.0.1", port: tlsPort };
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const [first] = args;
  if (Array.isArray(first)) first[0] = redirect(first[0]); // Node's modules pass an array with a symbol property
  else if (first && typeof first === "object") args[0] = redirect(first);
  else if (typeof args[1] === "string") args = [redirect({ port: first, host: args[1] }), ...args.slice(2)];
  return connect.apply(this, args);
};

// exec, execFile, fork and spawn all end here. The environment is a list of NAME=value.
const { spawn } = childProcess.ChildProcess.prototype;
childProcess.ChildProcess.prototype.spawn = function (options) {
  if (options && typeof options === "object") {
    const pairs = (options.envPairs || []).map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
    const environment = completed(Object.fromEntries(pairs));
    options.envPairs = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  }
  return spawn.call(this, options);
};

for (const name of ["execFileSync", "execSync", "spawnSync"]) {
  const original = childProcess[name];
  childProcess[name] = function (...args) {
    while (args.length > 1 && args.at(-1) == null) args.pop();
    const last = args.at(-1);
    const options = last && typeof last === "object" && !Array.isArray(last) ? args.pop() : {};
    return original.call(this, ...args, { ...options, env: completed(options.env || process.env) });
  };
}

workers.Worker = class Worker extends workers.Worker {
  constructor(filename, options) {
    const ownEnvironment = options && options.env && typeof options.env === "object";
    super(filename, ownEnvironment ? { ...options, env: completed(options.env) } : options);
  }
};

require("node:module").syncBuiltinESMExports();
